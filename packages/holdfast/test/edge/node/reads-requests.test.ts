/** What Node receives reaches the upstream as it was meant; what means two things at once is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { createEdge } from '../../../src/edge/create-edge.ts';
import { edgeListener, nodeTransport, type ServeOptions, serveEdge } from '../../../src/edge/node.ts';
import { certificateFor } from './harness/fronts.ts';
import { startUpstream } from './harness/upstream.ts';

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

async function start(t: TestContext, options: ServeOptions = {}): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const upstream = await startUpstream(t, (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    response.end('reached');
  });
  const served = await serveEdge({ routes: { '/': upstream.origin } }, { port: 0, drainSeconds: 0, ...options });
  t.after(() => served.close());
  return { port: served.port, seen };
}

/** Sends text as it is; answers all that comes back until the other side closes. */
async function raw(port: number, lines: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`, 'latin1');
  return text(socket);
}

test('a request names one host, or is refused before any upstream sees it', async (t) => {
  const { port, seen } = await start(t);
  for (const lines of [
    ['GET / HTTP/1.1', 'Host: a.example', 'Host: b.example'],
    ['GET / HTTP/1.1', 'Host: a.example', 'Host: a.example'],
    ['GET / HTTP/1.1'],
    ['GET / HTTP/1.0'],
    ['GET / HTTP/1.1', 'Host: a.example/evil'],
    ['GET / HTTP/1.1', 'Host: user@a.example'],
    ['GET / HTTP/1.1', 'Host: a.example, b.example'],
    ['GET / HTTP/1.1', 'Host: '],
    ['GET http://evil.example/ HTTP/1.1', 'Host: a.example'],
    ['OPTIONS * HTTP/1.1', 'Host: a.example'],
  ]) {
    assert.match(await raw(port, lines), /^HTTP\/1\.1 400 /, lines.join(' | '));
  }
  assert.deepEqual(seen, []);
});

test('only hosts of the list are served, where there is one', async (t) => {
  const { port, seen } = await start(t, { hosts: ['app.example', 'localhost:8080'] });
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: APP.example:80']), /^HTTP\/1\.1 200 /);
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: localhost:8080']), /^HTTP\/1\.1 200 /);
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: app.example:81']), /^HTTP\/1\.1 400 [\s\S]*host-not-allowed/);
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: evil.example']), /^HTTP\/1\.1 400 [\s\S]*host-not-allowed/);
  assert.equal(seen.length, 2);
});

test('behind a public origin, Host decides nothing', async (t) => {
  const { port, seen } = await start(t, { publicOrigin: 'https://app.example' });
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: evil.example']), /^HTTP\/1\.1 200 /);
  const headers = seen[0]?.headers ?? {};
  assert.equal(headers['x-forwarded-host'], 'app.example');
  assert.equal(headers['x-forwarded-proto'], 'https');
});

test('an address that is none is named when the listener is made', () => {
  const edge = createEdge({ routes: { '/': 'http://127.0.0.1:1' } });
  for (const publicOrigin of [
    'app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://APP.example',
  ]) {
    assert.throws(() => edgeListener(edge, { publicOrigin, hosts: ['https://x'] }), /publicOrigin: [\s\S]*hosts: /);
  }
});

test('a path is passed on as it was written, and stays below the upstream', async (t) => {
  const { port, seen } = await start(t);
  for (const path of ['/a%2Fb?q=%00&r=a+b', '//evil.example/x', '/a;b=1//c?', '/%e4?x=%C3%A4']) {
    await raw(port, [`GET ${path} HTTP/1.1`, 'Host: a.example']);
  }
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/a%2Fb?q=%00&r=a+b', '//evil.example/x', '/a;b=1//c', '/%e4?x=%C3%A4'],
  );
});

test('every line of a header counts, and the address of the connection is the client’s', async (t) => {
  const { port, seen } = await start(t);
  await raw(port, [
    'GET / HTTP/1.1',
    'Host: a',
    'Accept: a/b',
    'Accept: c/d',
    'Cookie: x=1',
    'Cookie: y=2',
    'X-Odd: \xe4',
  ]);
  const headers = seen[0]?.headers ?? {};
  assert.equal(headers.accept, 'a/b, c/d');
  assert.equal(headers.cookie, 'x=1; y=2');
  assert.equal(headers['x-odd'], '\xe4');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], 'a');
  assert.equal(headers['x-forwarded-proto'], 'http');
});

test('over HTTP/2 crumbs of cookies make one line, and pseudo headers are no headers', async (t) => {
  const tls = await certificateFor(t);
  const { port, seen } = await start(t, { tls });
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: tls.cert });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/x?y', cookie: ['a=1', 'b=2', 'c=3'], 'x-more': ['1', '2'] });
  assert.equal(await text(stream), 'reached');
  const [{ url, headers } = { url: '', headers: {} }] = seen;
  assert.equal(url, '/x?y');
  assert.equal(headers.cookie, 'a=1; b=2; c=3');
  assert.equal(headers['x-more'], '1, 2');
  assert.equal(headers['x-forwarded-host'], `127.0.0.1:${port}`);
  assert.equal(headers['x-forwarded-proto'], 'https');
  assert.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith(':')),
    [],
  );

  assert.equal(await text(session.request({ ':path': '/\xe4' })), 'reached');
  assert.equal(seen[1]?.url, '/%E4');

  const two = session.request({ ':path': '/', ':authority': 'a.example', host: 'b.example' });
  const [answer] = (await once(two, 'response')) as [{ ':status': number }];
  assert.equal(answer[':status'], 400);
  assert.equal(seen.length, 2);
});

test('a GET with a body, TRACE, and an upgrade to something else than a WebSocket', async (t) => {
  const { port, seen } = await start(t);
  assert.match(await raw(port, ['GET / HTTP/1.1', 'Host: a', 'Content-Length: 2'], 'hi'), /^HTTP\/1\.1 400 /);
  assert.match(await raw(port, ['TRACE / HTTP/1.1', 'Host: a']), /^HTTP\/1\.1 405 /);
  assert.equal(seen.length, 0);
  const offer = ['POST / HTTP/1.1', 'Host: a', 'Upgrade: h2c', 'Content-Length: 2', 'Connection: upgrade'];
  assert.match(await raw(port, offer, 'hi'), /^HTTP\/1\.1 200 /);
  assert.equal(seen[0]?.headers.upgrade, undefined);
});

test('a server of one’s own that hands over every upgrade refuses what is no WebSocket', async (t) => {
  const { request, upgrade } = edgeListener(
    createEdge({ routes: { '/': 'http://127.0.0.1:1' }, transport: nodeTransport() }),
  );
  const server = createServer(request).on('upgrade', upgrade).listen(0, '127.0.0.1');
  t.after(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await raw(port, ['GET / HTTP/1.1', 'Host: a', 'Upgrade: h2c', 'Connection: upgrade']);
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test('a connection whose upload was refused serves the next request', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => response.end('reached'));
  const served = await serveEdge({ routes: { '/app': upstream.origin } }, { port: 0, drainSeconds: 0 });
  t.after(() => served.close());
  const socket = connect(served.port, '127.0.0.1');
  const size = 1 << 20;
  socket.write(`POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(Buffer.alloc(size));
  socket.write('GET /app HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(await text(socket), /^HTTP\/1\.1 404 [\s\S]*HTTP\/1\.1 200 [\s\S]*reached/);
});
