/** Several tabs of one browser: they take turns, they hear each other, and none signs another out by accident. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { mostAtOnce } from './harness/front.ts';
import { forgetAccessToken, refreshTokenOf } from './harness/jar.ts';
import { ask, history, looksLike, shows, signIn, signOut, signUp } from './harness/person.ts';
import { matrix, type World } from './harness/world.ts';

const ROUNDS = 100;

const row = matrix({ switches: ['--host-resolver-rules=MAP app.test 127.0.0.1'] });

/** Both tabs ask in the same instant, again and again, each time with an access token that is due. */
async function refreshAtOnce({ browser, clock, edge }: World, tabs: readonly Page[], rounds: number): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    await forgetAccessToken(browser);
    // Old enough to be confirmed and followed by the next one.
    clock.advance(60);
    edge.clear();
    const states = await Promise.all(tabs.map(ask));
    assert.deepEqual(states, Array(tabs.length).fill('signed-in'), `round ${round}`);
    const asked = edge.questions();
    const refreshed = asked.filter(({ setCookies }) => setCookies.length > 0);
    assert.equal(refreshed.length, 1, `round ${round}: one refresh per browser`);
    assert.ok(asked.length <= tabs.length, `round ${round}: nobody asks twice`);
    assert.equal(mostAtOnce(asked), 1, `round ${round}: one question at a time`);
  }
}

row(
  `two tabs that refresh in the same instant, ${ROUNDS} times: one refresh each time and nobody is signed out`,
  async (world) => {
    const { browser, open } = world;
    const first = await open();
    const email = await signUp(first);
    const second = await open();
    await shows(second, 'signed-in');
    const before = [await history(first), await history(second)];
    const tokens = new Set([await refreshTokenOf(browser)]);
    for (let round = 0; round < ROUNDS; round += 1) {
      await refreshAtOnce(world, [first, second], 1);
      tokens.add(await refreshTokenOf(browser));
    }
    assert.ok(tokens.size > ROUNDS / 2, 'the refresh token was followed by the next one all the time');
    for (const tab of [first, second]) assert.equal((await looksLike(tab)).person, email);
    assert.deepEqual([await history(first), await history(second)], before, 'nobody was anything but signed in');
  },
);

row('two tabs that are loaded in the same instant ask one after the other, and both are signed in', async (world) => {
  const { browser, clock, edge, open } = world;
  const [first, second] = [await open(), await open()];
  await signUp(first);
  await shows(second, 'signed-in');
  for (let round = 1; round <= 10; round += 1) {
    await forgetAccessToken(browser);
    clock.advance(60);
    edge.clear();
    await Promise.all([first.reload(), second.reload()]);
    for (const tab of [first, second]) {
      await shows(tab, 'signed-in');
      assert.deepEqual(await history(tab), ['checking', 'signed-in']);
    }
    const asked = edge.questions();
    assert.ok(asked.length <= 2, `round ${round}: ${asked.length} questions`);
    assert.equal(mostAtOnce(asked), 1, `round ${round}: one question at a time`);
    assert.equal(asked.filter(({ setCookies }) => setCookies.length > 0).length, 1, `round ${round}: one refresh`);
  }
});

row('where there are no locks, tabs that ask in the same instant take turns all the same', async (world) => {
  const { edge, gate, open, service } = world;
  // Plain http under a name that is not loopback's. In development the service serves none but loopback's.
  const address = `http://app.test:${edge.port}/app/`;
  gate.pageOrigin = service.url;
  const first = await open(address);
  assert.deepEqual(
    await first.evaluate(() => [isSecureContext, 'locks' in navigator]),
    [false, false],
    'there are none',
  );
  const email = await signUp(first);
  const second = await open(address);
  await shows(second, 'signed-in');
  await refreshAtOnce(world, [first, second], 10);
  for (const tab of [first, second]) assert.equal((await looksLike(tab)).person, email);
});

row('a sign-out in one tab reaches five others in less than a second', async ({ browser, edge, open }) => {
  const first = await open();
  await signUp(first);
  const others = await Promise.all(Array.from({ length: 5 }, () => open()));
  for (const tab of others) await shows(tab, 'signed-in');
  edge.clear();
  const began = await first.evaluate(async () => {
    const { client, clock } = window.matrix;
    const at = clock();
    await client.signOut();
    return at;
  });
  for (const tab of [first, ...others]) {
    await shows(tab, 'signed-out');
    assert.deepEqual(await looksLike(tab), { status: 'signed-out', reason: 'signed-out', person: '' });
    const ended = await tab.evaluate(
      () => window.matrix.seen.findLast(({ status }) => status === 'signed-out')?.at ?? 0,
    );
    assert.ok(ended >= began - 1 && ended - began < 1000, `${(ended - began).toFixed(0)} ms after the click`);
  }
  assert.deepEqual(
    edge.passed.map(({ path, status }) => `${path} ${status}`),
    ['/auth/sign-out 200'],
    'nobody had to ask',
  );
  assert.deepEqual(await browser.cookies(), []);
});

row('a sign-in in one tab reaches the others, whoever it is', async ({ open }) => {
  const [first, second] = [await open(), await open()];
  const ada = await signUp(first);
  await shows(second, 'signed-in');
  await signOut(second);
  await shows(first, 'signed-out');
  const bob = await signUp(first);
  await second.locator('#person').getByText(bob).waitFor();
  await signIn(second, ada);
  await first.locator('#person').getByText(ada).waitFor();
});

row('a sign-out wins over an answer that was under way in another tab', async ({ gate, open }) => {
  const [first, second] = [await open(), await open()];
  await signUp(first);
  await shows(second, 'signed-in');
  const holding = gate.hold('/unified-auth/validate');
  const asked = ask(second);
  const held = await holding;
  await signOut(first);
  await shows(second, 'signed-out');
  held.release();
  assert.equal(await asked, 'signed-out');
  assert.equal((await history(second)).at(-1), 'signed-out');
});
