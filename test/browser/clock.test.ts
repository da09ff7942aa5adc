/** A computer whose clock is wrong: nothing depends on it, and `client.now()` is right all the same. */
import assert from 'node:assert/strict';
import { ask, history, looksLike, shows, signUp } from './harness/person.ts';
import { matrix, type World } from './harness/world.ts';

const HOUR_MS = 3_600_000;

const row = matrix();

/** The wrong clock is the page's: whatever it reads as the time is off. */
async function openWith(world: World, offMs: number) {
  const tab = await world.browser.newPage();
  await tab.addInitScript(`{
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length === 0 ? super(Real.now() + ${offMs}) : super(...parts); }
      static now() { return Real.now() + ${offMs}; }
    };
  }`);
  await tab.goto(`${world.url}/app/`);
  const wrong = await tab.evaluate(() => Date.now());
  assert.ok(Math.abs(wrong - Date.now() - offMs) < 10_000, 'the clock is wrong');
  return tab;
}

for (const [words, offMs] of [
  ['an hour fast', HOUR_MS],
  ['an hour slow', -HOUR_MS],
] as const) {
  row(`with a clock that is ${words} everything is as with a right one`, async (world) => {
    const { edge, url } = world;
    const tab = await openWith(world, offMs);
    const email = await signUp(tab);
    const serverNow = await tab.evaluate(() => window.matrix.client.now());
    assert.ok(Math.abs(serverNow - Date.now()) < 2000, `it is wrong by ${serverNow - Date.now()} ms`);
    edge.clear();
    await tab.goto(`${url}/app/protected`);
    await shows(tab, 'signed-in');
    await tab.reload();
    await shows(tab, 'signed-in');
    assert.deepEqual(await history(tab), ['checking', 'signed-in'], 'no conclusion but the server’s');
    assert.equal((await looksLike(tab)).person, email);
    assert.equal(edge.questions().length, 2, 'one question for each time it was loaded');
    const [now, ends, created] = await tab.evaluate(() => {
      const { client } = window.matrix;
      const state = client.current();
      if (state.status !== 'signed-in') return [];
      return [client.now(), state.session.idleExpiresAt, state.session.createdAt];
    });
    assert.ok(now && ends && created, 'signed in, with its times');
    assert.ok(Math.abs(now - Date.now()) < 2000, 'right after F5, too');
    assert.ok(created <= now + 2000 && now - created < 60_000, 'made just now');
    assert.ok(Math.abs(ends - now - 7 * 24 * HOUR_MS) < 120_000, 'a week is left');
  });
}

row('the session’s end is the server’s, however early a fast clock would have it', async (world) => {
  const { clock, edge } = world;
  // Ten days ahead, beyond the end of the session as this computer sees it.
  const tab = await openWith(world, 240 * HOUR_MS);
  await signUp(tab);
  edge.clear();
  assert.equal(await ask(tab), 'signed-in');
  assert.deepEqual(await history(tab), ['checking', 'signed-out', 'signed-in']);
  assert.equal(edge.questions().length, 1, 'it was not taken for over');
  clock.advance(7 * 24 * 3600 + 600);
  assert.equal(await ask(tab), 'signed-out');
  assert.equal((await looksLike(tab)).reason, 'expired-idle');
});
