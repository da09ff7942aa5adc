/** Pages that the browser keeps for going back: they show nobody who has left, and keep nobody waiting. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { ask as request, signInDirectly } from '../e2e/harness/direct.ts';
import { VALIDATE } from './harness/front.ts';
import { ask, history, looksLike, PASSWORD, shows, signOut, signUp } from './harness/person.ts';
import { matrix } from './harness/world.ts';

const row = matrix();

/** Leaves the page for another one, and comes back to it as it was left. */
async function goesBack(tab: Page): Promise<void> {
  await tab.goBack({ waitUntil: 'commit' });
}

row('a page kept by the browser shows nothing of whoever has signed out meanwhile', async ({ gate, open, url }) => {
  // With this header the browser forgets the page itself, as the next row shows; other services may not send it.
  gate.loses = 'clear-site-data';
  const tab = await open();
  const email = await signUp(tab);
  const other = await open();
  await shows(other, 'signed-in');
  await tab.goto(`${url}/app/elsewhere`);
  await signOut(other);
  await goesBack(tab);
  await shows(tab, 'signed-out');
  const restored = await tab.evaluate(() => window.matrix.restored);
  assert.deepEqual(restored, [''], `restored once as it was left, without ${email}`);
  assert.deepEqual(await history(tab), ['checking', 'signed-out', 'signed-in', 'checking', 'signed-out']);
});

row('a sign-out makes the browser forget the pages that it keeps', async ({ open, url }) => {
  const tab = await open();
  await signUp(tab);
  const other = await open();
  await shows(other, 'signed-in');
  await tab.goto(`${url}/app/elsewhere`);
  await signOut(other);
  await goesBack(tab);
  await shows(tab, 'signed-out');
  assert.deepEqual(await tab.evaluate(() => window.matrix.restored), []);
  assert.deepEqual(await history(tab), ['checking', 'signed-out']);
});

row('a page kept by the browser shows nothing of whoever was signed out from another device', async (world) => {
  const { open, service, url } = world;
  const tab = await open();
  const email = await signUp(tab);
  await tab.goto(`${url}/app/elsewhere`);
  const cookie = await signInDirectly(service.url, { email, password: PASSWORD });
  const { status } = await request('POST', `${service.url}/auth/sessions/revoke-others`, { cookie });
  assert.equal(status, 200);
  await goesBack(tab);
  await shows(tab, 'signed-out');
  assert.deepEqual(await tab.evaluate(() => window.matrix.restored), ['']);
  assert.equal((await looksLike(tab)).reason, 'revoked');
});

row('a page kept by the browser asks once when it comes back, and carries on', async ({ edge, open, url }) => {
  const tab = await open();
  const email = await signUp(tab);
  await tab.goto(`${url}/app/elsewhere`);
  edge.clear();
  await goesBack(tab);
  await shows(tab, 'signed-in');
  assert.equal((await looksLike(tab)).person, email);
  assert.deepEqual(await tab.evaluate(() => window.matrix.restored), ['']);
  assert.deepEqual(
    edge.passed.map(({ path, status }) => `${path} ${status}`),
    [`${VALIDATE} 200`],
  );
  assert.deepEqual(await history(tab), ['checking', 'signed-out', 'signed-in', 'checking', 'signed-in']);
});

row('a question under way neither keeps a page out of that cache nor keeps others waiting', async (world) => {
  const { edge, gate, open, url } = world;
  const tab = await open();
  await signUp(tab);
  const other = await open();
  await shows(other, 'signed-in');
  const holding = gate.hold(VALIDATE);
  await tab.evaluate(() => void window.matrix.client.ask());
  const held = await holding;
  await tab.goto(`${url}/app/elsewhere`);
  const began = performance.now();
  assert.equal(await ask(other), 'signed-in');
  const waited = performance.now() - began;
  assert.ok(waited < 2000, `the other tab waited ${waited.toFixed(0)} ms`);
  held.release();
  edge.clear();
  await goesBack(tab);
  await shows(tab, 'signed-in');
  assert.deepEqual(await tab.evaluate(() => window.matrix.restored), ['']);
  assert.deepEqual(
    edge.questions().map(({ status }) => status),
    [200],
  );
});
