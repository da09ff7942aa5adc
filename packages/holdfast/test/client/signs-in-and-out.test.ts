/** Commands: sign-in, sign-up and sign-out, and which of their answers and of others count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../src/client/types.ts';
import { startScriptedService } from './harness/scripted-service.ts';
import {
  CREDENTIALS,
  inSession,
  MARIE,
  openSignedIn,
  openSignedOut,
  openTab,
  settleDown,
  VALID,
} from './harness/tab.ts';
import { START } from './harness/test-clock.ts';

/** The other tabs as this one hears and tells them. */
function openLine(): { readonly told: unknown[]; say(news: unknown): void; readonly openChannel: () => Channel } {
  const told: unknown[] = [];
  const channel: Channel = { onmessage: null, postMessage: (message) => told.push(message), close: () => undefined };
  return {
    told,
    say: (data) => channel.onmessage?.({ data: data instanceof Object ? { at: START + 1, ...data } : data }),
    openChannel: () => channel,
  };
}

function newsOf(told: readonly unknown[]): string[] {
  return (told as { news?: string; session?: string; reason?: string }[])
    .filter(({ news }) => news !== undefined)
    .map(({ news, session, reason }) => [news, session, reason].join(' ').trim());
}

test('sign-in sends JSON, is signed in by its answer, and tells the other tabs', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: line.openChannel } });
  const result = tab.client.signIn(CREDENTIALS);
  const request = await service.next();
  assert.equal(`${request.method} ${request.path}`, 'POST /auth/sign-in');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.equal(request.isPassive, false);
  assert.deepEqual(JSON.parse(request.body), CREDENTIALS);
  request.answer(200, MARIE);
  assert.deepEqual(await result, { kind: 'ok', body: MARIE });
  assert.equal(tab.client.current().status, 'signed-in');
  assert.deepEqual(newsOf(line.told), ['signed-in s1']);
  assert.equal(tab.asked(), 1, 'the answer says it all');
});

test('sign-up goes to its path, and so does any other request that signs in', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token', { paths: { signUp: '/join' } });
  const signingUp = tab.client.signUp({ ...CREDENTIALS, name: 'Marie' });
  const first = await service.next();
  assert.equal(first.path, '/join');
  first.answer(201, MARIE);
  await signingUp;
  assert.equal(tab.client.current().status, 'signed-in');
  const entering = tab.client.enter('/auth/magic-link', { token: 'x' });
  const second = await service.next();
  assert.equal(`${second.path} ${second.body}`, '/auth/magic-link {"token":"x"}');
  second.answer(200, inSession('s2'));
  await entering;
  const state = tab.client.current();
  assert.ok(state.status === 'signed-in' && state.session.id === 's2');
});

test('a refused sign-in answers the problem, and neither changes, tells nor asks anything', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: line.openChannel } });
  const result = tab.client.signUp(CREDENTIALS);
  const problem = {
    code: 'validation-failed',
    title: 'Not accepted',
    detail: 'See errors',
    errors: [{ pointer: '/password', detail: 'Too short' }, 'nonsense', null],
  };
  (await service.next()).answer(422, problem, { 'content-type': 'application/problem+json', 'retry-after': '9' });
  const refused = { ...problem, status: 422, errors: [problem.errors[0]], retryAfterSeconds: 9 };
  assert.deepEqual(await result, { kind: 'refused', problem: refused });
  await settleDown();
  assert.deepEqual(tab.client.current(), { status: 'signed-out', reason: 'no-token' });
  assert.deepEqual(newsOf(line.told), []);
  assert.equal(tab.asked(), 1);
});

test('a sign-in that is refused while somebody is signed in leaves the rest to the server', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const result = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(401, { code: 'wrong-credentials' });
  await result;
  assert.equal(tab.client.current().status, 'signed-in');
  (await service.next()).answer(200, { valid: false, reason: 'signed-out' });
  await tab.reaches('signed-out');
});

test('a sign-in whose answer was lost is settled by asking', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const result = tab.client.signIn(CREDENTIALS);
  (await service.next()).cut();
  assert.deepEqual(await result, { kind: 'unreachable', retryAfterSeconds: null });
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
});

