/** What an upstream is told, and what nobody can make it believe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, startEdge, startUpstream } from './harness.ts';

const SECRET = 'kT4vQ9xT7pL2mN8sRw4Yb6Hc1Jd5Fg0AqXe';

/** The headers that a request has when it leaves for the upstream. */
async function sentHeaders(
  headers: Readonly<Record<string, string>>,
  options: { trustForwarded?: boolean; edgeSecret?: string } = {},
  context: { clientIp?: string; protocol?: 'http' | 'https' } = { clientIp: '203.0.113.9' },
): Promise<Headers> {
  const { edge, sent } = startEdge({
    routes: { '/': 'http://up.internal' },
    transport: async () => new Response('ok'),
    ...options,
  });
  await edge.fetch(ask('/x', { headers }), context);
  assert.ok(sent[0]);
  return sent[0].headers;
}

test('the upstream learns who asks, how and for what', async (t) => {
  const up = await startUpstream(t);
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/x'), { clientIp: '2001:db8::1' });
  const { headers } = up.seen[0] ?? assert.fail();
  assert.equal(headers['x-forwarded-for'], '2001:db8::1');
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.equal(headers['x-forwarded-host'], 'app.example');
  assert.equal(headers['x-request-id'], 'the-id');
  assert.equal(headers.host, new URL(up.origin).host);
  assert.equal(answer.headers.get('x-request-id'), 'the-id');
});

test('TLS that ended before the edge is told by the context', async () => {
  const headers = await sentHeaders({}, {}, { protocol: 'http' });
  assert.equal(headers.get('x-forwarded-proto'), 'http');
  assert.equal(headers.get('x-forwarded-for'), null, 'an address that nobody knows is not made up');
});

const SPOOFED = {
  'x-forwarded-for': '6.6.6.6',
  'x-forwarded-proto': 'gopher',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '1',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil',
  'x-forwarded-uri': '/admin',
  'x-forwarded': 'for=6.6.6.6',
  forwarded: 'for=6.6.6.6;host=evil.example',
  'x-real-ip': '6.6.6.6',
  'x-client-ip': '6.6.6.6',
  'true-client-ip': '6.6.6.6',
  'cf-connecting-ip': '6.6.6.6',
  'x-original-url': '/admin',
  'x-rewrite-url': '/admin',
  'x-request-id': 'evil',
  x_forwarded_for: '6.6.6.6',
  X_Forwarded_Host: 'evil.example',
  'x-forwarded_for': '6.6.6.6',
  'x.forwarded.for': '6.6.6.6',
};

test('what a client says of its origin is replaced', async () => {
  const headers = await sentHeaders(SPOOFED);
  assert.doesNotMatch(JSON.stringify([...headers]), /6\.6\.6\.6|evil|gopher|admin/);
  assert.equal(headers.get('x-forwarded-for'), '203.0.113.9');
  assert.equal(headers.get('x-forwarded-host'), 'app.example');
});

test('behind a proxy of one’s own it is believed and added to', async () => {
  const headers = await sentHeaders(
    {
      'x-forwarded-for': '198.51.100.1, 10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      'x-real-ip': '198.51.100.1',
      'x-request-id': 'from-the-front',
      forwarded: 'for=6.6.6.6',
      x_forwarded_for: '6.6.6.6',
    },
    { trustForwarded: true },
    { clientIp: '10.0.0.2', protocol: 'http' },
  );
  assert.equal(headers.get('x-forwarded-for'), '198.51.100.1, 10.0.0.1, 10.0.0.2');
  assert.equal(headers.get('x-forwarded-proto'), 'https');
  assert.equal(headers.get('x-forwarded-host'), 'shop.example');
  assert.equal(headers.get('x-real-ip'), '198.51.100.1');
  assert.equal(headers.get('x-request-id'), 'from-the-front');
  assert.doesNotMatch(JSON.stringify([...headers]), /6\.6\.6\.6/);
});

