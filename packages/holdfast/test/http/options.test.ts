/** The HTTP options: resolved once, all problems in one error, cookie names and scopes that follow from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpSessions, type HttpOptions } from '../../src/http/index.ts';
import { PROBLEMS, type ProblemCode, problemDocument } from '../../src/protocol/index.ts';
import { startEngine } from './harness.ts';

const ORIGINS = ['https://app.example'];

async function linesOf(options: Partial<HttpOptions>): Promise<readonly string[]> {
  const { sessions } = startEngine();
  const exchange = createHttpSessions(sessions, { origins: ORIGINS, ...options }).exchange({
    method: 'POST',
    header: () => undefined,
  });
  await exchange.start({ userId: 'ada' });
  const { setCookie } = await exchange.responseFacts();
  await sessions.close();
  return setCookie;
}

async function cookiesOf(options: Partial<HttpOptions>): Promise<string[]> {
  return (await linesOf(options)).map((line) =>
    line
      .replace(/=.*?;/, ';')
      .replace(/ Max-Age=\d+;/, '')
      .replace(/; HttpOnly.*/, ''),
  );
}

test('CK2: names and scopes follow from the options', async () => {
  assert.deepEqual(await cookiesOf({ cookieName: 'app' }), [
    '__Host-app_access; Path=/; Secure',
    '__Host-app_refresh; Path=/; Secure',
  ]);
  assert.deepEqual((await cookiesOf({ cookieDomain: 'app.example' })).slice(-2), [
    '__Secure-session_access; Domain=app.example; Path=/; Secure',
    '__Secure-session_refresh; Domain=app.example; Path=/; Secure',
  ]);
  assert.deepEqual(await cookiesOf({ refreshPath: '/auth' }), [
    '__Host-session_access; Path=/; Secure',
    '__Secure-session_refresh; Path=/auth; Secure',
  ]);
  assert.deepEqual((await cookiesOf({ cookieDomain: 'app.example', refreshPath: '/auth' })).slice(-2), [
    '__Secure-session_access; Domain=app.example; Path=/; Secure',
    '__Secure-session_refresh; Path=/auth; Secure',
  ]);
  assert.deepEqual(await cookiesOf({ insecureLoopbackCookies: true, origins: ['http://localhost:3000'] }), [
    'session_access; Path=/',
    'session_refresh; Path=/',
  ]);
});

test('IF6: partitioned cookies are for embedded pages, on plain http on loopback too', async () => {
  for (const origin of ['https://app.example', 'http://localhost:3000']) {
    const lines = await linesOf({ cookieName: 'app_frame', partitioned: true, origins: [origin] });
    assert.deepEqual(
      lines.map((line) => line.replace(/=.*?;/, ';').replace(/ Max-Age=\d+;/, '')),
      ['access', 'refresh'].map(
        (token) => `__Host-app_frame_${token}; Path=/; Secure; HttpOnly; SameSite=None; Priority=High; Partitioned`,
      ),
    );
  }
});

test('signing out clears partitioned cookies as they were set, former scopes too', async () => {
  const { sessions } = startEngine();
  const http = createHttpSessions(sessions, { origins: ORIGINS, partitioned: true, formerScopes: [{ path: '/old' }] });
  const exchange = http.exchange({ method: 'POST', header: () => undefined });
  await exchange.signOut();
  const { setCookie } = await exchange.responseFacts();
  assert.equal(setCookie.length, 3, 'a cookie is one by name, Domain and Path');
  for (const line of setCookie) assert.match(line, /Max-Age=0;.*; Secure; HttpOnly; SameSite=None; .*; Partitioned$/);
  await sessions.close();
});

test('partitioned cookies cannot go without Secure, nor to sibling hosts', () => {
  const { sessions } = startEngine();
  const localhost = ['http://localhost:3000'];
  for (const options of [
    { origins: localhost, insecureLoopbackCookies: true },
    { origins: ORIGINS, cookieDomain: 'app.example' },
  ]) {
    assert.throws(
      () => createHttpSessions(sessions, { ...options, partitioned: true }),
      /partitioned: must be left out/,
    );
  }
});

test('all options that cannot work are named in one error', () => {
  const { sessions } = startEngine();
  assert.throws(
    () =>
      createHttpSessions(sessions, {
        origins: ['https://app.example/', '*', 'null', 'https://*.app.example', 'http://app.example:80'],
        cookieName: '__Host-x',
        cookieDomain: 'https://app.example',
        refreshPath: 'auth',
        formerScopes: [{}, { domain: '.app.example', path: '' }],
      }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'invalid-option');
      const named = error.message.split('\n').map((line) => line.split(':')[0]);
      assert.deepEqual(named, [
        'origins[0]',
        'origins[1]',
        'origins[2]',
        'origins[3]',
        'origins[4]',
        'cookieName',
        'cookieDomain',
        'refreshPath',
        'formerScopes[1].domain',
        'formerScopes[1].path',
      ]);
      assert.match(error.message, /write "https:\/\/app\.example"/);
      return true;
    },
  );
});