test('a sign-in that does not say who is settled by asking', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const result = tab.client.signIn(CREDENTIALS);
  (await service.next()).answer(202, { detail: 'Look at your mail.' });
  assert.deepEqual(await result, { kind: 'ok', body: { detail: 'Look at your mail.' } });
  (await service.next()).answer(200, { valid: false, reason: 'no-token' });
  await tab.until(() => tab.count('answered') === 3);
  assert.deepEqual(tab.client.explain().findings, [], 'no cookie was promised');
});

test('a command that is not answered in time changes nothing and is settled by asking', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const result = tab.client.signOut();
  await service.next();
  tab.clock.advance(1_000_000);
  assert.equal((await result).kind, 'unreachable');
  (await service.next()).answer(200, VALID);
  await tab.until(() => tab.count('answered') === 2);
  assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
});

for (const moment of ['after', 'before', 'during'] as const) {
  test(`RV2: a sign-out wins over an answer that comes ${moment} its own`, async () => {
    await using service = await startScriptedService();
    const line = openLine();
    using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
    void tab.client.ask();
    const late = await service.next();
    const result = tab.client.signOut();
    const request = await service.next();
    assert.equal(`${request.method} ${request.path}`, 'POST /auth/sign-out');
    if (moment !== 'after') late.answer(200, VALID);
    if (moment === 'before') await settleDown();
    request.answer(204, '');
    assert.deepEqual(await result, { kind: 'ok', body: null });
    if (moment === 'after') late.answer(200, VALID);
    await tab.until(() => tab.count('dropped') === 1);
    await settleDown();
    assert.deepEqual(tab.client.current(), { status: 'signed-out', reason: 'signed-out' });
    assert.deepEqual(newsOf(line.told), ['signed-in s1', 'signed-out s1 signed-out']);
    assert.equal(tab.asked(), 2);
  });
}

test('RV2: an answer of a network that cannot be stopped loses against the sign-out as well', async () => {
  await using service = await startScriptedService();
  const unstoppable = (input: string | URL | Request, init?: RequestInit) => fetch(input, { ...init, signal: null });
  using tab = await openSignedIn(service, { environment: { fetch: unstoppable } });
  void tab.client.ask();
  const late = await service.next();
  const result = tab.client.signOut();
  (await service.next()).answer(204, '');
  await result;
  late.answer(200, VALID);
  await tab.until(() => tab.count('dropped') === 1);
  assert.equal(tab.client.current().status, 'signed-out');
});

for (const [name, status] of [
  ['that the server could not do', 503],
  ['that was refused', 403],
] as const) {
  test(`a sign-out ${name} is no sign-out`, async () => {
    await using service = await startScriptedService();
    const line = openLine();
    using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
    const result = tab.client.signOut();
    (await service.next()).answer(status, {});
    assert.notEqual((await result).kind, 'ok');
    assert.equal(tab.client.current().status, 'signed-in');
    (await service.next()).answer(200, VALID);
    await tab.until(() => tab.count('answered') === 2);
    assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
    assert.equal(newsOf(line.told).length, 1, 'only who was found at first');
  });
}

test('a question waits for a command, and its answer spares it', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const result = tab.client.signIn(CREDENTIALS);
  const request = await service.next();
  const asking = tab.client.ask();
  tab.wake('online');
  await settleDown();
  assert.equal(tab.asked(), 1);
  request.answer(200, MARIE);
  await result;
  assert.equal((await asking).status, 'signed-in');
  assert.equal(service.log.length, 2);
});

test('a question that waited for a command without certainty is asked then, once', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const result = tab.client.signIn(CREDENTIALS);
  const request = await service.next();
  const asking = tab.client.ask();
  request.answer(503, {});
  await result;
  (await service.next()).answer(200, VALID);
  assert.equal((await asking).status, 'signed-in');
  assert.equal(tab.asked(), 2);
});

