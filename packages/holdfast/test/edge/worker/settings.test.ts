/** The Worker reads its settings, and one that is wrong is named with its fix before anything is passed on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { valuesOf } from '../node/harness/browser.ts';
import { startWorker } from '../node/harness/fronts.ts';
import { startUpstream } from '../node/harness/upstream.ts';

const SECRET = 'q9Zr4nV1xKc7Lw2TbYh8Gd5Sf0JmPu3EaRiNoWvXz6s';
const DEPLOYED = new URL('../../../../../deploy/worker/', import.meta.url);

async function ask(t: TestContext, env: Record<string, unknown>, headers: Record<string, string> = {}) {
  const { browser } = await startWorker(t, env);
  return browser.ask('/api/x', { headers });
}

test('every wrong setting is named by its variable, and no secret is told', async (t) => {
  const answer = await ask(t, {
    ROUTES: { '/': 'ftp://files.example', '/api': 'https://a.example/with/path' },
    ALLOWED_ORIGINS: 'https://*.app.example, *',
    COOKIE_DOMAINS: '{"not json',
    COOKIE_PATHS: { app: '/' },
    TIMEOUT_SECONDS: 'soon',
    RETRIES: 99,
    EDGE_SECRET: 'short-secret',
    SHED_PATHS: '/api',
  });
  assert.equal(answer.status, 500);
  assert.deepEqual(valuesOf(answer, 'content-type'), ['application/problem+json']);
  assert.deepEqual(valuesOf(answer, 'cache-control'), ['no-store']);
  assert.deepEqual(valuesOf(answer, 'set-cookie'), []);
  const { code, detail } = JSON.parse(answer.text) as { code: string; detail: string };
  assert.equal(code, 'internal-error');
  for (const wrong of [
    'ROUTES["/"]',
    'ROUTES["/api"]',
    'ALLOWED_ORIGINS: "*"',
    'COOKIE_DOMAINS: must be a table',
    'COOKIE_PATHS["app"]',
    'TIMEOUT_SECONDS: must be a number',
    'RETRIES: ',
    'EDGE_SECRET: ',
    'SHED_PATHS: set SESSION_SECRET',
  ]) {
    assert.ok(detail.includes(wrong), `${wrong} is not in:\n${detail}`);
  }
  assert.ok(!answer.text.includes('short-secret'));
});

test('a Worker without settings says which one it needs', async (t) => {
  const { status, text } = await ask(t, {});
  assert.equal(status, 500);
  assert.match(JSON.parse(text).detail, /ROUTES: name at least one upstream/);
});

test('tables may be JSON text, and secrets reach the upstream as they should', async (t) => {
  const upstream = await startUpstream(t, (request, response) => {
    const { 'x-edge-secret': secret, 'x-edge-access': access } = request.headers;
    response.setHeader('set-cookie', 'a=1; Domain=internal.example; Path=/app/x');
    response.end(JSON.stringify({ url: request.url, secret, access }));
  });
  const env = {
    ROUTES: JSON.stringify({ '/api': { origin: upstream.origin, stripPrefix: true } }),
    COOKIE_DOMAINS: '{"internal.example": null}',
    COOKIE_PATHS: { '/app': '/' },
    EDGE_SECRET: SECRET,
    SESSION_SECRET: SECRET,
    TIMEOUT_SECONDS: '5',
  };
  const answer = await ask(t, env, { cookie: 'session_access=damaged', 'x-edge-secret': 'forged' });
  assert.deepEqual(JSON.parse(answer.text), { url: '/x', secret: SECRET, access: 'unverified' });
  assert.deepEqual(valuesOf(answer, 'set-cookie'), ['a=1; Path=/x']);

  const shed = await ask(t, { ...env, SHED_PATHS: '/api' });
  assert.deepEqual([shed.status, valuesOf(shed, 'x-session-reason')], [401, ['no-token']]);
});

test('an address that a client claims to have is not passed on', async (t) => {
  const upstream = await startUpstream(t, (request, response) =>
    response.end(request.headers['x-forwarded-for'] ?? ''),
  );
  const given = { 'x-forwarded-for': '6.6.6.6' };
  assert.equal((await ask(t, { ROUTES: { '/': upstream.origin } }, given)).text.includes('6.6.6.6'), false);
});

test('wrangler.jsonc explains every setting that the Worker reads, and none that it does not', () => {
  const read = new Set(
    readFileSync(new URL('src/settings.ts', DEPLOYED), 'utf8').match(/(?<=readonly )[A-Z_]+(?=\?:)/g),
  );
  const explained = new Set(
    readFileSync(new URL('wrangler.jsonc', DEPLOYED), 'utf8').match(
      /(?<=^\s*(?:\/\/ )?"?)[A-Z]+_?[A-Z]+(?="?:| {2})/gm,
    ),
  );
  assert.deepEqual([...explained].sort(), [...read].sort());
});