test('origins must be named, and names must leave room for a token', () => {
  const { sessions } = startEngine();
  for (const options of [
    { origins: [] },
    {} as HttpOptions,
    { origins: ORIGINS, cookieName: '' },
    { origins: ORIGINS, cookieName: 'a b' },
    { origins: ORIGINS, cookieName: 'a'.repeat(1025) },
  ]) {
    assert.throws(() => createHttpSessions(sessions, options), { code: 'invalid-option' });
  }
});

test('cookies without Secure are refused outside loopback', () => {
  const { sessions } = startEngine();
  const insecureLoopbackCookies = true;
  for (const origin of [
    'http://app.example',
    'https://app.example',
    'http://192.168.0.4:3000',
    'http://localhost.evil.example',
  ]) {
    assert.throws(() => createHttpSessions(sessions, { origins: [origin], insecureLoopbackCookies }), {
      code: 'invalid-option',
    });
  }
  for (const origin of ['http://localhost:1', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'http://app.localhost']) {
    createHttpSessions(sessions, { origins: [origin], insecureLoopbackCookies });
  }
});

test('origins of app shells and extensions can be listed', () => {
  const { sessions } = startEngine();
  const origins = ['capacitor://localhost', 'chrome-extension://abcdefghijklmnop'];
  const exchange = createHttpSessions(sessions, { origins }).exchange({
    method: 'POST',
    header: (name) => (name === 'origin' ? 'capacitor://localhost' : undefined),
  });
  assert.deepEqual(exchange.csrf(), { allowed: true });
});

test('responseFacts answers the same again, and later changes that need cookies are refused', async () => {
  const { sessions } = startEngine();
  const exchange = createHttpSessions(sessions, { origins: ORIGINS }).exchange({
    method: 'POST',
    header: () => undefined,
  });
  await exchange.start({ userId: 'ada' });
  const facts = await exchange.responseFacts();
  assert.equal(await exchange.responseFacts(), facts);
  await assert.rejects(exchange.signOut(), { code: 'invalid-option' });
  assert.equal((await exchange.update({ set: { a: 1 } })).status, 'updated');
});

test('what a mutation threw reaches responseFacts when nobody looked at it', async () => {
  const { sessions } = startEngine();
  const exchange = createHttpSessions(sessions, { origins: ORIGINS }).exchange({
    method: 'POST',
    header: () => undefined,
  });
  await exchange.start({ userId: 'ada' });
  void exchange.update({ set: { __proto__x: 1, constructor: 1 } });
  await assert.rejects(exchange.responseFacts(), { code: 'invalid-data' });
});

test('a change after sign-out finds no session', async () => {
  const { sessions } = startEngine();
  const exchange = createHttpSessions(sessions, { origins: ORIGINS }).exchange({
    method: 'POST',
    header: () => undefined,
  });
  await exchange.start({ userId: 'ada' });
  assert.deepEqual(await exchange.signOut(), { status: 'ended', ended: 1 });
  assert.deepEqual(await exchange.update({ set: { a: 1 } }), { status: 'gone', reason: 'signed-out' });
  assert.deepEqual(await exchange.rotateId(), { status: 'gone', reason: 'signed-out' });
});

test('every problem code has an error status, a title and a document of its own', () => {
  for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status <= 599 && title.length > 0);
    assert.deepEqual(problemDocument(code as ProblemCode), {
      type: `urn:holdfast:problem:${code}`,
      title,
      status,
      code,
    });
  }
  assert.deepEqual(
    problemDocument('validation-failed', { errors: [{ pointer: '/email', detail: 'Missing.' }] }).errors,
    [{ pointer: '/email', detail: 'Missing.' }],
  );
});

test('an access cookie that comes without its refresh cookie is noticed, but not where that one has a path of its own', async () => {
  const { sessions } = startEngine();
  const lacks = (cookie: string | undefined, options: Partial<HttpOptions> = {}): boolean =>
    createHttpSessions(sessions, { origins: ORIGINS, ...options })
      .exchange({ method: 'GET', header: (name) => (name === 'cookie' ? cookie : undefined) })
      .lacksRefreshToken();
  assert.equal(lacks('__Host-session_access=a'), true);
  assert.equal(lacks('theme=dark; __Host-session_access=a; __Host-session_refresh='), true);
  assert.equal(lacks('__Host-session_access=a; __Host-session_refresh=b'), false);
  assert.equal(lacks('__Host-session_refresh=b'), false);
  assert.equal(lacks('__Host-session_access='), false);
  assert.equal(lacks(undefined), false);
  assert.equal(lacks('__Host-session_access=a', { refreshPath: '/auth' }), false);
  await sessions.close();
});
