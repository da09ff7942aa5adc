/** Real upstreams on loopback, and an edge in front of them that is asked like any fetch handler. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createEdge } from '../../src/edge/create-edge.ts';
import { fetchTransport } from '../../src/edge/fetch-transport.ts';
import type { Edge, EdgeEntry, EdgeOptions, Transport } from '../../src/edge/options.ts';

export const PUBLIC = 'https://app.example';
export const PAGE = 'https://page.example';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What an upstream saw of one request. */
export interface Seen {
  readonly method: string;
  /** The request target, as it came over the wire. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
}

/** A real server that notes what it sees; stopped with the test. */
export async function startUpstream(
  t: TestContext,
  handler: Handler = (_, response) => response.end('ok'),
): Promise<{ origin: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', target: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** An address of loopback where nobody listens. */
export async function deadOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** An edge, its log, and what it handed to the transport (Node's `fetch` replaces some headers on the wire). */
export function startEdge(options: EdgeOptions): { edge: Edge; log: EdgeEntry[]; sent: Request[] } {
  const log: EdgeEntry[] = [];
  const sent: Request[] = [];
  const through: Transport = options.transport ?? fetchTransport;
  const edge = createEdge({
    ...options,
    newRequestId: options.newRequestId ?? (() => 'the-id'),
    onRequest: (entry) => log.push(entry),
    transport: (request) => {
      sent.push(request);
      return through(request);
    },
  });
  return { edge, log, sent };
}

export const ask = (path: string, init: RequestInit = {}): Request => new Request(PUBLIC + path, init);

/** The problem document of an answer. */
export async function problemOf(answer: Response): Promise<{ status: number; code: string; instance?: string }> {
  return JSON.parse(await answer.text());
}
