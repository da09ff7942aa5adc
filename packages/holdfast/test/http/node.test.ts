/** The node binding: headers leave in many ways, and on all of them only after everything is stored. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { type NodeExchange, nodeSessions } from '../../src/http/node.ts';
import { close, listen, ORIGIN, startEngine } from './harness.ts';

type Serve = (response: ServerResponse, auth: NodeExchange) => unknown;

/** Answers one request with `serve`; the exchange has a sign-in under way that is stored only after `during` has run. */
async function answerOf(t: TestContext, serve: Serve, { failing = false, during = () => {} } = {}) {
  const { sessions, faults } = startEngine();
  const http = nodeSessions(sessions, { origins: [ORIGIN] });
  const release = faults.hold('create');
  if (failing) faults.failing.add('create');
  const server = createServer(async (request, response) => {
    const auth = http.from(request, response);
    void auth.start({ userId: 'ada' });
    await serve(response, auth);
    setImmediate(() => {
      during();
      release();
    });
  });
  const port = await listen(server);
  t.after(async () => {
    await close(server);
    await sessions.close();
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, resolve).on('error', reject);
  });
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return {
    status: response.statusCode,
    message: response.statusMessage,
    headers: response.headers,
    lines: response.headersDistinct,
    body,
  };
}

const WAYS: [string, Serve, string][] = [
  ['end', (response) => response.end('body'), 'body'],
  ['writeHead, then end', (response) => response.writeHead(200).end('body'), 'body'],
  ['write, then end', (response) => [response.write('bo'), response.end('dy')], 'body'],
  ['flushHeaders, then end', (response) => [response.flushHeaders(), response.end('body')], 'body'],
  ['end with an encoding', (response) => response.end('626f6479', 'hex'), 'body'],
  ['a pipe', (response) => Readable.from(['bo', 'dy']).pipe(response), 'body'],
  ['a pipeline', (response) => void pipeline(Readable.from(['bo', 'dy']), response), 'body'],
  ['nothing but an end', (response) => response.end(), ''],
];
for (const [name, serve, body] of WAYS) {
  test(`cookies leave with the headers of an answer sent by ${name}`, async (t) => {
    const answer = await answerOf(t, serve);
    assert.deepEqual([answer.status, answer.body], [200, body]);
    assert.equal(answer.headers['set-cookie']?.length, 2);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });
  test(`a 503 takes the place of an answer sent by ${name} when the save failed unseen`, async (t) => {
    const answer = await answerOf(t, serve, { failing: true });
    assert.equal(answer.status, 503);
    assert.equal(JSON.parse(answer.body).code, 'store-unreachable');
    assert.equal(answer.headers['set-cookie'], undefined);
    assert.equal(answer.message, 'Service Unavailable');
  });
}

test('headers given to writeHead, as an object or a list, neither overwrite ours nor lose their lines', async (t) => {
  const asObject = await answerOf(t, (response) => {
    response.setHeader('x-before', 'kept');
    response
      .writeHead(201, 'Made', { 'Set-Cookie': ['a=1', 'b=2'], 'Cache-Control': 'public', 'X-Own': 'x' })
      .end('ok');
  });
  assert.deepEqual([asObject.status, asObject.message], [201, 'Made']);
  assert.equal(asObject.headers['x-before'], 'kept');
  assert.equal(asObject.headers['x-own'], 'x');
  assert.equal(asObject.headers['cache-control'], 'no-store');
  assert.deepEqual(asObject.lines['set-cookie']?.slice(0, 2), ['a=1', 'b=2']);
  assert.equal(asObject.lines['set-cookie']?.length, 4);

  const asList = await answerOf(t, (response) => {
    response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Own', 'x']).end('ok');
  });
  assert.equal(asList.lines['set-cookie']?.length, 4);
  assert.equal(asList.headers['x-own'], 'x');
});

test('a simple answer keeps its Content-Length', async (t) => {
  assert.equal((await answerOf(t, (response) => response.end('body'))).headers['content-length'], '4');
});

test('while it is held, the response looks as if it had been sent', async (t) => {
  await answerOf(
    t,
    (response) => {
      assert.equal(response.headersSent, false);
      response.end('ok');
      assert.equal(response.headersSent, true);
      assert.equal(response.writableEnded, true);
      assert.throws(() => response.setHeader('x', 'late'), { code: 'ERR_HTTP_HEADERS_SENT' });
      response.statusCode = 500;
    },
    {},
  ).then((answer) => assert.deepEqual([answer.status, answer.headers.x], [200, undefined]));
});

test('bad arguments throw at the caller, as Node does it', async (t) => {
  await answerOf(t, (response) => {
    assert.throws(() => response.writeHead(99), { code: 'ERR_HTTP_INVALID_STATUS_CODE' });
    assert.throws(() => response.writeHead(200, { 'x-bad': 'a\nb' }), { code: 'ERR_INVALID_CHAR' });
    assert.throws(() => response.write(17 as unknown as string), { code: 'ERR_INVALID_ARG_TYPE' });
    response.end('ok');
  });
});

