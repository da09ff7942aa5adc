/** The tabs of one browser: they ask one at a time, believe each other's answers, and leave together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment } from '../../src/client/types.ts';
import { type ScriptedService, startScriptedService } from './harness/scripted-service.ts';
import { CREDENTIALS, inSession, openTab, settleDown, type Tab, type TabOptions, VALID } from './harness/tab.ts';
import { createTestClock } from './harness/test-clock.ts';

/** A random number that differs from tab to tab: it is what tabs tell their questions apart by. */
let numbers = 0;
const random = (): number => {
  numbers = (numbers + 0.137) % 1;
  return numbers;
};

/** Tabs that share the clock, one after another in `signed-in`. */
async function openTabs(service: ScriptedService, count: number, options: TabOptions = {}): Promise<Tab[]> {
  const clock = createTestClock();
  const tabs: Tab[] = [];
  for (let index = 0; index < count; index += 1) {
    const tab = openTab(service, { clock, ...options, environment: { random, ...options.environment } });
    tabs.push(tab);
    const answering = service.next().then((question) => question.answer(200, VALID));
    // Without locks a turn takes a moment in which the others may object.
    if (options.environment?.locks === null) await pass(tab, 60);
    await answering;
    await tab.reaches('signed-in');
  }
  return tabs;
}

async function pass(tab: Tab, milliseconds: number): Promise<void> {
  await settleDown();
  tab.clock.advance(milliseconds);
  await settleDown();
}

function closeAll(tabs: readonly Tab[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const tab of tabs) tab[Symbol.dispose]();
    },
  };
}

test('a sign-out in one tab reaches five others, which ask nobody', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 6);
  using _ = closeAll(tabs);
  const [first, ...others] = tabs;
  assert.ok(first);
  const leaving = first.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  for (const tab of others) assert.deepEqual(await tab.reaches('signed-out'), first.client.current());
  await settleDown();
  for (const tab of tabs) assert.equal(tab.asked(), 1);
});

test('a sign-in in one tab signs in five others with one more question', async () => {
  await using service = await startScriptedService();
  const clock = createTestClock();
  const tabs: Tab[] = [];
  using _ = closeAll(tabs);
  for (let index = 0; index < 6; index += 1) {
    const tab = openTab(service, { clock, environment: { random } });
    tabs.push(tab);
    (await service.next()).answer(200, { valid: false, reason: 'no-token' });
    await tab.reaches('signed-out');
  }
  const [first, ...others] = tabs;
  assert.ok(first);
  const entering = first.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, VALID);
  await entering;
  const question = await service.next();
  // All of them have heard by then: they wait for the one that asks.
  for (const tab of others) await tab.until(() => tab.count('heard') === 1);
  await settleDown();
  question.answer(200, VALID);
  for (const tab of others) await tab.reaches('signed-in');
  await settleDown();
  assert.equal(
    tabs.reduce((sum, tab) => sum + tab.asked(), 0),
    7,
  );
  assert.equal(service.log.filter((line) => line === 'POST /unified-auth/validate').length, 7);
});

test('a tab that is told of another session than it shows asks', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 2);
  using _ = closeAll(tabs);
  const [first, second] = tabs;
  assert.ok(first && second);
  const entering = first.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, inSession('s2'));
  await entering;
  (await service.next()).answer(200, inSession('s2'));
  await second.until(() => {
    const state = second.client.current();
    return state.status === 'signed-in' && state.session.id === 's2';
  });
  await settleDown();
  assert.equal(first.asked(), 1);
});

test('what one tab learns of a revocation the others hear with its reason', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 3);
  using _ = closeAll(tabs);
  void tabs[0]?.client.ask();
  (await service.next()).answer(200, { valid: false, reason: 'reused' });
  for (const tab of tabs) assert.deepEqual(await tab.reaches('signed-out'), { status: 'signed-out', reason: 'reused' });
  assert.equal(service.log.length, 4);
});

