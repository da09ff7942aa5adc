/** The client where there is no ordinary page: in a frame, and in a service worker without a document. */
import assert from 'node:assert/strict';
import type { SessionClient } from 'holdfast/client';
import type { Worker } from 'playwright-core';
import { waitUntil } from '../services/wait-until.ts';
import { mostAtOnce, VALIDATE } from './harness/front.ts';
import { ask, looksLike, shows, signIn, signOut, signUp } from './harness/person.ts';
import { matrix } from './harness/world.ts';

const row = matrix();

row('in a frame of the same origin it is signed in and out with the page around it', async ({ edge, open }) => {
  const tab = await open();
  const email = await signUp(tab);
  edge.clear();
  const around = await open('/app/frame');
  const frame = around.frameLocator('iframe');
  const status = frame.locator('#status');
  await status.getByText('signed-in', { exact: true }).waitFor();
  assert.equal(await frame.locator('#person').textContent(), email);
  assert.deepEqual(
    edge.questions().map((question) => question.status),
    [200],
  );
  await signOut(tab);
  await status.getByText('signed-out', { exact: true }).waitFor();
  assert.equal(await frame.locator('#person').textContent(), '');
  const inside = around.frames().find((each) => each !== around.mainFrame());
  assert.ok(inside);
  const kind = await inside.evaluate(async (credentials) => (await window.matrix.client.signIn(credentials)).kind, {
    email,
    password: 'seven bridges over the river',
  });
  assert.equal(kind, 'ok', 'a frame can sign in');
  await shows(tab, 'signed-in');
});

/** What the worker's script leaves for tests. */
type InWorker = typeof globalThis & { client: SessionClient };

function statusOf(worker: Worker): Promise<string> {
  return worker.evaluate(() => (globalThis as InWorker).client.current().status);
}

row('in a service worker it asks, hears of sign-outs and sign-ins, and takes its turn', async (world) => {
  const { browser, edge, open } = world;
  const tab = await open();
  const email = await signUp(tab);
  const started = browser.waitForEvent('serviceworker');
  await tab.evaluate(() => navigator.serviceWorker.register('/app/worker.js', { type: 'module', scope: '/app/none/' }));
  const worker = await started;
  world.afterwards(async () => {
    await tab.evaluate(async () => {
      for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister();
    });
  });
  const settled = await waitUntil('the worker’s script has run', () =>
    worker.evaluate(async () => (await (globalThis as InWorker).client.settled()).status),
  );
  assert.equal(settled, 'signed-in');
  assert.deepEqual(await worker.evaluate(() => ['document' in globalThis, 'window' in globalThis]), [false, false]);

  edge.clear();
  const asks = (): Promise<string> => worker.evaluate(async () => (await (globalThis as InWorker).client.ask()).status);
  assert.deepEqual(await Promise.all([ask(tab), asks()]), ['signed-in', 'signed-in']);
  assert.equal(mostAtOnce(edge.questions()), 1, 'one question at a time, of pages and workers alike');

  // With it the browser would end the worker as well.
  world.gate.loses = 'clear-site-data';
  await signOut(tab);
  await waitUntil('the worker heard of the sign-out', async () => (await statusOf(worker)) === 'signed-out');
  await signIn(tab, email);
  await waitUntil('the worker heard of the sign-in', async () => (await statusOf(worker)) === 'signed-in');
  assert.equal((await looksLike(tab)).person, email);

  const answered = await worker.evaluate(async (path) => {
    const response = await (globalThis as InWorker).client.fetch(path, { method: 'POST' });
    return response.status;
  }, VALIDATE);
  assert.equal(answered, 200, 'and its fetch is the worker’s own');
});
