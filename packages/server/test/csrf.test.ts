/** Unsafe requests are taken from our own pages and from listed origins, and from nobody else. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';
import { assertProblem, type Client } from './harness/client.ts';
import { PRODUCTION, SECRET, startService } from './harness/service.ts';

const UNSAFE = [
  ['POST', '/unified-auth/validate'],
  ['POST', '/auth/sign-up'],
  ['POST', '/auth/sign-in'],
  ['POST', '/auth/sign-out'],
  ['DELETE', '/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA'],
  ['POST', '/auth/sessions/revoke-others'],
  ['POST', '/auth/create-session'],
  ['POST', '/auth/validate-session'],
  ['POST', '/auth/frame-session'],
  ['POST', '/auth/frame-sign-out'],
] as const;

test('CS1, CS2, CS6: every unsafe route refuses foreign pages', async (context) => {
  const { client, service } = await startService(context);
  const unsafe = [...service.routes.routes].flatMap(([url, methods]) =>
    [...methods].filter((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method)).map((method) => `${method} ${url}`),
  );
  assert.deepEqual(
    unsafe.sort(),
    UNSAFE.map(([method, path]) => `${method} ${path.replace(/A{22}/, ':id')}`).sort(),
    'this test knows every unsafe route',
  );
  const ada = client();
  await ada.signUp('ada@x.test');
  const foreign = [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
    { 'sec-fetch-site': 'same-site', origin: 'http://evil.localhost' },
    { 'sec-fetch-site': 'cross-site', origin: 'null' },
    { 'sec-fetch-site': '', origin: 'https://evil.test' },
  ];
  for (const [method, path] of UNSAFE) {
    for (const headers of foreign) {
      const body =
        path.includes('sign-in') || path.includes('sign-up')
          ? { body: { email: 'e@x.test', password: 'long enough 9' } }
          : {};
      const answer = await ada.ask(method, path, { ...body, headers });
      assertProblem(answer, 403, 'forbidden-origin');
      assert.deepEqual(answer.setCookie, []);
    }
  }
  assert.equal((await ada.validate()).valid, true, 'and nothing has happened');
});

test('CS8: a listed origin may ask with cookies and reads the answer, errors too; others get no permission', async (context) => {
  const { client } = await startService(context, {
    environment: { ...PRODUCTION, SESSION_SECRET: SECRET, ALLOWED_ORIGINS: 'https://app.test' },
  });
  const ada = client();
  await ada.signUp('ada@x.test');
  const listed = { 'sec-fetch-site': 'cross-site', origin: 'https://app.test' };
  const answer = await ada.post('/unified-auth/validate', undefined, listed);
  assert.equal(answer.json().valid, true);
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.test');
  assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
  assert.match(answer.headers.get('vary') ?? '', /origin/i);
  const denied = await client().get('/auth/me', { headers: listed });
  assertProblem(denied, 401, 'not-signed-in');
  assert.equal(denied.headers.get('access-control-allow-origin'), 'https://app.test');
  const preflight = await client().ask('OPTIONS', '/unified-auth/validate', {
    headers: { ...listed, 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://app.test');
  for (const origin of ['https://app.test.evil.test', 'https://app.test:444', 'http://app.test', 'null']) {
    const foreign = await ada.post('/unified-auth/validate', undefined, { 'sec-fetch-site': 'cross-site', origin });
    assertProblem(foreign, 403, 'forbidden-origin');
    assert.equal(foreign.headers.get('access-control-allow-origin'), null);
    assert.match(foreign.headers.get('vary') ?? '', /origin/i);
  }
});

/** `fetch` decides on Sec-Fetch-Mode by itself, so this goes without it. */
function statusOf({ url, jar }: Client, path: string, mode: string): Promise<number | undefined> {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode };
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { headers }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

test('CS9: answers about people cannot be embedded by other sites', async (context) => {
  const { client } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test');
  for (const path of ['/unified-auth/validate', '/auth/me', '/auth/sessions']) {
    assert.equal(await statusOf(ada, path, 'cors'), 200);
    assert.equal(await statusOf(ada, path, 'no-cors'), 403);
    const own = await ada.get(path);
    assert.equal(own.status, 200);
    assert.equal(own.headers.get('cross-origin-resource-policy'), 'same-origin');
    assert.equal(own.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(own.headers.get('etag'), null, 'HD3: nothing to revalidate');
  }
});
