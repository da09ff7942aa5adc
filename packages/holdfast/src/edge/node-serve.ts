/** Serves an edge on Node: HTTP/1.1, and with a certificate HTTP/2 as well. */
import { createServer, type Server, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createEdge } from './create-edge.ts';
import { edgeListener } from './node-listener.ts';
import type { AddressOptions, NodeRequest } from './node-request.ts';
import type { NodeResponse } from './node-response.ts';
import { MAX_HEADER_BYTES, type NodeTransportOptions, nodeTransport } from './node-transport.ts';
import type { EdgeOptions } from './options.ts';

/** Where and how an edge listens. */
export interface ServeOptions extends AddressOptions {
  /** Default 8080; 0 takes a free one. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`, which other machines do not reach. */
  readonly host?: string;
  /** PEM. With it the edge speaks HTTPS, and HTTP/2 to those who can. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  readonly upstreams?: NodeTransportOptions;
  /** How long a request may take to arrive with its body, in seconds; 0 is any time. Default 300. */
  readonly requestSeconds?: number;
  /** How long `close` waits for answers under way, in seconds. Default 10. */
  readonly drainSeconds?: number;
}

/** An edge that listens. */
export interface ServedEdge extends AsyncDisposable {
  readonly port: number;
  /** Takes no more connections, lets answers under way finish, then closes everything, WebSockets as well. Idempotent. */
  close(): Promise<void>;
}

/**
 * ```ts
 * const served = await serveEdge({ routes: { '/': 'http://127.0.0.1:3000' } }, { port: 8080 });
 * process.once('SIGTERM', () => served.close());
 * ```
 * Resolves when it listens. Rejects with a `TypeError` for options that cannot work, and with the system's error when the
 * port cannot be had.
 */
export async function serveEdge(
  options: Omit<EdgeOptions, 'transport'>,
  serve: ServeOptions = {},
): Promise<ServedEdge> {
  const { port = 8080, host = '127.0.0.1', drainSeconds = 10 } = serve;
  const transport = nodeTransport(serve.upstreams);
  const { request, upgrade } = edgeListener(createEdge({ ...options, transport }), serve);
  const server = createNodeServer(serve);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let underWay = 0;
  let closed: Promise<void> | undefined;
  let idle = (): void => undefined;

  server.on('connection', (socket: Socket) => keep(sockets, socket));
  server.on('session', (session: ServerHttp2Session) => keep(sessions, session));
  server.on('request', (incoming: NodeRequest, outgoing: NodeResponse) => {
    underWay += 1;
    if (closed !== undefined && outgoing instanceof ServerResponse) outgoing.shouldKeepAlive = false;
    outgoing.once('close', () => {
      underWay -= 1;
      if (underWay === 0) idle();
    });
    request(incoming, outgoing);
  });
  server.on('upgrade', upgrade);

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

  const close = async (): Promise<void> => {
    const stopped = new Promise<void>((resolve) => void server.close(() => resolve()));
    for (const session of sessions) session.close();
    if (underWay > 0) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, drainSeconds * 1000);
        idle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroySoon();
    await transport.close();
    await stopped;
  };
  const closeOnce = (): Promise<void> => {
    closed ??= close();
    return closed;
  };
  return { port: (server.address() as AddressInfo).port, close: closeOnce, [Symbol.asyncDispose]: closeOnce };
}

function createNodeServer({ tls, requestSeconds = 300 }: ServeOptions): Server | Http2SecureServer {
  const settings = { requestTimeout: requestSeconds * 1000, maxHeaderSize: MAX_HEADER_BYTES };
  if (tls === undefined) return createServer(settings);
  return createSecureServer({ ...settings, ...tls, allowHTTP1: true });
}

function keep<T extends { once(event: 'close', listener: () => void): unknown }>(all: Set<T>, one: T): void {
  all.add(one);
  one.once('close', () => all.delete(one));
}
