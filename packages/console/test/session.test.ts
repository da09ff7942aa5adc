/** The browser asks and the server decides: what moves the session's state, and what must not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARIE, openTab, type ScriptedService, startScriptedService, type Tab, VALID } from './scripted-service.ts';

async function openSignedIn(service: ScriptedService): Promise<Tab> {
  const tab = openTab(service);
  tab.session.ask();
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  return tab;
}

async function openSignedOut(service: ScriptedService, reason: string): Promise<Tab> {
  const tab = openTab(service);
  tab.session.ask();
  (await service.next()).answer(200, { valid: false, reason });
  await tab.reaches('signed-out');
  return tab;
}

test('a cold start is checking until the server has said who this is', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  assert.equal(tab.session.current().status, 'checking');
  tab.session.ask();
  const question = await service.next();
  assert.equal(`${question.method} ${question.path}`, 'POST /unified-auth/validate');
  assert.equal(tab.session.current().status, 'checking');
  question.answer(200, VALID);
  const state = await tab.reaches('signed-in');
  assert.ok(state.status === 'signed-in');
  assert.equal(state.who.user.email, 'marie@example.com');
  assert.equal(state.who.session.idleExpiresAt, '2026-01-15T00:00:00.000Z');
  assert.equal(state.clockOffset, 5000);
});

test('only an answer that says "not valid" is signed out, and it keeps the reason', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'expired-idle');
  assert.deepEqual(tab.session.current(), { status: 'signed-out', reason: 'expired-idle' });
});

const OUTAGES: readonly (readonly [string, number, unknown])[] = [
  ['a 503', 503, { code: 'store-unreachable' }],
  ['a 502 of a proxy', 502, '<h1>Bad Gateway</h1>'],
  ['a 500', 500, {}],
  ['a 401 from something in between', 401, {}],
  ['a 403 from a firewall', 403, '<h1>Forbidden</h1>'],
  ['a 404 during a deployment', 404, {}],
  ['a 429', 429, { code: 'too-many-requests' }],
  ['the sign-in page of a hotel network', 200, '<html>Welcome</html>'],
  ['half a JSON document', 200, '{"valid":fal'],
  ['an empty answer', 204, ''],
  ['"valid" without a user', 200, { valid: true }],
  ['"valid" as a text', 200, { valid: 'false' }],
];
for (const [name, status, body] of OUTAGES) {
  test(`RV11: ${name} is an outage and never a sign-out`, async () => {
    await using service = await startScriptedService();
    const cold = openTab(service);
    cold.session.ask();
    (await service.next()).answer(status, body);
    await cold.answers[0];
    const first = cold.session.current();
    assert.ok(first.status === 'unreachable' && first.lastKnown === null);

    const warm = await openSignedIn(service);
    warm.session.wake('returned');
    (await service.next()).answer(status, body);
    await warm.answers[1];
    const state = warm.session.current();
    assert.ok(state.status === 'unreachable' && state.lastKnown?.status === 'signed-in');
  });
}

test('RV11: a network that fails is an outage and never a sign-out', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  tab.session.wake('returned');
  (await service.next()).cut();
  const state = await tab.reaches('unreachable');
  assert.ok(state.status === 'unreachable' && state.lastKnown?.status === 'signed-in');
});

test('an answer that does not come in time is an outage', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  await service.next();
  tab.clock.advance(1_000_000);
  await tab.reaches('unreachable');
});

test('it tries again after 1, 2, 4 … 30 seconds, and from 1 again after an answer', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  const waits: (number | null)[] = [];
  for (let round = 0; round < 7; round += 1) {
    (await service.next()).answer(503, {});
    do await tab.changes();
    while (!isWaiting(tab));
    waits.push(tab.clock.nextIn());
    tab.clock.advance(tab.clock.nextIn() ?? 0);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  assert.equal(tab.clock.nextIn(), null);
  tab.session.ask();
  (await service.next()).answer(503, {});
  await tab.reaches('unreachable');
  assert.equal(tab.clock.nextIn(), 1000);
});

test('jitter takes up to a quarter off a wait', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service, () => 1);
  tab.session.ask();
  (await service.next()).answer(503, {});
  await tab.reaches('unreachable');
  assert.equal(tab.clock.nextIn(), 750);
});

test('Retry-After lengthens a wait, and an absurd one only to five minutes', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  (await service.next()).answer(503, {}, { 'retry-after': '7' });
  await tab.reaches('unreachable');
  assert.equal(tab.clock.nextIn(), 7000);
  const changed = tab.changes();
  tab.session.wake('returned');
  await changed;
  (await service.next()).answer(503, {}, { 'retry-after': '86400' });
  await tab.changes();
  assert.equal(tab.clock.nextIn(), 300_000);
});

test('when the tab or the network is back it asks at once instead of waiting', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  (await service.next()).answer(503, {});
  await tab.reaches('unreachable');
  tab.session.wake('returned');
  const state = tab.session.current();
  assert.ok(state.status === 'unreachable' && state.retryAt === null);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('one question is in flight at a time', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  tab.session.ask();
  tab.session.wake('returned');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  assert.equal(tab.answers.length, 1);
});

test('RV10: a page out of the back-forward cache shows nobody until the server has answered', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  tab.session.wake('restored');
  assert.equal(tab.session.current().status, 'checking');
  (await service.next()).answer(200, { valid: false, reason: 'signed-out' });
  await tab.reaches('signed-out');
});

test('sign-in sends JSON, is signed in by its answer, and tells the other tabs', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'no-token');
  const result = tab.session.signIn({ email: 'marie@example.com', password: ' p w ' });
  const request = await service.next();
  assert.equal(`${request.method} ${request.path}`, 'POST /auth/sign-in');
  assert.equal(request.contentType, 'application/json');
  assert.deepEqual(JSON.parse(request.body), { email: 'marie@example.com', password: ' p w ' });
  request.answer(200, MARIE);
  assert.deepEqual(await result, { kind: 'done' });
  assert.equal(tab.session.current().status, 'signed-in');
  assert.deepEqual(tab.told, [{ type: 'signed-in' }]);
});

test('a refused sign-in answers the problem and changes nothing', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'no-token');
  const result = tab.session.signUp({ email: 'marie@example.com', password: 'x' });
  const problem = {
    code: 'validation-failed',
    title: 'Not accepted',
    detail: 'See errors',
    errors: [{ pointer: '/password', detail: 'Too short' }, { nonsense: true }],
  };
  (await service.next()).answer(422, problem, { 'content-type': 'application/problem+json', 'retry-after': '9' });
  const refused = { ...problem, status: 422, errors: [problem.errors[0]], retryAfterSeconds: 9 };
  assert.deepEqual(await result, { kind: 'refused', problem: refused });
  assert.equal(tab.session.current().status, 'signed-out');
  assert.deepEqual(tab.told, []);
  assert.equal(tab.answers.length, 2);
});

test('a sign-in whose answer was lost is settled by asking', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'no-token');
  const result = tab.session.signIn({ email: 'marie@example.com', password: 'x' });
  (await service.next()).cut();
  assert.deepEqual(await result, { kind: 'unreachable' });
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('RV2: a sign-out wins over an answer that was on its way', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  tab.session.ask();
  const late = await service.next();
  const result = tab.session.signOut();
  (await service.next()).answer(204, '');
  assert.deepEqual(await result, { kind: 'done' });
  late.answer(200, VALID);
  await tab.answers[1];
  assert.deepEqual(tab.session.current(), { status: 'signed-out', reason: 'signed-out' });
  assert.deepEqual(tab.told, [{ type: 'signed-out', sessionId: 's1' }]);
});

test('a sign-out that did not reach the server is no sign-out', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  const result = tab.session.signOut();
  (await service.next()).answer(503, {});
  assert.deepEqual(await result, { kind: 'unreachable' });
  assert.equal(tab.session.current().status, 'signed-in');
  assert.deepEqual(tab.told, []);
  (await service.next()).answer(200, VALID);
  await tab.changes();
  assert.equal(tab.session.current().status, 'signed-in');
});

test('a sign-out in another tab is one here, and wins over an answer on its way', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  tab.session.ask();
  const late = await service.next();
  tab.session.hear({ type: 'signed-out', sessionId: 's1' });
  assert.equal(tab.session.current().status, 'signed-out');
  late.answer(200, VALID);
  await tab.answers[1];
  assert.equal(tab.session.current().status, 'signed-out');
});

test('news of the end of another session is a reason to ask, not to conclude', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  tab.session.hear({ type: 'signed-out', sessionId: 'an older one' });
  assert.equal(tab.session.current().status, 'signed-in');
  (await service.next()).answer(200, VALID);
  await tab.changes();
  assert.equal(tab.session.current().status, 'signed-in');
});

test('a sign-in in another tab makes this one ask, and an older "not valid" on its way does not count', async () => {
  await using service = await startScriptedService();
  const tab = openTab(service);
  tab.session.ask();
  const late = await service.next();
  tab.session.hear({ type: 'signed-in' });
  const question = await service.next();
  late.answer(200, { valid: false, reason: 'no-token' });
  await tab.answers[0];
  assert.equal(tab.session.current().status, 'checking');
  question.answer(200, VALID);
  await tab.reaches('signed-in');
  assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
});

test('a sign-in overtaken by a sign-out elsewhere is settled by asking', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'no-token');
  const result = tab.session.signIn({ email: 'marie@example.com', password: 'x' });
  const request = await service.next();
  tab.session.hear({ type: 'signed-out', sessionId: null });
  request.answer(200, MARIE);
  await result;
  assert.equal(tab.session.current().status, 'signed-out');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('the reason of a sign-out stays when the server is asked again', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedOut(service, 'revoked');
  tab.session.wake('returned');
  (await service.next()).answer(200, { valid: false, reason: 'no-token' });
  await tab.changes();
  assert.deepEqual(tab.session.current(), { status: 'signed-out', reason: 'revoked' });
});

test('anything else on the channel is ignored', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  for (const noise of [null, 'signed-out', 7, [], {}, { type: 'toString' }]) tab.session.hear(noise);
  assert.equal(tab.session.current().status, 'signed-in');
  assert.equal(tab.answers.length, 1);
});

function isWaiting(tab: Tab): boolean {
  const state = tab.session.current();
  return state.status === 'unreachable' && state.retryAt !== null;
}
