/** What happens while nobody answers, and what makes it ask again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ScriptedService, startScriptedService } from './harness/scripted-service.ts';
import { openSignedIn, openSignedOut, openTab, settleDown, type Tab, VALID } from './harness/tab.ts';

/** Answers the next question with a failure; the milliseconds until the next one, null where none is due. */
async function fail(service: ScriptedService, tab: Tab, headers: Record<string, string> = {}): Promise<number | null> {
  const failed = tab.noted('failed');
  (await service.next()).answer(503, {}, headers);
  await failed;
  const state = await tab.reaches('unreachable');
  return state.retryAt === null ? null : state.retryAt - tab.clock.now();
}

test('it tries again after 1, 2, 4 … 30 seconds, and from 1 again after an answer', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const waits: (number | null)[] = [];
  for (let round = 0; round < 7; round += 1) {
    const wait = await fail(service, tab);
    waits.push(wait);
    tab.clock.advance((wait ?? 0) - 1);
    await settleDown();
    assert.equal(tab.asked(), round + 1, 'not before its time');
    tab.clock.advance(1);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  const question = await service.next();
  const state = tab.client.current();
  assert.ok(state.status === 'unreachable' && state.retryAt === null, 'under way');
  question.answer(200, VALID);
  await tab.reaches('signed-in');
  void tab.client.ask();
  assert.equal(await fail(service, tab), 1000);
});

test('jitter takes up to a quarter off a wait', async () => {
  for (const [random, wait] of [
    [1, 750],
    [0.5, 875],
  ] as const) {
    await using service = await startScriptedService();
    using tab = openTab(service, { environment: { random: () => random } });
    assert.equal(await fail(service, tab), wait);
  }
});

test('Retry-After lengthens a wait, never shortens it, and an absurd one lengthens it to five minutes', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const tellings = [
    ['7', 7000],
    ['1', 2000],
    ['86400', 300_000],
    ['Thu, 01 Jan 2026 01:00:00 GMT', 8000],
    ['-5', 16_000],
  ] as const;
  for (const [header, wait] of tellings) {
    assert.equal(await fail(service, tab, { 'retry-after': header }), wait, header);
    void tab.client.ask();
  }
});

test('Retry-After of an answer that is none is heeded, too', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  (await service.next()).answer(429, {}, { 'retry-after': '60' });
  assert.equal((await tab.reaches('unreachable')).retryAt, tab.clock.now() + 60_000);
});

for (const cause of ['online', 'visible', 'restored'] as const) {
  test(`${cause}: it asks at once instead of waiting`, async () => {
    await using service = await startScriptedService();
    using tab = openTab(service);
    await fail(service, tab);
    tab.wake(cause);
    const question = await service.next();
    assert.equal(question.isPassive, cause === 'online', 'only a network that is back is nobody');
    question.answer(200, VALID);
    await tab.reaches('signed-in');
    assert.equal(tab.asked(), 2);
    tab.clock.advance(60_000);
    await settleDown();
    assert.equal(tab.asked(), 2, 'and the wait is over');
  });
}

test('a tab that is looked at again asks, for its person', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  tab.wake('visible');
  const question = await service.next();
  assert.equal(question.isPassive, false);
  assert.equal(tab.client.current().status, 'signed-in');
  question.answer(200, { valid: false, reason: 'revoked' });
  await tab.reaches('signed-out');
});

test('a network that is back is used to ask, for nobody', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  tab.wake('online');
  const question = await service.next();
  assert.equal(question.isPassive, true);
  question.answer(200, VALID);
  await tab.until(() => tab.count('answered') === 2);
});

test('a hidden page does not try again, and asks when it is looked at', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service, { isHidden: true });
  assert.equal(await fail(service, tab), null);
  tab.clock.advance(1_000_000);
  await settleDown();
  assert.equal(tab.asked(), 1);
  tab.hide(false);
  tab.wake('visible');
  const question = await service.next();
  assert.equal(question.isPassive, false);
  question.answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a hidden page asks when the network is back', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service, { isHidden: true });
  await fail(service, tab);
  tab.wake('online');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a page that is hidden during its wait tries once more, and then no more', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  await fail(service, tab);
  tab.hide(true);
  tab.clock.advance(1000);
  assert.equal(await fail(service, tab), null);
});

test('trying again is nobody’s doing, a person’s "try now" is', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const cold = await service.next();
  assert.equal(cold.isPassive, false);
  cold.answer(503, {});
  await tab.reaches('unreachable');
  tab.clock.advance(1000);
  const retry = await service.next();
  assert.equal(retry.isPassive, true);
  retry.answer(503, {});
  await tab.until(() => tab.count('failed') === 2);
  void tab.client.ask();
  assert.equal((await service.next()).isPassive, false);
});

test('RV10: a page out of the back-forward cache shows nobody until the server has answered', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  tab.putAway();
  tab.wake('restored');
  assert.equal(tab.client.current().status, 'checking');
  const question = await service.next();
  assert.equal(question.isPassive, false);
  question.answer(200, { valid: false, reason: 'signed-out' });
  await tab.reaches('signed-out');
});

test('RV10: so does one that was put away during an outage', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  void tab.client.ask();
  await fail(service, tab);
  tab.putAway();
  tab.wake('restored');
  assert.equal(tab.client.current().status, 'checking');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a page that showed nobody shows nobody while it is asked whether somebody came', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'revoked');
  tab.putAway();
  tab.wake('restored');
  assert.equal(tab.client.current().status, 'signed-out');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('an answer to a question from before the page was put away does not count', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const asking = tab.client.ask();
  const late = await service.next();
  tab.putAway();
  assert.equal((await asking).status, 'signed-in', 'whoever asked is not left waiting');
  tab.wake('restored');
  const question = await service.next();
  late.answer(200, VALID);
  await settleDown();
  assert.equal(tab.client.current().status, 'checking');
  question.answer(200, { valid: false, reason: 'signed-out' });
  await tab.reaches('signed-out');
  assert.equal(tab.asked(), 3);
});
