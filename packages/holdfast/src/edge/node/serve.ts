/** Serves an edge on Node: HTTP/1.1, and with a certificate HTTP/2 as well. */
import { once } from 'node:events';
import { createServer, type Server, ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createEdge } from '../create-edge.ts';
import type { EdgeOptions } from '../options.ts';
import { edgeListener } from './listener.ts';
import { type AddressOptions, asksForWebSocket, type NodeRequest } from './request.ts';
import { breakOff, type NodeResponse } from './response.ts';
import { MAX_HEADER_BYTES, type NodeTransportOptions, nodeTransport } from './transport.ts';

/** What streams that are broken off may take to say so. */
const LAST_WORDS_MS = 250;

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
  const underWay = new Set<NodeResponse>();
  let closed: Promise<void> | undefined;
  let idle = (): void => undefined;

  server.on('connection', (socket: Socket) => keep(sockets, socket));
  server.on('session', (session: ServerHttp2Session) => keep(sessions, session));
  server.on('request', (incoming: NodeRequest, outgoing: NodeResponse) => {
    underWay.add(outgoing);
    if (closed !== undefined && outgoing instanceof ServerResponse) outgoing.shouldKeepAlive = false;
    outgoing.once('close', () => {
      underWay.delete(outgoing);
      if (underWay.size === 0) idle();
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
    if (underWay.size > 0) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, drainSeconds * 1000);
        idle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    for (const outgoing of underWay) breakOff(outgoing);
    // Told to close, they do so when the last of their streams is over, unless a client does not keep up.
    const ended = Array.from(sessions, (session) => once(session, 'close'));
    await Promise.race([Promise.all(ended), pause(LAST_WORDS_MS, undefined, { ref: false })]);
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
  const settings = {
    requestTimeout: requestSeconds * 1000,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Whoever offers HTTP/2 without TLS (`Upgrade: h2c`) is served as if they had not.
    shouldUpgradeCallback: asksForWebSocket,
  };
  if (tls === undefined) return createServer(settings);
  return createSecureServer({ ...settings, ...tls, allowHTTP1: true });
}

function keep<T extends { once(event: 'close', listener: () => void): unknown }>(all: Set<T>, one: T): void {
  all.add(one);
  one.once('close', () => all.delete(one));
}
