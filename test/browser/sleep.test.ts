/** Tabs that were asleep, frozen by the browser or with the whole laptop: the server says what became of their sessions. */
import assert from 'node:assert/strict';
import { mostAtOnce, VALIDATE } from './harness/front.ts';
import { sleepers, storyOf } from './harness/sleepers.ts';
import { matrix } from './harness/world.ts';

const HOUR = 3600;
/** Longer than a session lives unused, and not yet so long that the server has forgotten why it ended. */
const WEEK = 7 * 24 * HOUR + HOUR / 2;

const row = matrix();
const openSleepers = sleepers();

row('a tab that is frozen while it asks keeps another one waiting three seconds at most', async (world) => {
  const { edge, gate } = world;
  const { other, tab } = await openSleepers(world);
  const holding = gate.hold(VALIDATE);
  await tab.evaluate(() => void window.matrix.client.ask());
  const held = await holding;
  await tab.freeze();
  held.release();
  edge.clear();
  const waited = await other.evaluate(async () => {
    const { client, clock } = window.matrix;
    const began = clock();
    const { status } = await client.ask();
    return status === 'signed-in' ? clock() - began : -1;
  });
  assert.ok(waited >= 2900, `the frozen tab held the turn, and the other waited ${waited} ms`);
  assert.ok(waited < 5000, `the other tab waited ${waited} ms`);
  await tab.thaw();
  await tab.show();
  await tab.until('the thawed tab is settled', () => window.matrix.client.current().status === 'signed-in');
  assert.deepEqual(await storyOf(tab), ['checking', 'signed-out no-token', 'signed-in']);
  assert.deepEqual(await storyOf(other), ['checking', 'signed-in']);
});

row('a session that outlived the sleep is kept, and a due access token is refreshed once', async (world) => {
  const { clock, edge } = world;
  const { other, tab } = await openSleepers(world);
  await tab.freeze();
  await other.freeze();
  clock.advance(8 * HOUR);
  edge.clear();
  for (const each of [tab, other]) {
    await each.evaluate(() => {
      window.matrix.ahead = 8 * 3_600_000;
    });
    await each.thaw();
    await each.show();
    await each.until('it was answered after the sleep', () =>
      window.matrix.client.explain().notes.some(({ at, event }) => event === 'answered' && at > Date.now() + 3_600_000),
    );
  }
  const asked = edge.questions();
  assert.ok(asked.length >= 1 && asked.length <= 2, `${asked.length} questions`);
  assert.equal(asked.filter(({ setCookies }) => setCookies.length > 0).length, 1, 'one refresh');
  assert.equal(mostAtOnce(asked), 1);
  assert.deepEqual(await storyOf(tab), ['checking', 'signed-out no-token', 'signed-in']);
  assert.deepEqual(await storyOf(other), ['checking', 'signed-in']);
});

row('a session that ended during the sleep is reported as expired to all tabs', async (world) => {
  const { clock } = world;
  const { other, tab } = await openSleepers(world);
  await tab.freeze();
  await other.freeze();
  clock.advance(WEEK);
  await tab.thaw();
  await tab.show();
  await tab.until('the server was asked', () => window.matrix.client.current().status === 'signed-out');
  assert.equal((await storyOf(tab)).at(-1), 'signed-out expired-idle');
  await other.thaw();
  await other.show();
  await other.until('the other knows', () => window.matrix.client.current().status === 'signed-out');
  assert.equal((await storyOf(other)).at(-1), 'signed-out expired-idle');
});

row('an answer from before the sleep counts for nothing after it', async (world) => {
  const { clock, gate } = world;
  const { other, tab } = await openSleepers(world);
  await other.freeze();
  const holding = gate.hold(VALIDATE);
  await tab.evaluate(() => void window.matrix.client.ask());
  const held = await holding;
  await tab.freeze();
  held.release();
  clock.advance(WEEK);
  await tab.evaluate(() => {
    window.matrix.ahead = 7 * 24 * 3_600_000;
  });
  await tab.show();
  await tab.until('the server was asked anew', () => window.matrix.client.current().status === 'signed-out');
  assert.equal((await storyOf(tab)).at(-1), 'signed-out expired-idle');
});

row('a laptop that sleeps amid a question wakes up signed in', async (world) => {
  const { clock, gate } = world;
  const { browser, other, tab } = await openSleepers(world);
  const holding = gate.hold(VALIDATE);
  await tab.evaluate(() => void window.matrix.client.ask());
  const held = await holding;
  browser.signal('SIGSTOP');
  held.release();
  clock.advance(8 * HOUR);
  browser.signal('SIGCONT');
  assert.equal(await other.evaluate(async () => (await window.matrix.client.ask()).status), 'signed-in');
  assert.equal(await tab.evaluate(async () => (await window.matrix.client.ask()).status), 'signed-in');
  assert.deepEqual(await storyOf(tab), ['checking', 'signed-out no-token', 'signed-in']);
  assert.deepEqual(await storyOf(other), ['checking', 'signed-in']);
});
