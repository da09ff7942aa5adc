/** The edge’s look at access tokens: the same verdict as the engine’s where it is sure, and never a sign-out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyRing } from '../../src/core/key-ring.ts';
import { issueToken, type TokenKind } from '../../src/core/token.ts';
import type { AccessCheck } from '../../src/edge/options.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { ask, PAGE, problemOf, startEdge, startUpstream } from './harness.ts';

const NEW = 'Zk3vQ9xT7pL2mN8sRw4Yb6Hc1Jd5Fg0AqXeUiOtPaSk';
const OLD = 'q8Wn2Lx5Vb7Tc1Rz9Kp4Mf6Yd3Hs0Gj8EaUoIiXvBtN';
const FOREIGN = 'Hn5Tq2Wc8Lx1Vp7Zr4Bm9Kd6Fs3Gy0JeAuOiXwQtRvS';
const NOW_SECONDS = 1_800_000_000;

function token(secret: string, secondsLeft: number, kind: TokenKind = 'access'): string {
  const ring = createKeyRing([secret], nodeCrypto);
  return issueToken(ring, kind, 'AAECAwQFBgcICQoLDA0ODw', 3, NOW_SECONDS + secondsLeft);
}

const good = token(NEW, 60);
const due = token(NEW, -1);

/** What the upstream is told about a Cookie header. */
async function verdict(cookie: string | null, check: Partial<AccessCheck> = {}): Promise<string | null> {
  const { edge, sent } = startEdge({
    routes: { '/': 'http://up.internal' },
    accessCheck: { secrets: `${NEW}, ${OLD}`, ...check },
    now: () => NOW_SECONDS * 1000,
    transport: async () => new Response('ok'),
  });
  const answer = await edge.fetch(
    ask('/', { headers: { 'x-edge-access': 'good', ...(cookie === null ? {} : { cookie }) } }),
  );
  assert.equal(answer.status, 200);
  return sent[0]?.headers.get('x-edge-access') ?? null;
}

test('a good token is called good under each of the secrets and each of the names', async () => {
  assert.equal(await verdict(`__Host-session_access=${good}`), 'good');
  assert.equal(await verdict(`__Secure-session_access=${good}`), 'good');
  assert.equal(await verdict(`theme=dark; session_access=${good}`), 'good');
  assert.equal(await verdict(`__Host-session_access=${token(OLD, 60)}`), 'good');
  assert.equal(await verdict(`__Host-shop_access=${good}`, { cookieName: 'shop' }), 'good');
});

test('an expired one, or the refresh token alone, is due', async () => {
  assert.equal(await verdict(`__Host-session_access=${due}`), 'due');
  assert.equal(await verdict(`__Host-session_access=${token(NEW, 0)}`), 'due');
  assert.equal(await verdict(`__Host-session_refresh=${token(NEW, -90, 'refresh')}`), 'due');
});

test('anything that these secrets did not make is unverified', async () => {
  const altered = (good.startsWith('A', 30) ? 'B' : 'A') + good.slice(31);
  for (const value of [
    token(FOREIGN, 60),
    token(NEW, 60, 'refresh'),
    good.slice(0, 30) + altered,
    good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'),
    good.slice(1),
    `${good}A`,
    `${good.slice(0, -1)}=`,
    '',
    'x',
    '%00',
  ]) {
    assert.equal(await verdict(`__Host-session_access=${value}`), 'unverified', value);
  }
});

test('no cookie of the session is none', async () => {
  assert.equal(await verdict(null), 'none');
  assert.equal(await verdict(`theme=dark; x__Host-session_access=${good}; session_access_x=${good}`), 'none');
});

test('the session of an embedded page counts like any other', async () => {
  assert.equal(await verdict(`__Host-session_frame_access=${good}`), 'good');
  assert.equal(await verdict('__Host-session_frame_refresh=x'), 'due');
  assert.equal(await verdict(`__Host-session_access=${due}; __Host-session_frame_access=${good}`), 'good');
  assert.equal(await verdict('shop_frame_refresh=x', { cookieName: 'shop' }), 'due');
});

test('the service itself is never kept from those who want to sign in', async () => {
  for (const shed of ['/', '/auth', '/unified-auth', '/authz']) {
    const { edge } = startEdge({
      routes: { '/': 'http://up.internal' },
      accessCheck: { secrets: NEW, shed: [shed] },
      transport: async () => new Response('ok'),
    });
    for (const path of ['/auth/sign-in', '/auth', '/unified-auth/validate', '/authz/nginx']) {
      assert.equal((await edge.fetch(ask(path, { method: 'POST' }))).status, 200, `${shed} ${path}`);
    }
    for (const path of ['/', '/authors', '/api/auth', '/auth/../api']) {
      assert.equal((await edge.fetch(ask(path))).status, shed === '/' ? 401 : 200, `${shed} ${path}`);
    }
  }
});

test('of several tokens the best counts, and a flood of them is not all looked at', async () => {
  assert.equal(await verdict(`session_access=junk; __Host-session_access=${due}; session_access=${good}`), 'good');
  assert.equal(await verdict(`session_access=junk; session_access=${due}`), 'due');
  const flood = Array.from({ length: 50 }, () => 'session_access=x').join('; ');
  assert.equal(await verdict(`${flood}; session_access=${good}`), 'unverified');
});

test('without the check nothing is said, and what a client says is taken away', async () => {
  const { edge, sent } = startEdge({
    routes: { '/': 'http://up.internal' },
    transport: async () => new Response('ok'),
  });
  await edge.fetch(ask('/', { headers: { 'x-edge-access': 'good', X_Edge_Access: 'good' } }));
  assert.doesNotMatch(JSON.stringify([...(sent[0]?.headers ?? [])]), /good/);
});

test('only a request without any session cookie is answered here, only where that is asked for', async (t) => {
  const up = await startUpstream(t);
  const { edge, log } = startEdge({
    routes: { '/': up.origin },
    cors: { origins: [PAGE] },
    accessCheck: { secrets: NEW, shed: ['/api/'] },
    now: () => NOW_SECONDS * 1000,
  });
  const answer = await edge.fetch(ask('/api/me', { headers: { cookie: 'theme=dark', origin: PAGE } }));
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get('x-session-reason'), 'no-token');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.headers.get('access-control-allow-origin'), PAGE);
  assert.deepEqual(answer.headers.getSetCookie(), []);
  const document = (await problemOf(answer)) as { code: string; reason?: string };
  assert.deepEqual([document.code, document.reason], ['not-signed-in', 'no-token']);
  assert.deepEqual([up.seen.length, log[0]?.failure], [0, 'no-token']);

  const passed: RequestInit['headers'][] = [
    { 'sec-fetch-mode': 'navigate' },
    { accept: 'text/html,*/*;q=0.8' },
    { authorization: 'Bearer an-api-key' },
    { cookie: `__Host-session_access=${due}` },
    { cookie: `__Host-session_access=${token(FOREIGN, 60)}` },
    { cookie: '__Host-session_access=' },
    { cookie: 'session_refresh=x' },
  ];
  for (const headers of passed) {
    assert.equal((await edge.fetch(ask('/api/me', headers ? { headers } : {}))).status, 200, JSON.stringify(headers));
  }
  assert.equal((await edge.fetch(ask('/apis'))).status, 200);
  assert.equal((await edge.fetch(ask('/'))).status, 200);
  assert.equal(
    (await edge.fetch(ask('/api', { headers: { 'sec-fetch-mode': 'cors', accept: 'text/html' } }))).status,
    401,
  );
});
