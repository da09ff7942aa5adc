/** The application's own requests: a 401 about the session leads to one question and one repetition, never to more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pending, type ScriptedService, startScriptedService } from './harness/scripted-service.ts';
import { openSignedIn, openSignedOut, openTab, settleDown, VALID } from './harness/tab.ts';

const ENDED = { 'x-session-reason': 'expired-idle' };

function refuse(request: Pending): void {
  request.answer(401, { code: 'not-signed-in' }, ENDED);
}

/** The next request to the API, which must not be the question. */
async function nextFor(service: ScriptedService, path: string): Promise<Pending> {
  const request = await service.next();
  assert.equal(request.path, path);
  return request;
}

test('an answer that is no 401 passes as it is', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  for (const status of [200, 403, 404, 503]) {
    const answering = tab.client.fetch(`${service.origin}/api`);
    (await nextFor(service, '/api')).answer(status, { said: status }, ENDED);
    const answer = await answering;
    assert.equal(answer.status, status);
    assert.deepEqual(await answer.json(), { said: status });
  }
  assert.equal(tab.asked(), 1);
});

test('a 401 about the session leads to one question and one repetition', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${service.origin}/api?x=1`, {
    method: 'POST',
    body: 'text',
    headers: { 'x-a': 'b' },
  });
  refuse(await nextFor(service, '/api?x=1'));
  const question = await nextFor(service, '/unified-auth/validate');
  assert.equal(question.isPassive, false);
  question.answer(200, VALID);
  const again = await nextFor(service, '/api?x=1');
  assert.equal(`${again.method} ${again.body} ${again.headers['x-a']}`, 'POST text b');
  again.answer(200, { fine: true });
  assert.deepEqual(await (await answering).json(), { fine: true });
});

test('a second 401 is the answer, and nothing goes round', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${service.origin}/api`);
  refuse(await nextFor(service, '/api'));
  (await nextFor(service, '/unified-auth/validate')).answer(200, VALID);
  refuse(await nextFor(service, '/api'));
  assert.equal((await answering).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 2);
  assert.equal(tab.client.current().status, 'signed-in');
});

test('where nobody is signed in any more, the 401 is the answer, and the state says so', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${service.origin}/api`);
  refuse(await nextFor(service, '/api'));
  (await nextFor(service, '/unified-auth/validate')).answer(200, { valid: false, reason: 'expired-idle' });
  assert.equal((await answering).status, 401);
  assert.deepEqual(tab.client.current(), { status: 'signed-out', reason: 'expired-idle' });
});

test('where the server does not answer the question, the 401 is the answer, and nobody is signed out', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${service.origin}/api`);
  refuse(await nextFor(service, '/api'));
  (await nextFor(service, '/unified-auth/validate')).answer(503, {});
  const answer = await answering;
  assert.deepEqual([answer.status, await answer.json()], [401, { code: 'not-signed-in' }]);
  const state = tab.client.current();
  assert.ok(state.status === 'unreachable' && state.lastKnown?.status === 'signed-in');
});

