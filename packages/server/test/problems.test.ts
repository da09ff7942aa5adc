/** Bad input gets a problem document in our own words, with the right status. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertProblem } from './harness/client.ts';
import { startService } from './harness/service.ts';

const GOOD = { email: 'ada@x.test', password: 'correct horse 9' };

test('IN1: malformed JSON and keys that reach a prototype are 400', async (context) => {
  const { client } = await startService(context);
  for (const body of [
    '{',
    'nope',
    '{"email":}',
    '{"__proto__":{"a":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
    '\ufeff[',
  ]) {
    assertProblem(await client().post('/auth/sign-in', body), 400, 'malformed-json');
  }
});

test('IN2, IN3: wrong fields are 422 and each is named', async (context) => {
  const { client } = await startService(context);
  const errorsOf = async (path: string, body: unknown): Promise<unknown> =>
    assertProblem(await client().post(path, body), 422, 'validation-failed').errors;
  assert.deepEqual(await errorsOf('/auth/sign-up', { email: 7, password: 'short', name: ['x'], is_admin: true }), [
    { pointer: '/is_admin', detail: 'is_admin is not a field of this request.' },
    { pointer: '/email', detail: 'email must be a text.' },
    { pointer: '/password', detail: 'password must have at least 8 characters.' },
    { pointer: '/name', detail: 'name must be a text.' },
  ]);
  assert.deepEqual(await errorsOf('/auth/sign-in', {}), [
    { pointer: '/email', detail: 'email is missing.' },
    { pointer: '/password', detail: 'password is missing.' },
  ]);
  for (const body of ['null', '[]', '"x"', '7', '']) {
    assert.deepEqual(await errorsOf('/auth/sign-in', body), [
      { pointer: '', detail: 'The body must be a JSON object.' },
    ]);
  }
  for (const email of ['x', '@x', 'x@', 'a b@x.test', 'a@b@c', `${'a'.repeat(250)}@x.test`, 'a\u0000@x.test']) {
    assert.equal(
      ((await errorsOf('/auth/sign-up', { ...GOOD, email })) as { pointer: string }[])[0]?.pointer,
      '/email',
      email,
    );
  }
  assert.deepEqual(await errorsOf('/auth/sign-up', { ...GOOD, password: 'x'.repeat(257) }), [
    { pointer: '/password', detail: 'password must have at most 256 characters.' },
  ]);
  assert.match(JSON.stringify(await errorsOf('/auth/sign-up', { ...GOOD, password: 'password123' })), /tried first/);
});

test('DO2, ER2: bodies that are too large or of another type are 413 and 415', async (context) => {
  const { client } = await startService(context);
  assertProblem(await client().post('/auth/sign-in', { ...GOOD, password: 'x'.repeat(70_000) }), 413, 'body-too-large');
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'multipart/form-data; boundary=x',
    'x',
  ]) {
    const answer = await client().post('/auth/sign-in', JSON.stringify(GOOD), { 'content-type': type });
    assertProblem(answer, 415, 'unsupported-media-type');
  }
  const charset = await client().post('/auth/sign-in', GOOD, { 'content-type': 'application/json; charset=utf-8' });
  assertProblem(charset, 401, 'wrong-credentials');
});

test('ER2: unknown addresses are 404, wrong methods 405 with Allow', async (context) => {
  const { client } = await startService(context);
  for (const path of [
    '/nope',
    '/auth',
    '/auth/sessions/a/b',
    '/unified-auth/validate/x.css',
    '/Auth/me',
    '/%zz',
    '/..%2f..',
  ]) {
    const answer = await client().get(path);
    assertProblem(answer, path === '/%zz' ? 400 : 404, path === '/%zz' ? 'bad-request' : 'not-found');
  }
  for (const [method, path, allow] of [
    ['PUT', '/unified-auth/validate', 'GET, HEAD, POST'],
    ['GET', '/auth/sign-in', 'POST'],
    ['POST', '/auth/me', 'GET, HEAD'],
    ['PATCH', '/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA', 'DELETE'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/auth/me', 'GET, HEAD'],
  ] as const) {
    const answer = await client().ask(method, path);
    assertProblem(answer, 405, 'method-not-allowed');
    assert.equal(answer.headers.get('allow'), allow);
  }
});

test('a body is optional where none is needed, whatever type is named', async (context) => {
  const { client } = await startService(context);
  const answer = await client().post('/unified-auth/validate', '', { 'content-type': 'application/json' });
  assert.equal(answer.status, 200);
});

test('CK15: cookies beyond 32 KB are 431 with the way out, and the service lives on', async (context) => {
  const { client, url, log } = await startService(context);
  const { port } = new URL(url);
  const text = await raw(
    Number(port),
    `GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: ${'a=b; '.repeat(8000)}\r\n\r\n`,
  );
  assert.match(text, /^HTTP\/1\.1 431 /);
  assert.match(text, /application\/problem\+json/);
  assert.match(text, /Delete the cookies of this site/);
  assert.match(await raw(Number(port), 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
  assert.equal((await client().get('/healthz')).status, 200);
  assert.ok(!log.join('').includes('a=b;'));
});

test('whatever a body holds, the answer is no 500', async (context) => {
  const { client, service } = await startService(context);
  const stranger = client();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('/auth/sign-in', '/auth/sign-up'), fc.jsonValue(), async (path, body) => {
      const answer = await stranger.post(path, body ?? 'null');
      assert.ok(answer.status === 422 || answer.status === 400, answer.text);
    }),
    { numRuns: 60 },
  );
  const app = service.app;
  assert.ok(app.hasRoute({ method: 'POST', url: '/auth/sign-in' }));
});

test('ER1: what nobody foresaw is a 500 without a word about the inside, and one line in the log', async (context) => {
  const { client, service, log } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test');
  log.splice(0);
  await service.accounts.schema.dropTable('users').execute();
  const problem = assertProblem(await client().post('/auth/sign-in', GOOD), 500, 'internal-error');
  const lines = log
    .map((line) => JSON.parse(line) as { level: number; requestId?: string })
    .filter(({ level }) => level >= 50);
  assert.equal(lines.length, 1);
  assert.equal(problem.instance, `urn:holdfast:request:${lines[0]?.requestId}`);
});

test('PX1, PX2: foreign, doubled and missing hosts and absolute addresses are 400', async (context) => {
  const { url } = await startService(context);
  const port = Number(new URL(url).port);
  const status = async (head: string): Promise<string> =>
    (await raw(port, `${head}\r\nConnection: close\r\n\r\n`)).slice(9, 12);
  assert.equal(await status('GET /auth/me HTTP/1.1\r\nHost: localhost'), '401');
  assert.equal(await status(`GET /auth/me HTTP/1.1\r\nHost: LOCALHOST:${port}`), '401');
  assert.equal(await status('GET /auth/me HTTP/1.1\r\nHost: evil.test'), '400');
  assert.equal(await status('GET /auth/me HTTP/1.1\r\nHost: localhost.evil.test'), '400');
  assert.equal(await status('GET /auth/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.test'), '400');
  assert.equal(await status('GET /auth/me HTTP/1.1'), '400');
  assert.equal(await status('GET http://evil.test/auth/me HTTP/1.1\r\nHost: localhost'), '400');
  assert.equal(await status('GET /auth/me HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: localhost'), '400');
  assert.equal(await status('GET /healthz HTTP/1.1\r\nHost: 10.0.0.7'), '200');
});

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
  });
}

test('a request that stops in the middle of its body does not disturb the others', async (context) => {
  const { client, url } = await startService(context);
  const broken = request(`${url}/auth/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': '100', 'sec-fetch-site': 'same-origin' },
  });
  broken.on('error', () => {});
  broken.write('{"email":');
  await new Promise((resolve) => broken.once('socket', (socket) => socket.once('connect', resolve)));
  broken.destroy();
  assert.equal((await client().get('/healthz')).status, 200);
});
