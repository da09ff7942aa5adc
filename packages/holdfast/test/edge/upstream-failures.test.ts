/** What fails behind the edge is said as such, and signs nobody out. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { EdgeOptions } from '../../src/edge/options.ts';
import { ask, deadOrigin, problemOf, startEdge, startUpstream } from './harness.ts';

async function assertProblem(answer: Response, status: number, code: string): Promise<void> {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.headers.get('x-request-id'), 'the-id');
  assert.equal(answer.headers.get('x-session-reason'), null);
  assert.deepEqual(answer.headers.getSetCookie(), []);
  const { status: told, code: named, instance } = await problemOf(answer);
  assert.deepEqual([told, named, instance], [status, code, 'the-id']);
}

test('an upstream that is down is 502', async () => {
  const { edge, log } = startEdge({ routes: { '/': await deadOrigin() }, retries: 0 });
  await assertProblem(await edge.fetch(ask('/x?secret=1')), 502, 'bad-gateway');
  assert.deepEqual(
    [log[0]?.failure, log[0]?.status, log[0]?.attempts, log[0]?.path, log[0]?.method],
    ['connection-failed', 502, 1, '/x', 'GET'],
  );
});

test('an upstream that does not answer in time is 504, and is told to stop', async (t) => {
  const gone = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request) => request.socket.once('close', () => gone.resolve()));
  const { edge, log } = startEdge({ routes: { '/': up.origin }, timeoutSeconds: 0.05, retries: 3 });
  await assertProblem(await edge.fetch(ask('/')), 504, 'gateway-timeout');
  await gone.promise;
  assert.deepEqual([up.seen.length, log[0]?.failure, log[0]?.attempts], [1, 'timeout', 1], 'sent once');
});

test('a transport that cannot be interrupted is not waited for, and its late answer is let go', async () => {
  const late = Promise.withResolvers<Response>();
  const cancelled = Promise.withResolvers<void>();
  const { edge } = startEdge({
    routes: { '/': 'http://up.internal' },
    timeoutSeconds: 0.01,
    transport: () => late.promise,
  });
  assert.equal((await edge.fetch(ask('/'))).status, 504);
  late.resolve(new Response(new ReadableStream({ cancel: () => cancelled.resolve() })));
  await cancelled.promise;
});

/** A server that breaks the first connections, then answers. */
async function breaking(t: { after(run: () => void): void }, times: number) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {});
    socket.once('data', () => {
      if (connections <= times) socket.destroy();
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { origin: `http://127.0.0.1:${address.port}`, connections: () => connections };
}

const attempts = async (options: Partial<EdgeOptions>, origin: string, init: RequestInit) => {
  const { edge, log } = startEdge({ routes: { '/': origin }, ...options });
  const { status } = await edge.fetch(ask('/', init));
  return [status, log[0]?.attempts];
};

test('what changes nothing is sent again when the connection broke before an answer', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    assert.deepEqual(await attempts({}, (await breaking(t, 1)).origin, { method }), [200, 2], method);
  }
  assert.deepEqual(await attempts({}, (await breaking(t, 2)).origin, {}), [502, 2]);
  assert.deepEqual(await attempts({ retries: 2 }, (await breaking(t, 2)).origin, {}), [200, 3]);
  assert.deepEqual(await attempts({ retries: 0 }, (await breaking(t, 1)).origin, {}), [502, 1]);
});

test('what may have changed something is never sent twice', async (t) => {
  for (const init of [
    { method: 'POST' },
    { method: 'POST', body: 'x' },
    { method: 'PUT', body: 'x' },
    { method: 'DELETE' },
    { method: 'PATCH', body: 'x' },
    { method: 'OPTIONS', body: 'x' },
  ]) {
    const up = await breaking(t, 1);
    assert.deepEqual(await attempts({ retries: 5 }, up.origin, init), [502, 1], init.method);
    assert.equal(up.connections(), 1);
  }
});

test('answers of an upstream are passed on whatever they are, and never asked for again', async (t) => {
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { 'retry-after': '7' }).end('why');
  });
  const { edge, log } = startEdge({ routes: { '/': up.origin } });
  for (const status of [400, 401, 403, 404, 429, 500, 502, 503, 504, 599]) {
    const answer = await edge.fetch(ask(`/${status}`));
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get('retry-after')], [status, 'why', '7']);
  }
  assert.ok(log.every((entry) => entry.failure === null && entry.attempts === 1));
});

test('an answer that HTTP does not know is 502, and its body is let go', async (t) => {
  const gone = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(999).write('?');
    request.socket.once('close', () => gone.resolve());
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  assert.equal((await edge.fetch(ask('/'))).status, 502);
  await gone.promise;
});

test('a client that leaves before the answer stops the request to the upstream, which is not sent again', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request) => {
    arrived.resolve();
    request.socket.once('close', () => gone.resolve());
  });
  const { edge, log } = startEdge({ routes: { '/': up.origin }, retries: 3 });
  const client = new AbortController();
  const answer = edge.fetch(ask('/', { signal: client.signal }));
  await arrived.promise;
  client.abort();
  await gone.promise;
  assert.equal((await answer).status, 499);
  assert.deepEqual([up.seen.length, log[0]?.failure], [1, 'client-gone']);
  assert.equal((await edge.fetch(ask('/', { signal: client.signal }))).status, 499);
  assert.deepEqual([up.seen.length, log[1]?.attempts], [1, 0], 'it was gone before anything was sent');
});

test('a HEAD that fails has no body', async () => {
  const { edge } = startEdge({ routes: { '/': await deadOrigin() } });
  const answer = await edge.fetch(ask('/', { method: 'HEAD' }));
  assert.deepEqual([answer.status, answer.body], [502, null]);
});

test('a log, a clock or an id that throws does not fail into the request', async (t) => {
  const up = await startUpstream(t);
  const thrower = () => {
    throw new Error('mine');
  };
  const { createEdge } = await import('../../src/edge/create-edge.ts');
  const routes = { '/': up.origin };
  assert.equal((await createEdge({ routes, onRequest: thrower }).fetch(ask('/'))).status, 200);
  assert.equal((await createEdge({ routes, newRequestId: thrower }).fetch(ask('/'))).status, 500);
});

test('the log has times, and neither headers nor query', async (t) => {
  const up = await startUpstream(t);
  let clock = 1000;
  const { edge, log } = startEdge({ routes: { '/': up.origin }, now: () => (clock += 5) });
  await edge.fetch(ask('/reset?token=secret', { headers: { cookie: 'a=secret' } }));
  assert.deepEqual(log, [
    {
      requestId: 'the-id',
      method: 'GET',
      path: '/reset',
      route: '/',
      status: 200,
      milliseconds: 5,
      attempts: 1,
      failure: null,
    },
  ]);
});