test('a request id that would not look well in a log is replaced even then', async () => {
  for (const id of ['a b', '<script>', 'x'.repeat(129), '"']) {
    assert.equal((await sentHeaders({ 'x-request-id': id }, { trustForwarded: true })).get('x-request-id'), 'the-id');
  }
});

test('nobody can say who they are', async () => {
  const identity = {
    'Remote-User': 'root',
    'remote-groups': 'root',
    REMOTE_USER: 'root',
    Remote_Email: 'root',
    'X-Auth-Request-User': 'root',
    x_auth_request_email: 'root',
    'X-Forwarded-User': 'root',
    'x-forwarded-access-token': 'root',
    'X-Session-Id': 'root',
    'x-session_id': 'root',
    'X-Session-Expires': 'root',
    'X-Session-Assertion': 'root',
    X_SESSION_ASSERTION: 'root',
    'X-Edge-Access': 'root',
    'x-edge-secret': 'root',
    x_edge_secret: 'root',
    'x.edge.anything': 'root',
  };
  for (const trustForwarded of [false, true]) {
    assert.doesNotMatch(JSON.stringify([...(await sentHeaders(identity, { trustForwarded }))]), /root/);
  }
  assert.equal((await sentHeaders(identity, { edgeSecret: SECRET })).get('x-edge-secret'), SECRET);
});

test('headers of one connection stay with it', async () => {
  const headers = await sentHeaders({
    connection: 'keep-alive, X-Once , close',
    'keep-alive': 'timeout=5',
    'x-once': 'dropped',
    'proxy-authorization': 'dropped',
    'proxy-connection': 'dropped',
    te: 'trailers',
    trailer: 'dropped',
    'transfer-encoding': 'chunked',
    transfer_encoding: 'chunked',
    upgrade: 'h2c',
    'http2-settings': 'dropped',
    expect: '100-continue',
    'x-stays': 'yes',
  });
  assert.deepEqual(
    [...headers.keys()],
    ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-request-id', 'x-stays'],
  );
});

test('a client cannot name headers away that upstreams decide on', async () => {
  const headers = await sentHeaders(
    {
      connection:
        'cookie, authorization, origin, sec-fetch-site, x-forwarded-for, x-request-id, x-edge-secret, referer',
      cookie: '__Host-session_access=abc',
      authorization: 'Bearer abc',
      origin: 'https://evil.example',
      referer: 'https://evil.example/',
      'sec-fetch-site': 'cross-site',
    },
    { edgeSecret: SECRET },
  );
  assert.equal(headers.get('cookie'), '__Host-session_access=abc');
  assert.equal(headers.get('authorization'), 'Bearer abc');
  assert.equal(headers.get('origin'), 'https://evil.example');
  assert.equal(headers.get('referer'), 'https://evil.example/');
  assert.equal(headers.get('sec-fetch-site'), 'cross-site');
  assert.equal(headers.get('x-forwarded-for'), '203.0.113.9');
  assert.equal(headers.get('x-request-id'), 'the-id');
  assert.equal(headers.get('x-edge-secret'), SECRET);
});

test('cookies, origin and fetch metadata arrive untouched', async () => {
  const own = {
    cookie: `a=1; b="x y"; =z; __Host-session_access=${'A'.repeat(80)}`,
    origin: 'null',
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-purpose': 'prefetch',
    'x-session-activity': 'passive',
    'content-type': 'application/json',
  };
  const headers = await sentHeaders(own);
  for (const [name, value] of Object.entries(own)) assert.equal(headers.get(name), value, name);
});

test('the Host that the browser asked for goes along where it is wanted', async () => {
  const { edge, sent } = startEdge({
    routes: { '/': { origin: 'http://up.internal', host: 'forwarded' }, '/own': 'http://up.internal' },
    transport: async () => new Response('ok'),
  });
  await edge.fetch(ask('/x', { headers: { host: 'evil.example' } }));
  await edge.fetch(ask('/own', { headers: { host: 'evil.example' } }));
  assert.deepEqual(
    sent.map(({ headers }) => headers.get('host')),
    ['app.example', null],
  );
});
