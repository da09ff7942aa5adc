/** A real upstream on loopback: node:http with a listener that each test writes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Upstream {
  readonly origin: string;
  readonly server: Server;
}

/** Starts; stops with the test, whatever is still connected. */
export async function startUpstream(
  t: TestContext,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Upstream> {
  const server = createServer({ requestTimeout: 0 }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** An origin on which nobody listens. */
export async function deadOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
