/** What the client says of itself: events, notes, findings, and nothing that would open a session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel, Note } from '../../src/client/types.ts';
import { startScriptedService } from './harness/scripted-service.ts';
import { CREDENTIALS, MARIE, openSignedIn, openSignedOut, openTab, settleDown, VALID } from './harness/tab.ts';

test('events come with their states, in order, until they are no longer wanted', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const heard: string[] = [];
  const { client } = tab;
  const stops = (['checking', 'signed-in', 'signed-out', 'unreachable', 'change'] as const).map((event) =>
    client.on(event, (value) => {
      assert.equal(value, client.current());
      heard.push(event === 'change' ? 'change' : `${event}!`);
    }),
  );
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  void client.ask();
  (await service.next()).answer(503, {});
  await tab.reaches('unreachable');
  tab.putAway();
  tab.wake('restored');
  (await service.next()).answer(200, { valid: false, reason: 'revoked' });
  await tab.reaches('signed-out');
  assert.deepEqual(heard, [
    'signed-in!',
    'change',
    'unreachable!',
    'change',
    'checking!',
    'change',
    'signed-out!',
    'change',
  ]);
  for (const stop of stops) stop();
  void client.ask();
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  assert.equal(heard.length, 8);
});

test('the state is the same object until it changes', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  assert.equal(tab.client.current(), tab.client.current());
});

test('a listener that throws stops nothing', async () => {
  await using service = await startScriptedService();
  const thrown: unknown[] = [];
  const [onThrow] = process.listeners('uncaughtException');
  const keep = (error: unknown): void => void thrown.push(error);
  process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
  try {
    using tab = openTab(service);
    for (const event of ['change', 'signed-in', 'note'] as const) {
      tab.client.on(event, () => {
        throw new Error(`thrown by a listener of ${event}`);
      });
    }
    let calls = 0;
    tab.client.subscribe(() => {
      calls += 1;
    });
    (await service.next()).answer(200, VALID);
    await tab.reaches('signed-in');
    assert.equal(calls, 1);
    const leaving = tab.client.signOut();
    (await service.next()).answer(204, '');
    assert.equal((await leaving).kind, 'ok');
    tab.client.close();
    await settleDown();
    assert.ok(thrown.length > 0, 'the page hears of its own errors');
  } finally {
    process.off('uncaughtException', keep);
    if (onThrow) process.on('uncaughtException', onThrow);
  }
});

test('explain tells why, as data and in order', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const leaving = tab.client.signOut();
  (await service.next()).answer(204, '');
  await leaving;
  const { state, notes, findings, asks, clockOffset } = tab.client.explain();
  assert.equal(state, tab.client.current());
  assert.deepEqual(findings, []);
  assert.equal(asks, `${service.origin}/unified-auth/validate`);
  assert.equal(clockOffset, 5000);
  assert.deepEqual(
    notes.map(({ event, detail, status }) => `${event} ${detail} [${status}]`),
    [
      'wake start [checking]',
      `asked ${asks} [checking]`,
      'answered signed-in [checking]',
      'state checking → signed-in (answered signed-in) [signed-in]',
      'command /auth/sign-out [signed-in]',
      'answered 204 [signed-in]',
      'state signed-in → signed-out (answered 204) [signed-out]',
    ],
  );
  for (const note of notes) assert.equal(note.at, tab.clock.now());
});

test('the last 50 notes are kept, and listeners get them all', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const heard: Note[] = [];
  tab.client.on('note', (note) => heard.push(note));
  for (let round = 0; round < 20; round += 1) {
    const answered = tab.noted('answered');
    void tab.client.ask();
    (await service.next()).answer(200, VALID);
    await answered;
  }
  const { notes } = tab.client.explain();
  assert.equal(notes.length, 50);
  assert.equal(heard.length, 60);
  assert.deepEqual(notes, heard.slice(-50));
});

test('what was explained does not change afterwards', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const { notes } = tab.client.explain();
  const { length } = notes;
  void tab.client.ask();
  (await service.next()).answer(200, VALID);
  await tab.until(() => tab.count('answered') === 2);
  assert.equal(notes.length, length);
});

test('in development the console says each change with its reason', async (t) => {
  await using service = await startScriptedService();
  const said: string[] = [];
  t.mock.method(console, 'info', (line: string) => said.push(line));
  t.mock.method(console, 'warn', (line: string) => said.push(line));
  using tab = openTab(service, { debug: true });
  (await service.next()).answer(200, '<html>', {});
  await tab.reaches('unreachable');
  tab.clock.advance(1000);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  assert.deepEqual(said, [
    'session: not-the-service: something else answered',
    'session: checking → unreachable (failed 200)',
    'session: unreachable → signed-in (answered signed-in)',
  ]);
});

test('elsewhere the console stays silent', async (t) => {
  await using service = await startScriptedService();
  const said: string[] = [];
  for (const method of ['info', 'warn', 'log', 'error'] as const) {
    t.mock.method(console, method, (line: string) => said.push(line));
  }
  using tab = openTab(service, { debug: false });
  (await service.next()).answer(200, '<html>', {});
  await tab.reaches('unreachable');
  assert.deepEqual(said, []);
});

test('folded cookies are found by the answer’s hint, once', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  for (const round of [1, 2]) {
    (await service.next()).answer(200, VALID, { 'x-session-hint': 'refresh-cookie-missing' });
    await tab.until(() => tab.count('answered') === round);
    if (round === 1) void tab.client.ask();
  }
  assert.deepEqual(
    tab.client.explain().findings.map(({ code }) => code),
    ['set-cookie-folded'],
  );
  assert.equal(tab.count('found'), 1);
});

for (const [name, status, body] of [
  ['a captive portal', 200, '<html>'],
  ['a firewall', 403, '<html>'],
  ['a fallback page', 404, {}],
] as const) {
  test(`${name} is found out`, async () => {
    await using service = await startScriptedService();
    using tab = openTab(service);
    (await service.next()).answer(status, body);
    await tab.reaches('unreachable');
    assert.deepEqual(
      tab.client.explain().findings.map(({ code }) => code),
      ['not-the-service'],
    );
  });
}

test('a service that is down is nothing to find', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  (await service.next()).answer(503, '<html>');
  await tab.reaches('unreachable');
  assert.deepEqual(tab.client.explain().findings, []);
});

test('cookies that do not come back after a sign-in are found', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const entering = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, MARIE);
  await entering;
  void tab.client.ask();
  (await service.next()).answer(200, { valid: false, reason: 'no-token' });
  await tab.reaches('signed-out');
  assert.deepEqual(
    tab.client.explain().findings.map(({ code }) => code),
    ['cookies-not-kept'],
  );
});

test('cookies that came back once, and go with the session, are nothing to find', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const entering = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, MARIE);
  await entering;
  const answers = [VALID, { valid: false, reason: 'expired-idle' }, { valid: false, reason: 'no-token' }];
  for (const answer of answers) {
    const answered = tab.noted('answered');
    void tab.client.ask();
    (await service.next()).answer(200, answer);
    await answered;
  }
  assert.deepEqual(tab.client.explain().findings, []);
});

test('nor are those that another tab’s sign-out took', async () => {
  await using service = await startScriptedService();
  const channel: Channel = { onmessage: null, postMessage: () => undefined, close: () => undefined };
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: () => channel } });
  const entering = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, MARIE);
  await entering;
  channel.onmessage?.({ data: { news: 'signed-out', at: tab.clock.now() + 1, session: 's1', reason: 'signed-out' } });
  void tab.client.ask();
  (await service.next()).answer(200, { valid: false, reason: 'no-token' });
  await tab.until(() => tab.count('answered') === 3);
  assert.deepEqual(tab.client.explain().findings, []);
});

test('no password stands in what it says of itself', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const entering = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(200, MARIE);
  await entering;
  assert.ok(!JSON.stringify(tab.client.explain().notes).includes(CREDENTIALS.password));
});
