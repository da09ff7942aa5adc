/** Pages of other origins: those that are listed read every answer, the others none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCors } from '../../src/edge/cors.ts';
import { ask, deadOrigin, PAGE, startEdge, startUpstream } from './harness.ts';

const corsOf = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'));

const READABLE = {
  'access-control-allow-origin': PAGE,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'retry-after, x-session-reason, x-session-hint, x-request-id',
  vary: 'Origin',
};

const from = (origin: string) => ({ headers: { origin } });

test('a listed page reads answers, with cookies; others only learn that it depends', async (t) => {
  const up = await startUpstream(t);
  const { edge } = startEdge({ routes: { '/': up.origin }, cors: { origins: [PAGE] } });
  assert.deepEqual(corsOf((await edge.fetch(ask('/', from(PAGE)))).headers), READABLE);
  for (const origin of [
    'https://evil.example',
    'null',
    `${PAGE}.evil.example`,
    `${PAGE}:443`,
    `${PAGE}/`,
    PAGE.toUpperCase(),
  ]) {
    assert.deepEqual(corsOf((await edge.fetch(ask('/', from(origin)))).headers), { vary: 'Origin' }, origin);
  }
  assert.deepEqual(corsOf((await edge.fetch(ask('/'))).headers), { vary: 'Origin' });
});

test('the edge is the only voice: what an upstream says of CORS is replaced', async (t) => {
  const up = await startUpstream(t, (_, response) =>
    response
      .writeHead(200, {
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        'access-control-allow-private-network': 'true',
        'access-control-max-age': '9999',
      })
      .end(),
  );
  const listed = startEdge({ routes: { '/': up.origin }, cors: { origins: [PAGE] } });
  assert.deepEqual(corsOf((await listed.edge.fetch(ask('/', from(PAGE)))).headers), READABLE);
  assert.deepEqual(corsOf((await listed.edge.fetch(ask('/', from('https://evil.example')))).headers), {
    vary: 'Origin',
  });
  const without = startEdge({ routes: { '/': up.origin } });
  assert.deepEqual(corsOf((await without.edge.fetch(ask('/', from(PAGE)))).headers), {});
});

test('Vary is added to, once', async (t) => {
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(200, { vary: decodeURIComponent(request.url?.slice(1) ?? '') }).end();
  });
  const { edge } = startEdge({ routes: { '/': up.origin }, cors: { origins: [PAGE] } });
  for (const [theirs, wanted] of [
    ['Accept-Encoding', 'Accept-Encoding, Origin'],
    ['origin', 'origin'],
    ['Accept, ORIGIN ,Cookie', 'Accept, ORIGIN ,Cookie'],
    ['X-Origin', 'X-Origin, Origin'],
    ['*', '*'],
  ] as const) {
    const answer = await edge.fetch(ask(`/${encodeURIComponent(theirs)}`));
    assert.equal(answer.headers.get('vary'), wanted);
  }
});

const preflight = (origin: string, more: Record<string, string> = {}): RequestInit => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'content-type',
    ...more,
  },
});

test('a preflight is answered here and never sent on', async (t) => {
  const up = await startUpstream(t);
  const { edge, log } = startEdge({ routes: { '/': up.origin }, cors: { origins: [PAGE] } });
  const answer = await edge.fetch(ask('/x', preflight(PAGE, { 'access-control-request-private-network': 'true' })));
  assert.equal(answer.status, 204);
  assert.deepEqual(corsOf(answer.headers), {
    'access-control-allow-origin': PAGE,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'content-type, x-session-activity',
    'access-control-max-age': '600',
    vary: 'Origin',
  });
  const refused = await edge.fetch(ask('/x', preflight('https://evil.example')));
  assert.deepEqual([refused.status, corsOf(refused.headers)], [204, { vary: 'Origin' }]);
  assert.deepEqual([up.seen.length, log.map((entry) => entry.failure)], [0, ['preflight', 'preflight']]);
});

test('OPTIONS that is no preflight goes to the upstream', async (t) => {
  const up = await startUpstream(t, (_, response) => response.writeHead(200, { allow: 'GET' }).end());
  const { edge } = startEdge({ routes: { '/': up.origin }, cors: { origins: [PAGE] } });
  for (const headers of [{}, { origin: PAGE }, { 'access-control-request-method': 'PUT' }]) {
    assert.equal((await edge.fetch(ask('/', { method: 'OPTIONS', headers }))).headers.get('allow'), 'GET');
  }
  assert.equal(up.seen.length, 3);
});

test('methods, headers and times are those that were asked for', async () => {
  const { edge } = startEdge({
    routes: { '/': 'http://up.internal' },
    cors: { origins: [PAGE], methods: ['GET'], headers: ['x-own'], exposed: [], maxAgeSeconds: 0 },
  });
  const { headers } = await edge.fetch(ask('/', preflight(PAGE)));
  assert.deepEqual(
    [
      headers.get('access-control-allow-methods'),
      headers.get('access-control-allow-headers'),
      headers.get('access-control-max-age'),
    ],
    ['GET', 'x-own', '0'],
  );
});

test('a listed page can read that an upstream is down', async () => {
  const { edge } = startEdge({ routes: { '/': await deadOrigin() }, cors: { origins: [PAGE] } });
  const answer = await edge.fetch(ask('/', from(PAGE)));
  assert.deepEqual([answer.status, corsOf(answer.headers)], [502, READABLE]);
});

const allows = (pattern: string) => {
  const problems: string[] = [];
  const cors = createCors({ origins: [pattern] }, problems);
  assert.deepEqual(problems, []);
  return (origin: string) => cors.allows(origin);
};

test('a pattern covers sub-domains of any depth, of that scheme and port', () => {
  const allowed = allows('https://*.app.example');
  for (const origin of ['https://a.app.example', 'https://a.b.app.example', 'https://x-1.app.example']) {
    assert.ok(allowed(origin), origin);
  }
  for (const origin of [
    'https://app.example',
    'http://a.app.example',
    'https://a.app.example:8443',
    'https://a.app.example:443',
    'https://evil.app.example.attacker.com',
    'https://evilapp.example',
    'https://.app.example',
    'https://a..app.example',
    'https://a.app.example.',
    'https://a.app.example/',
    'https://A.app.example',
    'https://u@a.app.example',
    'https://evil.com#.app.example',
    'https://evil.com/.app.example',
    'https://evil.com\\.app.example',
    'https://evil.com?.app.example',
    ' https://a.app.example',
    'https://a.app.example https://evil.com',
    'https://*.app.example',
    'null',
    '',
  ]) {
    assert.equal(allowed(origin) && origin !== 'https://*.app.example', false, origin);
  }
  assert.ok(allows('http://*.localhost:3000')('http://a.localhost:3000'));
});

test('app shells are origins too, exactly as they are written', () => {
  const allowed = allows('capacitor://localhost');
  assert.deepEqual(['capacitor://localhost', 'capacitor://localhost:1', 'ionic://localhost'].map(allowed), [
    true,
    false,
    false,
  ]);
});

test('whatever surrounds it, a pattern only covers what ends in its own labels', () => {
  const allowed = allows('https://*.app.example');
  const part = fc.constantFrom(
    'a',
    'evil',
    '.',
    '.app.example',
    'app.example',
    '-',
    '@',
    '/',
    ':',
    ':443',
    '#',
    '?',
    '\\',
    'com',
    '%2e',
    'é',
    'https://',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const origin = `https://${parts.join('')}`;
      if (!allowed(origin)) return;
      assert.match(origin, /^https:\/\/(?:[^./:@#?\\%]+\.)+app\.example$/);
      assert.equal(new URL(origin).origin, origin);
    }),
    { numRuns: 2000 },
  );
});

test('a WebSocket is only opened for pages of the same or a listed origin', async () => {
  const { edge, sent, log } = startEdge({
    routes: { '/': 'http://up.internal' },
    cors: { origins: [PAGE] },
    transport: async () => new Response('the upstream'),
  });
  const open = async (headers: Record<string, string>) =>
    (await edge.fetch(ask('/ws', { headers: { upgrade: 'WebSocket', connection: 'Upgrade', ...headers } }))).status;
  assert.equal(await open({ origin: 'https://evil.example' }), 403);
  assert.equal(await open({ origin: 'null' }), 403);
  assert.equal(await open({ origin: 'http://app.example' }), 403);
  assert.deepEqual([sent.length, log[0]?.failure], [0, 'forbidden-origin']);
  assert.equal(await open({ origin: PAGE }), 200);
  assert.equal(await open({ origin: 'https://app.example' }), 200);
  assert.equal(await open({ origin: 'http://app.example', 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await open({}), 200);
  assert.equal(sent[0]?.headers.get('upgrade'), 'websocket');
});
