/** The browser asks and the server decides: what an answer is, and what is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScriptedService } from './harness/scripted-service.ts';
import { MARIE, openSignedIn, openSignedOut, openTab, VALID } from './harness/tab.ts';

test('a cold start is checking until the server has said who this is', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const question = await service.next();
  assert.equal(`${question.method} ${question.path}`, 'POST /unified-auth/validate');
  assert.equal(question.isPassive, false);
  assert.equal(question.body, '');
  assert.equal(tab.client.current().status, 'checking');
  question.answer(200, VALID);
  assert.deepEqual(await tab.reaches('signed-in'), {
    status: 'signed-in',
    user: MARIE.user,
    session: {
      id: 's1',
      createdAt: Date.UTC(2026, 0, 1),
      expiresAt: Date.UTC(2026, 3, 1),
      idleExpiresAt: Date.UTC(2026, 0, 15),
      authenticatedAt: Date.UTC(2026, 0, 1),
      amr: ['pwd'],
    },
  });
  assert.equal(tab.client.explain().clockOffset, 5000);
  assert.deepEqual(
    tab.states.map((state) => state.status),
    ['checking', 'signed-in'],
  );
});

test('only an answer that says "not valid" is signed out, and it keeps the reason', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'expired-idle');
  assert.deepEqual(tab.client.current(), { status: 'signed-out', reason: 'expired-idle' });
});

test('"not valid" without a reason is signed out without one', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  (await service.next()).answer(200, { valid: false, reason: 7 });
  assert.deepEqual(await tab.reaches('signed-out'), { status: 'signed-out', reason: '' });
});

const OUTAGES: readonly (readonly [string, number, unknown])[] = [
  ['a 503', 503, { code: 'store-unreachable' }],
  ['a 503 that says "not valid"', 503, { valid: false, reason: 'revoked' }],
  ['a 502 of a proxy', 502, '<h1>Bad Gateway</h1>'],
  ['a 500', 500, {}],
  ['a 401 from something in between', 401, { valid: false, reason: 'no-token' }],
  ['a 403 from a firewall', 403, '<h1>Forbidden</h1>'],
  ['a 404 during a deployment', 404, {}],
  ['a 429', 429, { code: 'too-many-requests' }],
  ['the sign-in page of a hotel network', 200, '<html>Welcome</html>'],
  ['half a JSON document', 200, '{"valid":fal'],
  ['an empty answer', 204, ''],
  ['"valid" without a user', 200, { valid: true }],
  ['"valid" without a session', 200, { valid: true, user: MARIE.user }],
  ['"valid" as a text', 200, { valid: 'false' }],
  ['JSON that is no object', 200, 'null'],
];
for (const [name, status, body] of OUTAGES) {
  test(`RV11: ${name} is an outage and never a sign-out`, async () => {
    await using service = await startScriptedService();
    using cold = openTab(service);
    (await service.next()).answer(status, body);
    assert.equal((await cold.reaches('unreachable')).lastKnown, null);

    await using other = await startScriptedService();
    using warm = await openSignedIn(other);
    void warm.client.ask();
    (await other.next()).answer(status, body);
    assert.equal((await warm.reaches('unreachable')).lastKnown?.status, 'signed-in');
    assert.ok(![...cold.states, ...warm.states].some((state) => state.status === 'signed-out'));
  });
}

for (const how of ['cut', 'break'] as const) {
  test(`RV11: a connection that is ${how === 'cut' ? 'cut' : 'cut in the middle of the answer'} is an outage`, async () => {
    await using service = await startScriptedService();
    using tab = await openSignedIn(service);
    void tab.client.ask();
    (await service.next())[how]();
    assert.equal((await tab.reaches('unreachable')).lastKnown?.status, 'signed-in');
    assert.deepEqual(tab.client.explain().findings, []);
  });
}

test('an outage keeps "signed out" as well, with its reason', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'revoked');
  void tab.client.ask();
  (await service.next()).answer(503, {});
  assert.deepEqual((await tab.reaches('unreachable')).lastKnown, { status: 'signed-out', reason: 'revoked' });
});

test('an answer that does not come in time is an outage, and counts no more when it comes', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service, { deadlineSeconds: 7 });
  const late = await service.next();
  tab.clock.advance(6999);
  assert.equal(tab.client.current().status, 'checking');
  tab.clock.advance(1);
  await tab.reaches('unreachable');
  assert.ok(tab.notes.some(({ event, detail }) => event === 'failed' && detail === 'timeout'));
  late.answer(200, { valid: false, reason: 'no-token' });
  tab.clock.advance(1000);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
});

test('an answer that was read only after the computer had slept is asked for again', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service, { deadlineSeconds: 7 });
  const question = await service.next();
  // Time in which no timer ran.
  tab.clock.jump(7001);
  question.answer(200, VALID);
  (await service.next()).answer(200, { valid: false, reason: 'expired-idle' });
  await tab.reaches('signed-out');
  assert.ok(!tab.states.some((state) => state.status === 'signed-in'));
});

test('the reason of a sign-out stays when the server is asked again', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'revoked');
  const asking = tab.client.ask();
  (await service.next()).answer(200, { valid: false, reason: 'no-token' });
  assert.deepEqual(await asking, { status: 'signed-out', reason: 'revoked' });
});

test('one question is in flight however many ask, and all get its answer', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const asking = [tab.client.ask(), tab.client.ask(), tab.client.settled()];
  tab.wake('online');
  tab.wake('visible');
  tab.client.start();
  (await service.next()).answer(200, VALID);
  for (const state of await Promise.all(asking)) assert.equal(state, tab.client.current());
  assert.equal(tab.asked(), 1);
  assert.equal(service.log.length, 1);
});

test('a readUser decides what a user is, and its refusal makes the answer none', async () => {
  await using service = await startScriptedService();
  const readUser = (user: unknown): { id: string; email: string } | null =>
    typeof user === 'object' && user !== null && 'email' in user ? { id: 'mine', email: `${user.email}` } : null;
  using tab = openTab(service, { readUser });
  (await service.next()).answer(200, { ...VALID, user: { id: 'u1' } });
  await tab.reaches('unreachable');
  void tab.client.ask();
  (await service.next()).answer(200, VALID);
  assert.deepEqual((await tab.reaches('signed-in')).user, { id: 'mine', email: 'marie@example.com' });
});

test('the question goes where the options say', async () => {
  await using service = await startScriptedService();
  using tab = openTab({ origin: `${service.origin}/id/` }, { paths: { validate: '/who' } });
  const question = await service.next();
  assert.equal(question.path, '/id/who');
  assert.equal(tab.client.explain().asks, `${service.origin}/id/who`);
  question.answer(200, VALID);
  await tab.reaches('signed-in');
});