test('callbacks are called and backpressure holds while nothing may leave', async (t) => {
  const done: string[] = [];
  const big = 'x'.repeat(64 * 1024);
  const answer = await answerOf(
    t,
    (response) => {
      assert.equal(
        response.write('small', () => done.push('write')),
        true,
      );
      assert.equal(response.write(big), false);
      response.once('drain', () => {
        done.push('drain');
        response.end('end', () => done.push('end'));
      });
    },
    { during: () => assert.deepEqual(done, []) },
  );
  assert.equal(answer.body, `small${big}end`);
  assert.ok(done.includes('write') && done.includes('drain'));
});

test('a writer that was told to wait goes on once the answer is let go, though the socket took everything', async (t) => {
  const answer = await answerOf(t, (response) => {
    let accepted = true;
    for (let i = 0; i < 80; i++) accepted = response.write('x'.repeat(1024));
    assert.equal(accepted, false);
    response.once('drain', () => response.end());
  });
  assert.equal(answer.body.length, 80 * 1024);
});

test('a middleware that sends its head anew with every piece, because Node has not marked it as sent, does no harm', async (t) => {
  const answer = await answerOf(t, (response) => {
    response.writeHead(201, { 'x-head': 'first' });
    response.write('bo');
    response.writeHead(500, { 'x-head': 'second' });
    response.end('dy');
  });
  assert.deepEqual([answer.status, answer.headers['x-head'], answer.body], [201, 'first', 'body']);
});

test('middlewares that wrap the response before or after keep working', async (t) => {
  for (const when of ['before', 'after'] as const) {
    const { sessions } = startEngine();
    const http = nodeSessions(sessions, { origins: [ORIGIN] });
    const server = createServer(async (request, response) => {
      const wrap = () => {
        const { writeHead, end } = response;
        response.writeHead = ((...args: Parameters<typeof writeHead>) => {
          response.setHeader('x-wrapped', '1');
          return writeHead.apply(response, args);
        }) as typeof writeHead;
        response.end = ((chunk: string) => {
          response.writeHead(response.statusCode);
          return end.call(response, `<${chunk}>`, 'utf8');
        }) as typeof end;
      };
      if (when === 'before') wrap();
      const auth = http.from(request, response);
      if (when === 'after') wrap();
      await auth.start({ userId: 'ada' });
      response.end('body');
    });
    const port = await listen(server);
    t.after(() => close(server));
    const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } });
    assert.equal(await answer.text(), '<body>');
    assert.equal(answer.headers.get('x-wrapped'), '1');
    assert.equal(answer.headers.getSetCookie().length, 2);
  }
});

test('a change that throws unseen is answered 500 and reported', async (t) => {
  const warning = once(process, 'warning');
  const answer = await answerOf(t, (response, auth) => {
    void auth.update({ set: { constructor: 1 } });
    response.end('saved');
  });
  assert.equal(answer.status, 500);
  assert.equal(JSON.parse(answer.body).code, 'internal-error');
  assert.equal((await warning)[0].code, 'invalid-data');
});

test('a handler that throws is answered 500, and the error is reported', async (t) => {
  const { sessions } = startEngine();
  const handle = nodeSessions(sessions, { origins: [ORIGIN] }).handler((_request, response) => {
    response.setHeader('content-length', '1');
    throw new Error('mine');
  });
  const server = createServer(handle);
  const port = await listen(server);
  t.after(() => close(server));
  const warning = once(process, 'warning');
  const answer = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } });
  assert.equal(answer.status, 500);
  assert.equal((await answer.json()).code, 'internal-error');
  assert.equal((await warning)[0].message, 'mine');
});

test('a client that goes away while the answer is held leaves nothing behind (HTTP/1.1)', async (t) => {
  const { sessions, faults } = startEngine();
  const http = nodeSessions(sessions, { origins: [ORIGIN] });
  const release = faults.hold('create');
  const closed = Promise.withResolvers<void>();
  const written = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    const auth = http.from(request, response);
    void auth.start({ userId: 'ada' });
    response.write('x', written.resolve);
    response.end('y');
    response.on('close', closed.resolve);
    client.destroy();
  });
  const port = await listen(server);
  t.after(() => close(server));
  const client = get({ host: '127.0.0.1', port, agent: false }).on('error', () => {});
  await closed.promise;
  release();
  await written.promise;
});

test('a client that goes away while the answer is held leaves nothing behind (HTTP/2)', async (t) => {
  const { sessions, faults } = startEngine();
  const http = nodeSessions(sessions, { origins: [ORIGIN] });
  const release = faults.hold('create');
  const closed = Promise.withResolvers<void>();
  const started = Promise.withResolvers<unknown>();
  const server = createHttp2Server((request: Http2ServerRequest, response: Http2ServerResponse) => {
    const auth = http.from(request, response);
    started.resolve(auth.start({ userId: 'ada' }));
    response.write('x');
    response.end('y');
    response.stream.on('close', closed.resolve);
    stream.close(8);
  });
  const port = await listen(server);
  const client = connect(`http://127.0.0.1:${port}`);
  t.after(async () => {
    client.destroy();
    await close(server);
  });
  const stream = client.request({ ':path': '/' }).on('error', () => {});
  await closed.promise;
  release();
  await started.promise;
  await new Promise((resolve) => setImmediate(resolve));
});
