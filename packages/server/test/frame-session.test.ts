/** The session that an embedded page gets for its one-time session: cookies of its own, for our own pages alone. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { assertProblem, type Client } from './harness/client.ts';
import { type Running, startService } from './harness/service.ts';
import { idOf, OTHER_SHOP, plain, SHOP } from './harness/tickets.ts';

const ATTRIBUTES = '; Path=/; Secure; HttpOnly; SameSite=None; Priority=High; Partitioned';

async function ticket({ url }: Running, contents: unknown): Promise<string> {
  return idOf(await plain(url, 'POST', '/auth/create-session', {}, contents));
}

async function open(running: Running, contents: unknown, origin: string | null = SHOP): Promise<Client> {
  const page = running.client();
  const body = { session_id: await ticket(running, contents), frame: true, ...(origin === null ? {} : { origin }) };
  const answer = await page.post('/auth/validate-session', body);
  assert.equal(answer.status, 200, answer.text);
  return page;
}

test('IF6: the exchange sets two partitioned cookies, also while developing, and the session outlives the page', async (context) => {
  const running = await startService(context);
  const page = running.client();
  const id = await ticket(running, { user: 'customer-7', data: { cart: [1] }, origin: SHOP });
  const before = Date.now();
  const answer = await page.post('/auth/validate-session', { session_id: id, origin: SHOP, frame: true });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.headers.get('x-session-reason'), null);
  assert.deepEqual(
    answer.setCookie.map((line) => [line.split('=')[0], line.slice(line.indexOf('; Path'))]),
    [
      ['__Host-session_frame_access', ATTRIBUTES],
      ['__Host-session_frame_refresh', ATTRIBUTES],
    ],
  );
  for (let reload = 0; reload < 2; reload++) {
    const asked = await page.post('/auth/frame-session');
    assert.equal(asked.headers.get('cache-control'), 'no-store');
    const {
      session,
      now,
      ticket: mark,
      ...rest
    } = asked.json<{
      session: Record<string, string>;
      now: string;
      ticket: string;
    }>();
    assert.deepEqual(rest, { valid: true, user: 'customer-7', data: { cart: [1] }, origin: SHOP });
    assert.equal(mark, createHash('sha256').update(id).digest('hex'));
    assert.deepEqual(session.amr, ['ticket']);
    assert.ok(Math.abs(Date.parse(now) - Date.now()) < 60_000);
    const [created, idle, end] = [session.created_at, session.idle_expires_at, session.expires_at].map((time) =>
      Date.parse(time ?? ''),
    );
    assert.ok(created !== undefined && created >= before - 1);
    assert.ok(Math.abs((idle ?? 0) - created - 1_800_000) < 5000);
    assert.equal(end, created + 43_200_000);
  }
  const out = await page.post('/auth/frame-sign-out');
  assert.deepEqual(out.json(), { signed_out: true });
  assert.equal(page.jar.size, 0);
  assert.deepEqual((await page.post('/auth/frame-session')).json(), { valid: false, reason: 'no-token' });
});

test('it is no sign-in: its tokens open nothing of an account, and an account’s open nothing of it', async (context) => {
  const running = await startService(context);
  const page = await open(running, { user: 'ada@x.test', origin: SHOP });
  assert.deepEqual(await page.validate(), { valid: false, reason: 'no-token' });
  const thief = running.client();
  for (const token of ['access', 'refresh']) {
    thief.jar.set(`session_${token}`, page.jar.get(`__Host-session_frame_${token}`) ?? '');
  }
  assertProblem(await thief.get('/auth/me'), 401, 'not-signed-in');
  assertProblem(await thief.get('/auth/sessions'), 401, 'not-signed-in');

  const ada = running.client();
  await ada.signUp('ada@x.test');
  for (const token of ['access', 'refresh']) {
    ada.jar.set(`__Host-session_frame_${token}`, ada.jar.get(`session_${token}`) ?? '');
  }
  assert.deepEqual((await ada.post('/auth/frame-session')).json(), { valid: false, reason: 'not-found' });
  assert.equal((await ada.validate()).valid, true);
});

test('two sites with a user of one name are two people, and one site’s user is one', async (context) => {
  const running = await startService(context);
  const userIds = async (contents: unknown, origin: string): Promise<string> => {
    const page = await open(running, contents, origin);
    const line = running.log.findLast((each) => each.includes('session-started')) ?? '{}';
    assert.ok(page.jar.size === 2);
    return (JSON.parse(line) as { userId: string }).userId;
  };
  const here = await userIds({ user: '7', origin: SHOP }, SHOP);
  assert.match(here, /^frame:[\w-]{22}$/);
  assert.equal(await userIds({ user: '7', origin: SHOP }, SHOP), here);
  assert.notEqual(await userIds({ user: '7', origin: OTHER_SHOP }, OTHER_SHOP), here);
  const nobody = await userIds({ origin: SHOP }, SHOP);
  assert.notEqual(await userIds({ origin: SHOP }, SHOP), nobody);
});

test('other pages may neither exchange, ask nor sign out, ALLOWED_ORIGINS or not', async (context) => {
  const running = await startService(context, { environment: { ALLOWED_ORIGINS: 'http://localhost:9999' } });
  const page = await open(running, { origin: SHOP });
  const id = await ticket(running, { origin: SHOP });
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: SHOP },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { 'sec-fetch-site': 'same-site', origin: 'http://localhost:9999' },
    { 'sec-fetch-site': '' },
  ]) {
    for (const path of ['/auth/frame-session', '/auth/frame-sign-out', '/auth/validate-session']) {
      const body = path.endsWith('validate-session') ? { session_id: id, origin: SHOP, frame: true } : undefined;
      const answer = await page.post(path, body, headers);
      assertProblem(answer, 403, 'forbidden-origin');
      assert.deepEqual(answer.setCookie, []);
    }
  }
  assert.equal((await page.post('/auth/frame-session')).json().valid, true);
  assert.equal((await page.post('/auth/validate-session', { session_id: id, origin: SHOP, frame: true })).status, 200);
});

test('a refused exchange leaves the session that the frame had as it was', async (context) => {
  const running = await startService(context);
  const page = await open(running, { user: 'first', origin: SHOP });
  const id = await ticket(running, { origin: SHOP });
  for (const [body, code] of [
    [{ session_id: id, origin: OTHER_SHOP, frame: true }, 'wrong-origin'],
    [{ session_id: id, frame: true }, 'wrong-origin'],
    [{ session_id: 'x', origin: SHOP, frame: true }, 'not-found'],
  ] as const) {
    const answer = await page.post('/auth/validate-session', body);
    assertProblem(answer, 401, code);
    assert.deepEqual(answer.setCookie, []);
  }
  assert.equal((await page.post('/auth/frame-session')).json().user, 'first');
});

test('a lost answer is asked for again with its idempotency key, cookies and all', async (context) => {
  const running = await startService(context);
  const id = await ticket(running, { origin: SHOP, user: 'customer-7' });
  const body = { session_id: id, origin: SHOP, frame: true, idempotency_key: 'once more' };
  assert.equal((await running.client().post('/auth/validate-session', body)).status, 200);
  const page = running.client();
  const again = await page.post('/auth/validate-session', body);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.setCookie.length, 2);
  assert.equal((await page.post('/auth/frame-session')).json().user, 'customer-7');
  assert.equal((await running.client().post('/auth/validate-session', body)).status, 200);
  const other = { ...body, idempotency_key: 'another' };
  assertProblem(await running.client().post('/auth/validate-session', other), 401, 'already-used');
});

test('one that is bound to no origin leaves the page’s word for who embeds it, if that is an origin', async (context) => {
  const running = await startService(context);
  for (const [origin, said] of [
    [SHOP, SHOP],
    ['nonsense', null],
    [null, null],
  ] as const) {
    const page = await open(running, {}, origin);
    const { session: _s, now: _n, ticket: _t, ...rest } = (await page.post('/auth/frame-session')).json();
    assert.deepEqual(rest, { valid: true, user: null, data: null, origin: said });
  }
});

test('RV: its session ends like any other, and an outage is no sign-out', async (context) => {
  const running = await startService(context);
  const page = await open(running, { origin: SHOP });
  const copy = running.client();
  for (const [name, value] of page.jar) copy.jar.set(name, value);
  await page.post('/auth/frame-sign-out');
  const gone = await copy.post('/auth/frame-session');
  assert.deepEqual(gone.json(), { valid: false, reason: 'signed-out' });
  assert.equal(gone.headers.get('x-session-reason'), 'signed-out');
  const other = await open(running, { origin: SHOP });
  await running.service.opened.store.close();
  const silent = await other.post('/auth/frame-session');
  assertProblem(silent, 503, 'store-unreachable');
  assert.deepEqual(silent.setCookie, []);
  assert.equal(other.jar.size, 2);
});
