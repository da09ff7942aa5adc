/** A real HTTP server whose answers the test decides, one request at a time. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that waits for its answer. */
export interface Pending {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** Sent by nobody: must not keep an idle session alive. */
  readonly isPassive: boolean;
  answer(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Begins an answer that the connection does not live to end. */
  break(): void;
  /** Cuts the connection, as a network that fails does. */
  cut(): void;
}

export interface ScriptedService extends AsyncDisposable {
  readonly origin: string;
  /** Requests so far, as `POST /path`. */
  readonly log: readonly string[];
  /** The next request, now or when it comes. */
  next(): Promise<Pending>;
}

export async function startScriptedService(): Promise<ScriptedService> {
  const arrived: Pending[] = [];
  const wanted: ((pending: Pending) => void)[] = [];
  const log: string[] = [];
  const server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    toPending(request, response).then(
      (pending) => {
        const taker = wanted.shift();
        if (taker === undefined) arrived.push(pending);
        else taker(pending);
      },
      // Who asked has gone before all was said.
      () => undefined,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    next: () => {
      const pending = arrived.shift();
      return pending === undefined ? new Promise((resolve) => wanted.push(resolve)) : Promise.resolve(pending);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function toPending(request: IncomingMessage, response: ServerResponse): Promise<Pending> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    body: Buffer.concat(chunks).toString(),
    headers: request.headers,
    isPassive: request.headers['x-session-activity'] === 'passive',
    answer(status, answer, headers = {}) {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
    break() {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"valid":false', () => request.socket.destroy());
    },
    cut: () => request.socket.destroy(),
  };
}