test('a 401 without a session reason is the application’s own', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${service.origin}/api`);
  (await nextFor(service, '/api')).answer(401, {});
  assert.equal((await answering).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 1);
});

test('10 requests refused at once lead to one question', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const paths = Array.from({ length: 10 }, (_, index) => `/api/${index}`);
  const answering = paths.map((path) => tab.client.fetch(service.origin + path));
  const requests = await Promise.all(paths.map(() => service.next()));
  for (const request of requests) refuse(request);
  const question = await nextFor(service, '/unified-auth/validate');
  // All of the refusals are read by then.
  await tab.until(() => tab.notes.filter(({ detail }) => detail === 'page').length === 10);
  question.answer(200, VALID);
  for (const _ of paths) (await service.next()).answer(200, {});
  assert.deepEqual([...new Set((await Promise.all(answering)).map((answer) => answer.status))], [200]);
  assert.equal(tab.asked(), 2);
});

test('who is known to be signed out is not asked about again', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const answering = tab.client.fetch(`${service.origin}/api`);
  refuse(await nextFor(service, '/api'));
  assert.equal((await answering).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 1);
});

test('a 401 from before a sign-in is sent again after it', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedOut(service, 'no-token');
  const answering = tab.client.fetch(`${service.origin}/api`);
  const early = await nextFor(service, '/api');
  const entering = tab.client.signIn({});
  (await nextFor(service, '/auth/sign-in')).answer(200, VALID);
  await entering;
  refuse(early);
  (await nextFor(service, '/unified-auth/validate')).answer(200, VALID);
  (await nextFor(service, '/api')).answer(200, {});
  assert.equal((await answering).status, 200);
});

test('the first request of a page that has not asked yet waits for the same question', async () => {
  await using service = await startScriptedService();
  using tab = openTab(service);
  const question = await nextFor(service, '/unified-auth/validate');
  const answering = tab.client.fetch(`${service.origin}/api`);
  refuse(await nextFor(service, '/api'));
  await tab.until(() => tab.notes.some(({ detail }) => detail === 'page'));
  question.answer(200, VALID);
  (await nextFor(service, '/api')).answer(200, {});
  assert.equal((await answering).status, 200);
  assert.equal(tab.asked(), 1);
});

test('the 401s of other origins are theirs, unless they are named', async () => {
  await using service = await startScriptedService();
  await using stranger = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.fetch(`${stranger.origin}/api`);
  const request = await stranger.next();
  assert.equal(request.headers.cookie, undefined);
  refuse(request);
  assert.equal((await answering).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 1);

  using friend = await openSignedIn(service, { apiOrigins: [stranger.origin] });
  const heeding = friend.client.fetch(new URL('/api', stranger.origin));
  refuse(await stranger.next());
  (await nextFor(service, '/unified-auth/validate')).answer(200, VALID);
  (await stranger.next()).answer(200, {});
  assert.equal((await heeding).status, 200);
});

test('a 401 to which a redirect to another origin led is theirs', async () => {
  await using service = await startScriptedService();
  await using stranger = await startScriptedService();
  using tab = await openSignedIn(service);
  const leaving = tab.client.fetch(`${service.origin}/leave`);
  (await service.next()).answer(302, '', { location: `${stranger.origin}/api` });
  refuse(await stranger.next());
  assert.equal((await leaving).status, 401);
  const coming = tab.client.fetch(`${stranger.origin}/come`);
  (await stranger.next()).answer(302, '', { location: `${service.origin}/api` });
  refuse(await service.next());
  assert.equal((await coming).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 1);
});

const form = new FormData();
form.set('name', 'Marie');
const BODIES: readonly (readonly [string, (url: string) => readonly [string | Request, RequestInit?], RegExp])[] = [
  ['a string', (url) => [url, { method: 'PUT', body: 'as it is' }], /^as it is$/],
  ['a form', (url) => [url, { method: 'POST', body: form }], /name="name"\r\n\r\nMarie/],
  ['search parameters', (url) => [url, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }], /^a=b$/],
  ['a blob', (url) => [url, { method: 'POST', body: new Blob(['blob']) }], /^blob$/],
  ['bytes', (url) => [url, { method: 'POST', body: new TextEncoder().encode('bytes') }], /^bytes$/],
  ['a Request', (url) => [new Request(url, { method: 'POST', body: 'inside' })], /^inside$/],
  [
    'a Request with another body',
    (url) => [new Request(url, { method: 'POST', body: 'a' }), { body: 'other' }],
    /^other$/,
  ],
];
for (const [name, make, expected] of BODIES) {
  test(`${name} is sent again as it was`, async () => {
    await using service = await startScriptedService();
    using tab = await openSignedIn(service);
    const answering = tab.client.fetch(...make(`${service.origin}/api`));
    const first = await nextFor(service, '/api');
    assert.match(first.body, expected);
    refuse(first);
    (await nextFor(service, '/unified-auth/validate')).answer(200, VALID);
    const second = await nextFor(service, '/api');
    assert.match(second.body, expected);
    assert.equal(second.method, first.method);
    second.answer(200, {});
    assert.equal((await answering).status, 200);
  });
}

test('a stream can be sent once, so its 401 is the answer', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const streaming = { method: 'POST', body: new Blob(['stream']).stream(), duplex: 'half' } as const;
  const answering = tab.client.fetch(`${service.origin}/api`, streaming);
  const request = await nextFor(service, '/api');
  assert.equal(request.body, 'stream');
  refuse(request);
  assert.equal((await answering).status, 401);
  await settleDown();
  assert.equal(tab.asked(), 1);
});

test('it rejects as fetch does: without a network, and when it is stopped', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const failing = assert.rejects(tab.client.fetch(`${service.origin}/api`), TypeError);
  (await service.next()).cut();
  await failing;
  await assert.rejects(tab.client.fetch('http://'), TypeError);

  const stopping = new AbortController();
  const stopped = assert.rejects(tab.client.fetch(`${service.origin}/api`, { signal: stopping.signal }), {
    name: 'AbortError',
  });
  await service.next();
  stopping.abort();
  await stopped;

  // Stopped between the refusal and the repetition.
  const again = new AbortController();
  const before = assert.rejects(tab.client.fetch(`${service.origin}/api`, { signal: again.signal }), {
    name: 'AbortError',
  });
  refuse(await nextFor(service, '/api'));
  const question = await nextFor(service, '/unified-auth/validate');
  again.abort();
  question.answer(200, VALID);
  await before;
  assert.equal(service.log.filter((line) => line === 'GET /api').length, 3);
  assert.equal(tab.client.current().status, 'signed-in');
});
