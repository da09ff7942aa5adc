/** An edge that is told to stop finishes what it has begun, and nothing else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { type ServedEdge, type ServeOptions, serveEdge } from '../../../src/edge/node.ts';
import { type Browser, http1Browser, http2Browser } from './harness/browser.ts';
import { certificateFor } from './harness/fronts.ts';
import { startUpstream, type Upstream } from './harness/upstream.ts';

interface Running {
  readonly served: ServedEdge;
  readonly browser: Browser;
  readonly upstream: Upstream;
  /** The answer that the upstream owes for `/slow`. */
  readonly owed: Promise<ServerResponse>;
}

async function start(t: TestContext, options: ServeOptions): Promise<Running> {
  const owed = Promise.withResolvers<ServerResponse>();
  const upstream = await startUpstream(t, (request, response) => {
    if (request.url === '/slow') owed.resolve(response);
    else response.end('quick');
  });
  const served = await serveEdge({ routes: { '/': upstream.origin } }, { port: 0, ...options });
  t.after(() => served.close());
  const browser =
    options.tls === undefined
      ? http1Browser(`http://127.0.0.1:${served.port}`)
      : http2Browser(t, `https://127.0.0.1:${served.port}`, String(options.tls.cert));
  return { served, browser, upstream, owed: owed.promise };
}

for (const protocol of ['HTTP/1.1', 'HTTP/2']) {
  test(`answers under way are finished before an edge stops (${protocol})`, async (t) => {
    const tls = protocol === 'HTTP/2' ? { tls: await certificateFor(t) } : {};
    const { served, browser, owed } = await start(t, { ...tls, drainSeconds: 60 });
    const { answer } = browser.send('/slow');
    const response = await owed;
    const closed = served.close();
    await assert.rejects(once(connect(served.port, '127.0.0.1'), 'connect'));
    response.write('first ');
    const { body } = await answer;
    response.end('and last');
    assert.equal((await buffer(body)).toString(), 'first and last');
    await closed;
  });

  test(`an answer that takes longer than the edge waits is broken off (${protocol})`, async (t) => {
    const tls = protocol === 'HTTP/2' ? { tls: await certificateFor(t) } : {};
    const { served, browser, owed } = await start(t, { ...tls, drainSeconds: 0.05 });
    const { answer } = browser.send('/slow');
    (await owed).write('first');
    const { body } = await answer;
    await Promise.all([assert.rejects(buffer(body)), served.close()]);
  });
}

test('idle connections and WebSockets do not keep an edge from stopping', async (t) => {
  const { served, upstream } = await start(t, { drainSeconds: 60 });
  const sockets = new WebSocketServer({ server: upstream.server });
  const near = new WebSocket(`ws://127.0.0.1:${served.port}/`);
  const [[far]] = (await Promise.all([once(sockets, 'connection'), once(near, 'open')])) as [[WebSocket], unknown];
  const idle = connect(served.port, '127.0.0.1');
  idle.write('GET /quick HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(idle, 'data');
  const ends = Promise.all([once(near, 'close'), once(far, 'close'), once(idle.resume(), 'close')]);
  await served.close();
  await served.close();
  await ends;
});

test('a port that is taken is said when the edge starts', async (t) => {
  const { served } = await start(t, {});
  const second = serveEdge({ routes: { '/': 'http://127.0.0.1:1' } }, { port: served.port });
  await assert.rejects(second, { code: 'EADDRINUSE' });
});
