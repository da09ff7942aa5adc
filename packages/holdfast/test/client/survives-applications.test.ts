/** What the application or the browser throws at the client stops nothing: it asks on, answers, and lets go of its turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScriptedService } from './harness/scripted-service.ts';
import { openSignedIn, openTab, VALID } from './harness/tab.ts';

test('a user that the application cannot read is no answer, and foreign JSON does not even reach it', async () => {
  await using service = await startScriptedService();
  const read: unknown[] = [];
  using tab = openTab(service, {
    readUser(user) {
      read.push(user);
      throw new Error('not what was expected');
    },
  });
  (await service.next()).answer(200, { error: 'a captive portal' });
  await tab.reaches('unreachable');
  assert.deepEqual(read, []);
  const asking = tab.client.ask();
  (await service.next()).answer(200, VALID);
  assert.equal((await asking).status, 'unreachable');
  assert.deepEqual(read, [VALID.user]);
  // The turn was let go of, so the next question is not kept waiting.
  const again = tab.client.ask();
  (await service.next()).answer(200, { valid: false, reason: 'revoked' });
  assert.equal((await again).status, 'signed-out');
});

test('a channel that may not be opened keeps nobody from asking', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service, {
    environment: {
      openChannel() {
        throw new DOMException('storage is denied here', 'SecurityError');
      },
    },
  });
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a function for debugging that throws stops nothing', async () => {
  await using service = await startScriptedService();
  const thrown: unknown[] = [];
  const former = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => void thrown.push(error));
  try {
    using tab = openTab(service, {
      debug() {
        throw new Error('the log is full');
      },
    });
    (await service.next()).answer(200, VALID);
    await tab.reaches('signed-in');
    await new Promise(setImmediate);
    assert.notEqual(thrown.length, 0);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of former) process.on('uncaughtException', listener);
  }
});

test('a refusal of the service itself is not blamed on somebody in between', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const asking = tab.client.ask();
  (await service.next()).answer(403, { code: 'forbidden-origin', detail: 'ALLOWED_ORIGINS does not list this page.' });
  assert.equal((await asking).status, 'unreachable');
  assert.deepEqual(tab.client.explain().findings, []);
  assert.ok(tab.notes.some(({ event, detail }) => event === 'failed' && detail === '403 forbidden-origin'));
});
