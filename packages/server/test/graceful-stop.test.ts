/** A stop lets requests finish, and does not wait for one for ever. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gracefulStop, type Stoppable } from '../src/ops/graceful-stop.ts';
import { watchUnusedConnections } from '../src/ops/unused-connections.ts';

async function slowServer(
  context: TestContext,
): Promise<{ url: string; arrived: Promise<ServerResponse>; target: Stoppable }> {
  let arrive: (response: ServerResponse) => void = () => {};
  const arrived = new Promise<ServerResponse>((resolve) => {
    arrive = resolve;
  });
  const server = createServer((_request, response) => arrive(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closeUnused = watchUnusedConnections(server);
  context.after(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const target: Stoppable = {
    close: () => new Promise((resolve) => server.close(() => resolve())),
    closeIdleConnections: () => {
      server.closeIdleConnections();
      closeUnused();
    },
    closeAllConnections: () => server.closeAllConnections(),
  };
  return { url: `http://127.0.0.1:${port}`, arrived, target };
}

test('a request under way is answered, its connection is not kept alive, and the stop says that all finished', async (context) => {
  const { url, arrived, target } = await slowServer(context);
  const answer = fetch(url).then((response) => response.text());
  const response = await arrived;
  const stopped = gracefulStop(target);
  response.end('done');
  assert.equal(await answer, 'done');
  assert.equal(await stopped, true);
  await assert.rejects(fetch(url));
});

test('a request that does not end is cut off at the limit, and the stop says so', async (context) => {
  const { url, arrived, target } = await slowServer(context);
  const answer = assert.rejects(fetch(url));
  await arrived;
  assert.equal(await gracefulStop(target, { limitMs: 1 }), false);
  await answer;
});

test('a connection that a browser opened ahead of need does not hold up the stop', async (context) => {
  const { url, target } = await slowServer(context);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  context.after(() => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
  assert.equal(await gracefulStop(target), true);
  await closed;
});
