/** What one-time sessions do over HTTP whatever they are kept in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTickets } from 'holdfast/tickets';
import { assertProblem } from './client.ts';
import type { Start } from './route-suite.ts';
import { SECRET } from './service.ts';
import { backEnd, idOf, plain, SHOP, UNKNOWN_ID, UUID } from './tickets.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Declares the tests. `kind` is what answers call the store. */
export function testTickets(storage: string, kind: string, startService: Start): void {
  describe(`one-time sessions on ${storage}`, () => {
    test('one is made, used once, and refused from then on; the figures tell', async (context) => {
      const { url, client } = await startService(context);
      const page = client();
      const created = await plain(url, 'POST', '/auth/create-session');
      const id = idOf(created);
      assert.match(id, UUID);
      assert.deepEqual(created.json(), {
        session_id: id,
        expires_in_minutes: 30,
        iframe_url: `/client/iframe.html?session_id=${id}`,
        storage: kind,
      });
      assert.equal(created.headers.get('cache-control'), 'no-store');
      const figures = {
        total_sessions: 1,
        active_sessions: 1,
        used_sessions: 0,
        total_created: 1,
        total_used: 0,
        max_sessions: 1000,
        storage: kind,
        redis_healthy: true,
      };
      assert.deepEqual((await page.get('/auth/session-status')).json(), figures);

      const used = await page.get(`/auth/validate-session?session_id=${id}`);
      assert.equal(used.status, 200, used.text);
      assert.equal(used.headers.get('cache-control'), 'no-store');
      const answer = used.json<Record<string, string>>();
      assert.deepEqual(Object.keys(answer), ['valid', 'session_id', 'created_at', 'expires_at', 'used_at']);
      assert.deepEqual([answer.valid, answer.session_id], [true, id]);
      for (const name of ['created_at', 'expires_at', 'used_at']) assert.match(answer[name] ?? '', TIME);
      assert.equal(Date.parse(answer.expires_at ?? '') - Date.parse(answer.created_at ?? ''), 1_800_000);

      const again = await page.post('/auth/validate-session', { session_id: id });
      const problem = assertProblem(again, 401, 'already-used');
      assert.equal(problem.reason, 'already-used');
      assert.equal(again.headers.get('x-session-reason'), 'already-used');
      assertProblem(await page.get(`/auth/validate-session?session_id=${UNKNOWN_ID}`), 401, 'not-found');
      const after = { ...figures, active_sessions: 0, used_sessions: 1, total_used: 1 };
      assert.deepEqual((await page.get('/auth/session-status')).json(), after);
    });

    test('IF1: of 64 callers who use it at the same moment exactly one gets it', async (context) => {
      const { url } = await startService(context);
      for (let round = 0; round < 3; round++) {
        const id = idOf(await plain(url, 'POST', '/auth/create-session'));
        const answers = await Promise.all(
          Array.from({ length: 64 }, () => plain(url, 'POST', '/auth/validate-session', {}, { session_id: id })),
        );
        const won = answers.filter(({ status }) => status === 200);
        assert.equal(won.length, 1);
        for (const answer of answers) if (answer.status !== 200) assertProblem(answer, 401, 'already-used');
      }
    });

    test('IF7: parallel makers cannot exceed MAX_SESSIONS; beyond it 429 tells when, and a used one makes room', async (context) => {
      const { url, client } = await startService(context, { environment: { MAX_SESSIONS: '5' } });
      const answers = await Promise.all(Array.from({ length: 20 }, () => plain(url, 'POST', '/auth/create-session')));
      const made = answers.filter(({ status }) => status === 201);
      assert.equal(made.length, 5);
      for (const answer of answers) {
        if (answer.status === 201) continue;
        assert.equal(assertProblem(answer, 429, 'limit-reached').reason, 'limit-reached');
        const wait = Number(answer.headers.get('retry-after'));
        assert.ok(wait >= 1 && wait <= 1810, String(wait));
      }
      const first = made[0]?.json<{ session_id: string }>().session_id;
      assert.equal((await client().post('/auth/validate-session', { session_id: first })).status, 200);
      assert.equal((await plain(url, 'POST', '/auth/create-session')).status, 201);
      assertProblem(await plain(url, 'POST', '/auth/create-session'), 429, 'limit-reached');
    });

    test('one that was not used in time is refused, and counts no more', async (context) => {
      const { service, client } = await startService(context);
      const page = client();
      // As a process made it half an hour and a minute ago.
      const clock = (): number => Date.now() - 1_860_000;
      const earlier = createTickets({ store: service.opened.store, secrets: SECRET, clock, sweepSeconds: 0 });
      const made = await earlier.create({ origins: [SHOP] });
      earlier.close();
      assert.ok(made.status === 'created');
      for (const origin of [SHOP, 'https://evil.test']) {
        const answer = await page.post('/auth/validate-session', { session_id: made.id, origin });
        const code = assertProblem(answer, 401, String(answer.json().code)).code;
        assert.ok(code === 'ticket-expired' || (origin !== SHOP && code === 'wrong-origin'), answer.text);
      }
      const { active_sessions, total_created } = (await page.get('/auth/session-status')).json();
      assert.deepEqual([active_sessions, total_created], [0, 1]);
    });

    test('a back end gets what it gave along, and a lost answer again under the same idempotency key', async (context) => {
      const running = await startService(context);
      const shop = await backEnd(running);
      const data = { cart: [1, 2.5, null], note: '“ü” 🛒\u2028', deep: { a: true } };
      const id = idOf(await shop.create({ user: 'customer-7', origin: SHOP, data }));
      const body = { session_id: id, idempotency_key: 'abc' };
      const first = await shop.validate(body);
      assert.equal(first.status, 200, first.text);
      const { created_at: _c, expires_at: _e, used_at: _u, ...rest } = first.json();
      assert.deepEqual(rest, { valid: true, session_id: id, user: 'customer-7', data, origins: [SHOP] });
      assertProblem(await shop.validate({ session_id: id }), 401, 'already-used');
      assertProblem(await shop.validate({ ...body, idempotency_key: 'abd' }), 401, 'already-used');
      const second = await shop.validate({ session_id: id }, { 'idempotency-key': 'abc' });
      assert.equal(second.status, 200, second.text);
      assert.deepEqual(second.json(), first.json());
      assert.deepEqual((await shop.validate(body)).json(), first.json());
    });
  });
}
