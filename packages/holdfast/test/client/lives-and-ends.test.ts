/** When a client begins, with what, and how it ends: on pages, in workers and on servers. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createSessionClient } from '../../src/client/index.ts';
import type { Environment } from '../../src/client/types.ts';
import { startScriptedService } from './harness/scripted-service.ts';
import { inSession, openSignedIn, openTab, settleDown, VALID } from './harness/tab.ts';
import { createTestClock, START } from './harness/test-clock.ts';

const UNTOUCHED: Environment = {
  fetch: () => assert.fail('asked'),
  now: () => START,
  after: () => assert.fail('waited'),
  random: () => 0,
  locks: { request: () => assert.fail('locked') },
  openChannel: () => assert.fail('opened a channel'),
  watch: () => assert.fail('listened'),
  isHidden: () => assert.fail('looked'),
};

/** Makes this process a page for as long as the test runs: a client tells them from servers by the document alone. */
function bePage(t: TestContext): void {
  Object.defineProperty(globalThis, 'document', { value: { hidden: false }, configurable: true });
  t.after(() => Reflect.deleteProperty(globalThis, 'document'));
}

test('a client does nothing until it is used', () => {
  const client = createSessionClient({ environment: UNTOUCHED, debug: false });
  assert.deepEqual(client.current(), { status: 'checking' });
  assert.equal(client.now(), START);
  assert.deepEqual(client.explain().notes, []);
  assert.equal(client.explain().clockOffset, null);
});

test('on a server a client holds nothing of anybody, and answers to each what theirs means', () => {
  const client = createSessionClient({ environment: UNTOUCHED, initial: VALID, debug: false });
  assert.equal(client.current().status, 'checking');
  const marie = client.begin(VALID);
  const other = client.begin(inSession('s2'));
  assert.ok(marie.status === 'signed-in' && marie.session.id === 's1');
  assert.ok(other.status === 'signed-in' && other.session.id === 's2');
  assert.deepEqual(client.begin({ valid: false, reason: 'no-token' }), { status: 'signed-out', reason: 'no-token' });
  assert.deepEqual(client.begin(), { status: 'checking' });
  assert.deepEqual(client.begin(null), { status: 'checking' });
  assert.equal(client.current().status, 'checking');
});

test('a client with the globals of this runtime can be made, used and ended', async () => {
  await using service = await startScriptedService();
  const client = createSessionClient({ service: service.origin });
  const settled = client.settled();
  assert.equal(client.settled(), settled, 'the same promise until then');
  (await service.next()).answer(200, VALID);
  assert.equal((await settled).status, 'signed-in');
  client.close();
});

test('a page that came with its answer asks nothing, and knows the server’s time', async (t) => {
  bePage(t);
  await using service = await startScriptedService();
  using tab = openTab(service, { initial: VALID });
  const state = tab.client.current();
  assert.ok(state.status === 'signed-in' && state.session.id === 's1');
  assert.equal(await tab.client.settled(), state);
  assert.equal(tab.client.begin(), state, 'what the server rendered');
  assert.equal(tab.client.now(), START + 5000);
  await settleDown();
  assert.equal(tab.asked(), 0);
  tab.clock.advance(Date.parse(VALID.session.idle_expires_at) - START);
  (await service.next()).answer(200, { valid: false, reason: 'expired-idle' });
  await tab.reaches('signed-out');
  assert.equal(tab.client.begin(), state, 'whatever came since');
});

test('a page that came without one, or with one that is none, asks', async (t) => {
  bePage(t);
  await using service = await startScriptedService();
  for (const initial of [null, { valid: true } as never, 'x' as never]) {
    using tab = openTab(service, { initial });
    assert.equal(tab.client.current().status, 'checking');
    (await service.next()).answer(200, VALID);
    await tab.reaches('signed-in');
  }
});

test('a client begins with the first answer it is given before it starts, and with none after', async (t) => {
  bePage(t);
  await using service = await startScriptedService();
  const clock = createTestClock();
  const environment = { now: clock.now, after: clock.after };
  const client = createSessionClient({ service: service.origin, environment, debug: false });
  const first = client.begin(VALID);
  assert.equal(client.current(), first);
  client.begin({ valid: false, reason: 'no-token' });
  assert.equal(client.current(), first);
  client.close();

  using tab = openTab(service);
  tab.client.begin({ valid: false, reason: 'no-token' });
  assert.equal(tab.client.current().status, 'checking');
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('settled answers at once when all is known, and not what was known before a page came back', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  assert.equal(await tab.client.settled(), tab.client.current());
  tab.putAway();
  tab.wake('restored');
  const settled = tab.client.settled();
  assert.equal(settled, tab.client.settled());
  (await service.next()).answer(200, { valid: false, reason: 'signed-out' });
  assert.equal((await settled).status, 'signed-out');
});

test('an outage settles, too', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const settled = tab.client.settled();
  (await service.next()).cut();
  assert.equal((await settled).status, 'unreachable');
});

test('a closed client asks nothing any more, and keeps its state', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  const asking = tab.client.ask();
  await service.next();
  tab.client.close();
  assert.equal((await asking).status, 'signed-in');
  tab.clock.advance(400 * 86_400_000);
  await settleDown();
  assert.equal(tab.asked(), 2);
  assert.equal(tab.client.current().status, 'signed-in');
});

test('a command whose answer comes after the end is obeyed no more', async () => {
  await using service = await startScriptedService();
  const tab = await openSignedIn(service);
  const leaving = tab.client.signOut();
  const request = await service.next();
  tab.client.close();
  request.answer(204, '');
  assert.equal((await leaving).kind, 'ok');
  await settleDown();
  assert.equal(tab.asked(), 1);
});

test('what the browser does not have is done without', async () => {
  await using service = await startScriptedService();
  const clock = createTestClock();
  using tab = openTab(service, { clock, environment: { locks: null, openChannel: null } });
  await settleDown();
  clock.advance(50);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('locks that are refused, as in an iframe without an origin, hold nobody up', async () => {
  await using service = await startScriptedService();
  const locks = { request: () => Promise.reject(new DOMException('no', 'SecurityError')) };
  using tab = openTab(service, { environment: { locks: locks as never } });
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});