test('two commands at once are settled by asking', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const leaving = tab.client.signOut();
  const out = await service.next();
  const entering = tab.client.signIn(CREDENTIALS);
  const into = await service.next();
  out.answer(204, '');
  await leaving;
  into.answer(200, MARIE);
  await entering;
  (await service.next()).answer(200, inSession('s2'));
  await tab.until(() => tab.count('answered') === 4);
  const state = tab.client.current();
  assert.ok(state.status === 'signed-in' && state.session.id === 's2');
});

test('news of a sign-out is one here, keeps its reason, and wins over an answer on its way', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
  void tab.client.ask();
  const late = await service.next();
  line.say({ news: 'signed-out', session: 's1', reason: 'revoked' });
  assert.deepEqual(tab.client.current(), { status: 'signed-out', reason: 'revoked' });
  late.answer(200, VALID);
  await tab.until(() => tab.count('dropped') === 1);
  assert.equal(tab.client.current().status, 'signed-out');
});

test('news of the end of another session is a reason to ask, not to conclude', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
  for (const session of ['an older one', '']) {
    line.say({ news: 'signed-out', session });
    assert.equal(tab.client.current().status, 'signed-in');
    const question = await service.next();
    assert.equal(question.isPassive, true);
    const answered = tab.noted('answered');
    question.answer(200, VALID);
    assert.equal((await answered).status, 'signed-in');
  }
});

test('a sign-in in another tab makes this one ask, and an older "not valid" on its way does not count', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = openTab(service, { environment: { openChannel: line.openChannel } });
  const late = await service.next();
  line.say({ news: 'signed-in', session: 's1' });
  late.answer(200, { valid: false, reason: 'no-token' });
  const question = await service.next();
  assert.equal(tab.client.current().status, 'checking');
  question.answer(200, VALID);
  await tab.reaches('signed-in');
  assert.ok(!tab.states.some((state) => state.status === 'signed-out'));
});

test('news of the very session that is known here is none', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
  line.say({ news: 'signed-in', session: 's1' });
  await settleDown();
  assert.equal(tab.asked(), 1);
});

test('a sign-in overtaken by a sign-in elsewhere is settled by asking', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: line.openChannel } });
  const result = tab.client.signIn(CREDENTIALS);
  const request = await service.next();
  void tab.client.ask();
  line.say({ news: 'signed-in', session: 's2' });
  request.answer(200, MARIE);
  await result;
  (await service.next()).answer(200, inSession('s2'));
  const state = await tab.reaches('signed-in');
  assert.equal(state.session.id, 's2');
});

test('a sign-in overtaken by a sign-out elsewhere is settled by asking', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: line.openChannel } });
  const result = tab.client.signIn(CREDENTIALS);
  const request = await service.next();
  // The other tab has signed out whoever this sign-in made, and knows them under an older session.
  line.say({ news: 'signed-out', session: 's0' });
  request.answer(200, MARIE);
  await result;
  assert.equal(tab.client.current().status, 'signed-out');
  (await service.next()).answer(200, { valid: false, reason: 'signed-out' });
  await tab.until(() => tab.count('answered') === 3);
  assert.ok(!tab.states.some((state) => state.status === 'signed-in'));
});

test('RV2: somebody who came and left while this tab was asking is not shown by the late answer', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedOut(service, 'no-token', { environment: { openChannel: line.openChannel } });
  line.say({ news: 'signed-in', session: 's1' });
  const late = await service.next();
  line.say({ news: 'signed-out', session: 's1' });
  late.answer(200, VALID);
  (await service.next()).answer(200, { valid: false, reason: 'signed-out' });
  await tab.until(() => tab.client.explain().notes.at(-1)?.event === 'answered');
  await settleDown();
  assert.ok(!tab.states.some((state) => state.status === 'signed-in'));
});

test('anything else on the channel is ignored', async () => {
  await using service = await startScriptedService();
  const line = openLine();
  using tab = await openSignedIn(service, { environment: { openChannel: line.openChannel } });
  for (const noise of [null, undefined, 'signed-out', 7, [], {}, { type: 'toString' }, { asked: 7, body: null }]) {
    line.say(noise);
  }
  await settleDown();
  assert.equal(tab.client.current().status, 'signed-in');
  assert.equal(tab.asked(), 1);
});
