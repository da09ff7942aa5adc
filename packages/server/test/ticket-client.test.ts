/** The client for back ends against the real service: every answer is a value, and a lost one costs no one-time session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticketClient } from 'holdfast/tickets';
import { PRODUCTION, SECRET, startService } from './harness/service.ts';
import { backEnd, OTHER_SHOP, SHOP, UNKNOWN_ID, UUID } from './harness/tickets.ts';

const IN_PRODUCTION = { ...PRODUCTION, SESSION_SECRET: SECRET };

/** `fetch` whose answers come to nothing after the service has given them: for the first `times` of them. */
function losing(times: number): { readonly fetch: typeof fetch; sent(): number } {
  let sent = 0;
  return {
    sent: () => sent,
    async fetch(input, init) {
      const answer = await fetch(input, init);
      sent += 1;
      if (sent > times) return answer;
      await answer.arrayBuffer();
      throw new TypeError('the connection broke');
    },
  };
}

test('a back end makes one, validates it once, and reads the figures', async (context) => {
  const running = await startService(context, { environment: { ...IN_PRODUCTION, MAX_SESSIONS: '2' } });
  const { key: apiKey } = await backEnd(running);
  const client = ticketClient({ service: running.url, apiKey });
  const made = await client.create({ user: 'customer-7', data: { cart: [1] } });
  assert.ok(made.status === 'created');
  assert.match(made.id, UUID);
  assert.equal(made.iframeUrl, `${running.url}/client/iframe.html?session_id=${made.id}`);
  assert.equal(made.expiresInSeconds, 1800);
  const used = await client.validate(made.id);
  assert.ok(used.status === 'consumed');
  const { createdAt, expiresAt, usedAt, ...rest } = used.ticket;
  assert.deepEqual(rest, { origins: [SHOP], user: 'customer-7', data: { cart: [1] } });
  assert.ok(createdAt <= usedAt && expiresAt === createdAt + 1_800_000);
  assert.deepEqual(await client.validate(made.id), { status: 'refused', reason: 'already-used' });
  assert.deepEqual(await client.validate(UNKNOWN_ID), { status: 'refused', reason: 'not-found' });
  await client.create();
  await client.create();
  const full = await client.create();
  assert.ok(full.status === 'limit-reached' && full.retryAfterSeconds >= 1 && full.retryAfterSeconds <= 1810);
  assert.deepEqual(await client.status(), {
    status: 'counted',
    live: 2,
    used: 1,
    totalCreated: 3,
    totalUsed: 1,
    maxTickets: 2,
    storage: 'sqlite',
    healthy: true,
  });
});

test('what the service refuses is a value with its code and a sentence', async (context) => {
  const running = await startService(context, { environment: IN_PRODUCTION });
  const shop = ticketClient({ service: running.url, apiKey: (await backEnd(running)).key });
  const other = ticketClient({ service: running.url, apiKey: (await backEnd(running, [OTHER_SHOP])).key });
  const wrong = ticketClient({ service: running.url, apiKey: `hfk_${'0'.repeat(12)}_${'A'.repeat(43)}` });
  const made = await shop.create();
  assert.ok(made.status === 'created');
  const codeOf = (outcome: { readonly status: string; readonly code?: string; readonly detail?: string }): string => {
    assert.equal(outcome.status, 'denied');
    assert.match(outcome.detail ?? '', /^[A-Z].*\.$/);
    return outcome.code ?? '';
  };
  assert.equal(codeOf(await wrong.create()), 'invalid-api-key');
  assert.equal(codeOf(await wrong.validate(made.id)), 'invalid-api-key');
  assert.equal(codeOf(await wrong.status()), 'invalid-api-key');
  assert.equal(codeOf(await other.validate(made.id)), 'out-of-scope');
  assert.equal(codeOf(await shop.create({ origins: [OTHER_SHOP] })), 'out-of-scope');
  assert.equal(codeOf(await shop.create({ origins: ['nonsense'] })), 'validation-failed');
  assert.equal(codeOf(await shop.create({ data: 'x'.repeat(9000) })), 'body-too-large');
  assert.equal(codeOf(await shop.create({ data: 'x'.repeat(90_000) })), 'body-too-large');
  assert.equal((await shop.validate(made.id)).status, 'consumed');
});

