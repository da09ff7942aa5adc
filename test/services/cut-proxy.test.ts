/** The proxy that stands for the network: what each kind of trouble looks like from outside, and that it ends. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import { waitUntil } from './wait-until.ts';

/** A proxy before a server that sends everything back. */
async function echoBehindProxy(t: TestContext): Promise<CutProxy> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy = await startCutProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  t.after(async () => {
    await proxy.stop();
    server.close();
  });
  return proxy;
}

async function client(t: TestContext, { port }: CutProxy): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, 'data'))[0]);
}

test('bytes pass in both directions, more than any buffer holds, and so does the end', async (t) => {
  const socket = await client(t, await echoBehindProxy(t));
  const sent = randomBytes(3_000_000);
  socket.end(sent);
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk);
  assert.ok(Buffer.concat(received).equals(sent));
});

test('cut, connections are reset and new ones refused; restored, new ones work', async (t) => {
  const proxy = await echoBehindProxy(t);
  const socket = await client(t, proxy);
  assert.equal(await echo(socket, 'a'), 'a');
  assert.equal(proxy.connections, 1);
  const broken = once(socket, 'error');
  await proxy.cut();
  assert.equal((await broken)[0].code, 'ECONNRESET');
  await assert.rejects(client(t, proxy), { code: 'ECONNREFUSED' });
  await waitUntil('it had gone', () => proxy.connections === 0);
  await proxy.restore();
  assert.equal(await echo(await client(t, proxy), 'b'), 'b');
});

test('in a black hole old and new connections stay open without an answer, which comes afterwards', async (t) => {
  const proxy = await echoBehindProxy(t);
  const old = await client(t, proxy);
  assert.equal(await echo(old, 'a'), 'a');
  proxy.blackhole();
  const young = await client(t, proxy);
  const answers = [old, young].map((socket) => echo(socket.setTimeout(100), 'b'));
  await Promise.all([old, young].map((socket) => once(socket, 'timeout')));
  assert.deepEqual([old.bytesRead, young.bytesRead, proxy.connections], [1, 0, 2]);
  await proxy.restore();
  assert.deepEqual(await Promise.all(answers), ['b', 'b']);
});

test('a delay holds back each direction, keeps the order, and ends with restore', async (t) => {
  const proxy = await echoBehindProxy(t);
  const socket = await client(t, proxy);
  proxy.delay(60);
  const start = performance.now();
  assert.equal(await echo(socket, 'slow'), 'slow');
  assert.ok(performance.now() - start >= 118);
  proxy.delay(3_600_000);
  const answer = once(socket, 'data');
  socket.write('one ');
  await proxy.restore();
  assert.equal(String((await answer)[0]), 'one ');
});

test('a server that is not there looks like a connection that breaks', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const proxy = await startCutProxy({ host: '127.0.0.1', port });
  t.after(() => proxy.stop());
  const socket = await client(t, proxy);
  assert.equal((await once(socket, 'error'))[0].code, 'ECONNRESET');
});
