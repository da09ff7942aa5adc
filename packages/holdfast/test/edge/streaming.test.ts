/** Bodies pass through as they come, in both directions, and break where they break. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, startEdge, startUpstream } from './harness.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

test('each piece of an answer is there before the next one is made', async (t) => {
  let next: (text: string | null) => void = () => {};
  const up = await startUpstream(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    next = (text) => (text === null ? response.end() : response.write(text));
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/events'));
  const reader = answer.body?.getReader() ?? assert.fail();
  for (const text of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
    next(text);
    assert.equal(decoder.decode((await reader.read()).value), text);
  }
  next(null);
  assert.equal((await reader.read()).done, true);
});

test('each piece of an upload is there before the next one is made, with the answer already under way', async (t) => {
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(200).flushHeaders();
    request.on('data', (piece: Buffer) => response.write(`<${piece}>`));
    request.on('end', () => response.end());
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // Node's fetch sends no headers before the body's first piece.
  void writer.write(encoder.encode('one'));
  const answer = await edge.fetch(ask('/', { method: 'POST', body: readable, duplex: 'half' } as RequestInit));
  const reader = answer.body?.getReader() ?? assert.fail();
  for (const text of ['one', 'two', 'three']) {
    if (text !== 'one') await writer.write(encoder.encode(text));
    assert.equal(decoder.decode((await reader.read()).value), `<${text}>`);
  }
  await writer.close();
  assert.equal((await reader.read()).done, true);
});

test('an upload keeps its length', async (t) => {
  const up = await startUpstream(t, (request, response) => request.pipe(response));
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const headers = { 'content-length': '5', 'content-type': 'text/plain' };
  const answer = await edge.fetch(ask('/', { method: 'POST', body: 'hello', headers }));
  assert.equal(await answer.text(), 'hello');
  assert.equal(up.seen[0]?.headers['content-length'], '5');
  assert.equal(up.seen[0]?.headers['transfer-encoding'], undefined);
  assert.equal(answer.headers.get('transfer-encoding'), null);
});

test('an upload that takes longer than the timeout is no upstream that hangs', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const up = await startUpstream(t, (request, response) => {
    request.resume().on('end', () => response.end('got it'));
  });
  const { edge } = startEdge({ routes: { '/': up.origin }, timeoutSeconds: 10 });
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(out) {
      t.mock.timers.tick(3_000);
      if (++pieces > 20) out.close();
      else out.enqueue(encoder.encode('x'));
    },
  });
  const answer = await edge.fetch(ask('/', { method: 'POST', body, duplex: 'half' } as RequestInit));
  assert.deepEqual([answer.status, await answer.text()], [200, 'got it']);
});

test('an upload that nobody reads is not waited for longer than the timeout, and no longer asked for', async (t) => {
  const stopped = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request) => request.pause());
  const { edge } = startEdge({ routes: { '/': up.origin }, timeoutSeconds: 0.2 });
  const body = new ReadableStream<Uint8Array>({
    pull: (out) => out.enqueue(new Uint8Array(65_536)),
    cancel: () => stopped.resolve(),
  });
  const answer = await edge.fetch(ask('/', { method: 'POST', body, duplex: 'half' } as RequestInit));
  assert.equal(answer.status, 504);
  await stopped.promise;
});

test('an upstream that dies in the middle breaks the answer instead of ending it', async (t) => {
  const up = await startUpstream(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.socket?.destroy());
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/'));
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text());
});

test('a client that leaves in the middle of an answer ends it for the upstream', async (t) => {
  const gone = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(200).write('x');
    request.socket.once('close', () => gone.resolve());
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const client = new AbortController();
  const answer = await edge.fetch(ask('/', { signal: client.signal }));
  client.abort();
  await gone.promise;
  await assert.rejects(answer.text());
});

test('an answer whose reader loses interest ends for the upstream', async (t) => {
  const gone = Promise.withResolvers<void>();
  const up = await startUpstream(t, (request, response) => {
    response.writeHead(200).write('x');
    request.socket.once('close', () => gone.resolve());
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  await (await edge.fetch(ask('/'))).body?.cancel();
  await gone.promise;
});

test('a body that fetch has decoded is not called encoded', async (t) => {
  const packed = gzipSync('hello');
  const up = await startUpstream(t, (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed),
  );
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const answer = await edge.fetch(ask('/', { headers: { 'accept-encoding': 'gzip' } }));
  assert.equal(await answer.text(), 'hello');
  assert.deepEqual([answer.headers.get('content-encoding'), answer.headers.get('content-length')], [null, null]);
  assert.equal(up.seen[0]?.headers['accept-encoding'], 'identity');
});

test('headers of an answer’s connection stay with it, and its content type arrives', async (t) => {
  const up = await startUpstream(t, (_, response) => {
    response.writeHead(200, {
      connection: 'close, x-once, set-cookie, cache-control',
      'x-once': 'dropped',
      'keep-alive': 'timeout=5',
      'proxy-authenticate': 'Basic',
      'alt-svc': 'h3=":443"',
      upgrade: 'h2c',
      'cache-control': 'no-store',
      'set-cookie': 'a=1',
      'content-type': 'text/plain; charset=utf-8',
    });
    response.end('x');
  });
  const { edge } = startEdge({ routes: { '/': up.origin } });
  const { headers } = await edge.fetch(ask('/'));
  assert.deepEqual(
    [...headers.keys()].filter((name) => name !== 'date'),
    ['cache-control', 'content-type', 'set-cookie', 'x-request-id'],
  );
  assert.equal(headers.get('cache-control'), 'no-store', 'what keeps an answer out of caches cannot be named away');
});