test('an answer lost after the use is asked for once more by itself, and no third time', async (context) => {
  const running = await startService(context);
  const { key: apiKey } = await backEnd(running);
  const make = async (): Promise<string> => {
    const made = await ticketClient({ service: running.url, apiKey }).create();
    assert.ok(made.status === 'created');
    return made.id;
  };
  const once = losing(1);
  const client = ticketClient({ service: running.url, apiKey, fetch: once.fetch });
  const id = await make();
  assert.equal((await client.validate(id)).status, 'consumed');
  assert.equal(once.sent(), 2);
  assert.deepEqual(await client.validate(id), { status: 'refused', reason: 'already-used' });

  const twice = losing(2);
  const unlucky = ticketClient({ service: running.url, apiKey, fetch: twice.fetch });
  const outcome = await unlucky.validate(await make(), { idempotencyKey: 'mine' });
  assert.deepEqual(outcome, {
    status: 'unreachable',
    reason: 'store-unreachable',
    retryAfterSeconds: 1,
    idempotencyKey: 'mine',
  });
  assert.equal(twice.sent(), 2);
  assert.equal(
    (await ticketClient({ service: running.url, apiKey, fetch: losing(1).fetch }).create()).status,
    'unreachable',
  );
});

test('a service that is down, silent, or something else is a value as well', async (context) => {
  const running = await startService(context);
  const { key: apiKey } = await backEnd(running);
  const client = ticketClient({ service: running.url, apiKey });
  const made = await client.create();
  assert.ok(made.status === 'created');
  await running.service.opened.store.close();
  const outcome = await client.validate(made.id, { idempotencyKey: 'mine' });
  assert.ok(outcome.status === 'unreachable' && outcome.idempotencyKey === 'mine' && outcome.retryAfterSeconds >= 1);
  assert.equal((await client.create()).status, 'unreachable');
  assert.equal((await client.status()).status, 'unreachable');
  await running.service.app.close();
  assert.equal((await client.create()).status, 'unreachable');

  const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
    ticketClient({
      service: 'https://auth.example',
      apiKey,
      fetch: async () => new Response(body, { status, headers }),
    });
  assert.equal((await answering(200, '<html>').validate(UNKNOWN_ID)).status, 'unreachable');
  assert.equal((await answering(502, '<html>').create()).status, 'unreachable');
  for (const [status, headers] of [
    [308, { location: 'https://elsewhere.example/' }],
    [404, {}],
  ] as const) {
    const denied = await answering(status, '<html>', headers).create();
    assert.ok(denied.status === 'denied' && denied.detail.includes(`https://auth.example answered ${status}`));
  }
  const silent: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  const patient = ticketClient({ service: 'https://auth.example', apiKey, fetch: silent, deadlineSeconds: 0.01 });
  // The deadline's own timer does not keep a process alive.
  const alive = setInterval(() => undefined, 1000);
  assert.equal((await patient.create()).status, 'unreachable');
  clearInterval(alive);
});

test('options that cannot work are named, and no message holds the key', () => {
  const apiKey = `hfk_${'0'.repeat(12)}_${'A'.repeat(43)}`;
  for (const [options, said] of [
    [{ service: 'auth.example', apiKey }, /service is a scheme/],
    [{ service: 'https://auth.example/', apiKey }, /service is a scheme/],
    [{ service: 'https://auth.example', apiKey: 'hush' }, /holdfast api-keys create/],
    [{ service: 'https://auth.example', apiKey: `${apiKey}\r\nx: y` }, /apiKey begins with hfk_/],
    [{ service: 'https://auth.example', apiKey, deadlineSeconds: 0 }, /deadlineSeconds/],
  ] as const) {
    assert.throws(
      () => ticketClient(options),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'invalid-option');
        assert.match(error.message, said);
        return !error.message.includes('AAAA') && !error.message.includes('hush');
      },
    );
  }
});
