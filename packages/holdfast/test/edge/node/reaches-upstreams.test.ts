/** The Node transport: what it may connect to, what it keeps, and which answers are none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createEdge } from '../../../src/edge/create-edge.ts';
import { type NodeTransportOptions, nodeTransport } from '../../../src/edge/node.ts';
import type { Edge, EdgeOptions } from '../../../src/edge/options.ts';
import { certificateFor } from './harness/fronts.ts';
import { startUpstream } from './harness/upstream.ts';

function edgeTo(
  t: TestContext,
  upstream: EdgeOptions['routes'][string],
  { tls, ...more }: Partial<EdgeOptions> & Pick<NodeTransportOptions, 'tls'> = {},
): Edge {
  const transport = nodeTransport(tls === undefined ? {} : { tls });
  t.after(() => transport.close());
  return createEdge({ routes: { '/': upstream }, transport, ...more });
}

const ask = (path = '/', init: RequestInit = {}): Request => new Request(`https://app.example${path}`, init);

/** Answers every connection with the same bytes. */
async function startRaw(t: TestContext, answer: string): Promise<{ origin: string; connections(): number }> {
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined).once('data', () => socket.end(answer, 'latin1'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}

test('an upstream by https is believed only with an authority that is known', async (t) => {
  const tls = await certificateFor(t);
  const server = createTlsServer(tls, (request, response) => response.end(`${request.headers.host}`)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const unknown = await edgeTo(t, `https://${host}`).fetch(ask());
  assert.equal(unknown.status, 502);
  const known = await edgeTo(t, `https://${host}`, { tls: { ca: tls.cert } }).fetch(ask());
  assert.deepEqual([known.status, await known.text()], [200, host]);
});

test('the upstream sees its own Host, or the public one where that is asked for', async (t) => {
  const upstream = await startUpstream(t, (request, response) => response.end(request.headers.host));
  const own = await edgeTo(t, upstream.origin).fetch(ask());
  assert.equal(await own.text(), new URL(upstream.origin).host);
  const forwarded = await edgeTo(t, { origin: upstream.origin, host: 'forwarded' }).fetch(ask());
  assert.equal(await forwarded.text(), 'app.example');
});

test('connections are used again', async (t) => {
  let connections = 0;
  const upstream = await startUpstream(t, (_request, response) => response.end('ok'));
  upstream.server.on('connection', () => (connections += 1));
  const edge = edgeTo(t, upstream.origin);
  for (let times = 0; times < 5; times += 1) assert.equal(await (await edge.fetch(ask())).text(), 'ok');
  assert.equal(connections, 1);
});

test('interim answers and redirects: the first are not passed on, the second not followed', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.writeProcessing();
    response.writeHead(302, { location: 'https://elsewhere.example/', 'set-cookie': ['a=1', 'b=2'] }).end();
  });
  const answer = await edgeTo(t, upstream.origin).fetch(ask());
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get('location'), 'https://elsewhere.example/');
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('an answer that is not HTTP is a 502, and its connection is not used again', async (t) => {
  for (const answer of [
    'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n',
    'SSH-2.0-OpenSSH\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n',
    '',
  ]) {
    const { origin, connections } = await startRaw(t, answer);
    const edge = edgeTo(t, origin, { retries: 0 });
    for (let times = 1; times <= 2; times += 1) {
      assert.equal((await edge.fetch(ask())).status, 502, JSON.stringify(answer));
      assert.equal(connections(), times);
    }
  }
});

test('a connection that fails is tried again for a GET and never for a POST', async (t) => {
  const { origin, connections } = await startRaw(t, '');
  const edge = edgeTo(t, origin, { retries: 2 });
  assert.equal((await edge.fetch(ask())).status, 502);
  assert.equal(connections(), 3);
  assert.equal((await edge.fetch(ask('/', { method: 'POST', body: 'x' }))).status, 502);
  assert.equal(connections(), 4);
});

test('an upstream that says nothing is let go after the timeout', async (t) => {
  const gone = Promise.withResolvers<void>();
  const upstream = await startUpstream(t, (_request, response) => response.on('close', () => gone.resolve()));
  const answer = await edgeTo(t, upstream.origin, { timeoutSeconds: 0.05 }).fetch(ask());
  assert.equal(answer.status, 504);
  await gone.promise;
});

test('the timeout is over when the headers are here: a body may take its time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const begun = Promise.withResolvers<ServerResponse>();
  const upstream = await startUpstream(t, (_request, response) => {
    response.writeHead(200).write('slow ');
    begun.resolve(response);
  });
  const answer = await edgeTo(t, upstream.origin, { timeoutSeconds: 10 }).fetch(ask());
  t.mock.timers.tick(60_000);
  (await begun.promise).end('but whole');
  assert.equal(await answer.text(), 'slow but whole');
});

test('closing ends what is under way', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => response.writeHead(200).write('half'));
  const transport = nodeTransport();
  const answer = await createEdge({ routes: { '/': upstream.origin }, transport }).fetch(ask());
  await transport.close();
  await transport.close();
  await assert.rejects(answer.text());
});
