/** Times are the server's, whatever the computer's clock says; and the client's own clock ends no session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScriptedService } from './harness/scripted-service.ts';
import { MARIE, openSignedIn, openSignedOut, openTab, settleDown, VALID } from './harness/tab.ts';
import { createTestClock, START } from './harness/test-clock.ts';

const HOUR = 3_600_000;
const END = Date.parse(MARIE.session.idle_expires_at);

for (const [name, error] of [
  ['an hour fast', HOUR],
  ['an hour slow', -HOUR],
  ['right', 0],
] as const) {
  test(`a clock that is ${name} shows the server's time, and the server is asked just after the session's end`, async () => {
    await using service = await startScriptedService();
    using tab = await openSignedIn(service, { clock: createTestClock(START + error) });
    assert.equal(tab.client.now(), START + 5000);
    assert.equal(tab.client.explain().clockOffset, 5000 - error);
    tab.clock.advance(END - tab.client.now());
    await settleDown();
    assert.equal(tab.client.now(), END);
    assert.equal(tab.asked(), 1, 'not before it has ended for certain');
    tab.clock.advance(1000);
    const question = await service.next();
    assert.equal(question.isPassive, true, 'a timer is nobody: it must not keep the session alive');
    assert.equal(tab.client.current().status, 'signed-in', 'the server decides');
    question.answer(200, { valid: false, reason: 'expired-idle' });
    assert.equal((await tab.reaches('signed-out')).reason, 'expired-idle');
  });
}

test('a session that was used elsewhere goes on, and is asked about at its new end', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  tab.clock.advance(END - tab.client.now() + 1000);
  const later = { ...VALID.session, idle_expires_at: '2026-01-20T00:00:00.000Z' };
  const answered = tab.noted('answered');
  (await service.next()).answer(200, { ...VALID, session: later, now: '2026-01-15T00:00:01.000Z' });
  await answered;
  const state = tab.client.current();
  assert.ok(state.status === 'signed-in' && state.session.idleExpiresAt === Date.UTC(2026, 0, 20));
  tab.clock.advance(5 * 86_400_000);
  (await service.next()).cut();
  await tab.reaches('unreachable');
});

test('an end beyond what timers can count is not asked about at once', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const session = { ...VALID.session, idle_expires_at: '2026-03-01T00:00:00.000Z' };
  (await service.next()).answer(200, { ...VALID, session });
  await tab.reaches('signed-in');
  tab.clock.advance(2e9 - 1);
  await settleDown();
  assert.equal(tab.asked(), 1);
  tab.clock.advance(1);
  (await service.next()).answer(200, { ...VALID, session, now: new Date(tab.client.now()).toISOString() });
  await tab.until(() => tab.count('answered') === 2);
});

test('a session that seems to have ended already is asked about after five seconds, not in a circle', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const ended = { ...VALID, now: '2026-02-01T00:00:00.000Z' };
  (await service.next()).answer(200, ended);
  await tab.reaches('signed-in');
  for (let round = 2; round < 4; round += 1) {
    tab.clock.advance(4999);
    await settleDown();
    assert.equal(tab.asked(), round - 1);
    tab.clock.advance(1);
    (await service.next()).answer(200, ended);
    await tab.until(() => tab.count('answered') === round);
  }
});

test('a session without an end is not asked about', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  (await service.next()).answer(200, {
    valid: true,
    user: { id: 'u1' },
    session: { id: 's1', created_at: 'nonsense' },
  });
  const state = await tab.reaches('signed-in');
  assert.deepEqual(state.session, {
    id: 's1',
    createdAt: null,
    expiresAt: null,
    idleExpiresAt: null,
    authenticatedAt: null,
    amr: [],
  });
  assert.equal(tab.client.explain().clockOffset, null);
  assert.equal(tab.client.now(), tab.clock.now());
});

test('a clock that jumps is right again with the next answer, and signs nobody out meanwhile', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  for (const jump of [400 * 24 * HOUR, -800 * 24 * HOUR]) {
    tab.clock.jump(jump);
    await settleDown();
    assert.equal(tab.client.current().status, 'signed-in');
    tab.wake('visible');
    const answered = tab.noted('answered');
    (await service.next()).answer(200, VALID);
    await answered;
    assert.equal(tab.client.now(), START + 5000);
  }
});

test('what an earlier answer told of the time still holds where a later one tells none', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answered = tab.noted('answered');
  void tab.client.ask();
  (await service.next()).answer(200, { ...VALID, now: undefined });
  await answered;
  assert.equal(tab.client.explain().clockOffset, 5000);
});

test('nobody waits for the end of a session that has been left', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const leaving = tab.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  tab.clock.advance(END - START + HOUR);
  await settleDown();
  assert.equal(tab.asked(), 1);
  using other = await openSignedOut(service, 'no-token');
  other.clock.advance(END - START + HOUR);
  await settleDown();
  assert.equal(other.asked(), 1);
});
