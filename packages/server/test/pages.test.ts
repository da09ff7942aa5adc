/** The pages come with the strictest policy that lets them work. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertProblem, type Client } from './harness/client.ts';
import { PRODUCTION, SECRET, startService, temporaryDirectory } from './harness/service.ts';

function builtConsole(context: Parameters<typeof temporaryDirectory>[0]): string {
  const directory = temporaryDirectory(context);
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Holdfast</title>');
  writeFileSync(join(directory, 'assets', 'app-1a2b.js'), 'export {};');
  writeFileSync(join(directory, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  return directory;
}

test('HD6, HD7, HD8, HD9, RV10: pages are never stored, framed, sniffed or given inline scripts', async (context) => {
  const { client } = await startService(context, { consoleDirectory: builtConsole(context) });
  for (const path of ['/', '/sign-in', '/sign-up', '/account?from=x']) {
    const page = await client().get(path);
    assert.equal(page.status, 200, path);
    assert.match(page.text, /<title>Holdfast/);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('etag'), null);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin');
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
    ]) {
      assert.ok(policy.includes(rule), rule);
    }
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(page.headers.get('strict-transport-security'), null, 'not on plain http');
  }
});

test('assets whose names change with their contents are kept for ever, other files are asked for again', async (context) => {
  const { client } = await startService(context, { consoleDirectory: builtConsole(context) });
  const asset = await client().get('/assets/app-1a2b.js');
  assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(asset.headers.get('x-content-type-options'), 'nosniff');
  assert.equal((await client().get('/favicon.svg')).headers.get('cache-control'), 'no-cache');
  for (const path of ['/index.html', '/assets/', '/assets/none.js', '/assets/..%2findex.html', '/account/x.css']) {
    assertProblem(await client().get(path), 404, 'not-found');
  }
});

test('pages that were not built are a sentence on how to build them', async (context) => {
  const { client, log } = await startService(context, { consoleDirectory: null });
  const page = await client().get('/sign-in');
  assert.equal(page.status, 503);
  assert.match(page.text, /npm run build/);
  assert.ok(log.some((line) => line.includes('npm run build')));
  assert.equal((await client().get('/healthz')).status, 200, 'the API works without them');
});

test('HD5, PX3, HD10: production sends HSTS, and to https whoever a trusted proxy says came over http', async (context) => {
  const consoleDirectory = builtConsole(context);
  const environment = { ...PRODUCTION, SESSION_SECRET: SECRET };
  const trusting = await startService(context, {
    consoleDirectory,
    environment: { ...environment, TRUSTED_PROXIES: 'loopback' },
  });
  const careful = await startService(context, { consoleDirectory, environment });
  const over = (client: Client, proto: string, path = '/sign-in?a=b') =>
    client.get(path, { headers: { 'x-forwarded-proto': proto } });

  const redirect = await over(trusting.client(), 'http');
  assert.equal(redirect.status, 308);
  assert.equal(redirect.headers.get('location'), 'https://auth.example.test/sign-in?a=b');
  assert.equal(
    (await over(trusting.client(), 'http', '//evil.test/x')).headers.get('location'),
    'https://auth.example.test/evil.test/x',
  );
  const secure = await over(trusting.client(), 'https');
  assert.equal(secure.status, 200);
  assert.equal(secure.headers.get('strict-transport-security'), 'max-age=31536000; includeSubDomains');
  assert.equal(secure.headers.get('server'), null);
  assert.equal(secure.headers.get('x-powered-by'), null);
  assert.equal((await over(careful.client(), 'http')).status, 200, 'nobody is trusted there, so nobody is believed');
  assert.equal((await over(trusting.client(), 'http', '/healthz')).status, 200);
  assert.equal(
    (await trusting.client().post('/auth/sign-out', undefined, { 'x-forwarded-proto': 'http' })).status,
    400,
  );
});

test('CK1, CK2, CK3, CK4, CK13: production cookies are host-only, secure, and out of reach of scripts', async (context) => {
  const { client } = await startService(context, { environment: { ...PRODUCTION, SESSION_SECRET: SECRET } });
  const answer = await client().signUp('ada@x.test');
  assert.deepEqual(
    answer.setCookie.map((line) => line.split('=')[0]),
    ['__Host-session_access', '__Host-session_refresh'],
  );
  for (const line of answer.setCookie) {
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax', 'Priority=High']) {
      assert.ok(line.split('; ').includes(attribute), `${attribute} in ${line.replace(/=[^;]+/, '=…')}`);
    }
    assert.doesNotMatch(line, /domain/i);
  }
});

test('AU11: the address that is throttled is the one the trusted proxy saw', async (context) => {
  const { client } = await startService(context, { environment: { TRUSTED_PROXIES: 'loopback' } });
  const forwarded = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  const ada = client();
  await ada.post('/auth/sign-up', { email: 'ada@x.test', password: 'correct horse 9' }, forwarded);
  const { sessions } = (await ada.get('/auth/sessions')).json<{ sessions: { ip: string }[] }>();
  assert.equal(sessions[0]?.ip, '198.51.100.7');
});