test('tabs of other services hear nothing', async () => {
  await using service = await startScriptedService();
  await using other = await startScriptedService();
  using tab = openTab(service);
  using stranger = openTab(other);
  (await service.next()).answer(200, VALID);
  (await other.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  await stranger.reaches('signed-in');
  const leaving = tab.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  await settleDown();
  assert.equal(stranger.client.current().status, 'signed-in');
  assert.equal(stranger.count('heard'), 0);
});

const TURNS: readonly (readonly [string, Partial<Environment>])[] = [
  ['with locks', { random }],
  ['without locks', { random, locks: null }],
];
for (const [name, environment] of TURNS) {
  test(`${name}, tabs that are opened together ask once, and all have the answer`, async () => {
    await using service = await startScriptedService();
    const clock = createTestClock();
    const tabs = [1, 2, 3, 4].map(() => openTab(service, { clock, environment }));
    using _ = closeAll(tabs);
    const [first] = tabs;
    assert.ok(first);
    await pass(first, 50);
    const question = await service.next();
    await pass(first, 200);
    question.answer(200, VALID);
    for (const tab of tabs) await tab.reaches('signed-in');
    await pass(first, 5000);
    assert.equal(service.log.length, 1);
  });

  test(`${name}, a tab that is frozen while it asks holds the others up for three seconds, not for ever`, async () => {
    await using service = await startScriptedService();
    const clock = createTestClock();
    // Frozen: its question is never answered, and it never ends its turn.
    using frozen = openTab(service, { clock, environment });
    await pass(frozen, 50);
    await service.next();
    using tab = openTab(service, { clock, environment });
    await pass(tab, 50);
    await pass(tab, 2949);
    assert.equal(tab.asked(), 0);
    await pass(tab, 51);
    (await service.next()).answer(200, VALID);
    await tab.reaches('signed-in');
  });

  test(`${name}, a tab that fails leaves the turn to the next`, async () => {
    await using service = await startScriptedService();
    const clock = createTestClock();
    const tabs = [1, 2].map(() => openTab(service, { clock, environment }));
    using _ = closeAll(tabs);
    const [first, second] = tabs;
    assert.ok(first && second);
    await pass(first, 50);
    (await service.next()).answer(503, {});
    await Promise.race(tabs.map((tab) => tab.reaches('unreachable')));
    await pass(first, 50);
    (await service.next()).answer(200, VALID);
    for (const tab of tabs) await tab.reaches('signed-in');
    assert.equal(first.asked() + second.asked(), 2);
  });
}

test('a tab that is put away while it asks holds nobody up', async () => {
  await using service = await startScriptedService();
  const clock = createTestClock();
  using gone = openTab(service, { clock, environment: { random } });
  await pass(gone, 50);
  await service.next();
  using tab = openTab(service, { clock, environment: { random } });
  await pass(tab, 50);
  assert.equal(tab.asked(), 0);
  gone.putAway();
  await pass(tab, 0);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a tab in an outage is healed by the answer of another', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 2);
  using _ = closeAll(tabs);
  const [first, second] = tabs;
  assert.ok(first && second);
  void first.client.ask();
  (await service.next()).answer(503, {});
  await first.reaches('unreachable');
  void second.client.ask();
  (await service.next()).answer(200, VALID);
  await first.reaches('signed-in');
  first.clock.advance(60_000);
  await settleDown();
  assert.equal(first.asked(), 2, 'and does not try again');
});

test('the answer to a question from before a sign-in is not believed after it', async () => {
  await using service = await startScriptedService();
  const clock = createTestClock();
  using asker = openTab(service, { clock, environment: { random } });
  const early = await service.next();
  using waiting = openTab(service, { clock, environment: { random } });
  using person = openTab(service, { clock, environment: { random } });
  await settleDown();
  clock.advance(1);
  const entering = person.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, VALID);
  await entering;
  early.answer(200, { valid: false, reason: 'no-token' });
  for (const tab of [asker, waiting]) {
    await tab.until(() => tab.count('asked') > 0 || tab.client.current().status === 'signed-in');
  }
  (await service.next()).answer(200, VALID);
  for (const tab of [asker, waiting, person]) {
    await tab.reaches('signed-in');
    assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
  }
});

test('a sign-out reaches the others on a computer whose clock was set back meanwhile', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 2);
  using _ = closeAll(tabs);
  const [first, second] = tabs;
  assert.ok(first && second);
  first.clock.jump(-3_600_000);
  const leaving = first.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  await second.reaches('signed-out');
});

test('a page out of the back-forward cache hears again', async () => {
  await using service = await startScriptedService();
  const tabs = await openTabs(service, 2);
  using _ = closeAll(tabs);
  const [first, second] = tabs;
  assert.ok(first && second);
  second.putAway();
  second.wake('restored');
  (await service.next()).answer(200, VALID);
  await second.reaches('signed-in');
  const leaving = first.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  await second.reaches('signed-out');
});

test('without a channel and without locks each tab asks for itself', async () => {
  await using service = await startScriptedService();
  const environment = { locks: null, openChannel: null, random };
  const clock = createTestClock();
  using first = openTab(service, { clock, environment });
  using second = openTab(service, { clock, environment });
  await pass(first, 50);
  for (const question of [await service.next(), await service.next()]) question.answer(200, VALID);
  for (const tab of [first, second]) await tab.reaches('signed-in');
});

test('two clients on one page ask once', async () => {
  await using service = await startScriptedService();
  const clock = createTestClock();
  using first = openTab(service, { clock, environment: { random } });
  using second = openTab(service, { clock, environment: { random } });
  await settleDown();
  (await service.next()).answer(200, VALID);
  for (const client of [first, second]) await client.reaches('signed-in');
  assert.equal(service.log.length, 1);
});
