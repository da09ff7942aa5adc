/** Sends requests to upstreams with node:http and node:https, so that bytes and headers stay what they are. */
import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Transport } from '../options.ts';
import { bodyStream, pumpBody } from './body.ts';
import { upgradedResponse } from './handoff.ts';

/** How upstreams are reached. */
export interface NodeTransportOptions {
  /** Connections to one upstream at the same time; what comes beyond it waits. Default 1024. */
  readonly maxConnections?: number;
  /**
   * How long an unused connection is kept, in seconds. Keep it below what the upstream keeps one (Node's servers: 5), or
   * a request may meet one that is being closed. Default 4.
   */
  readonly idleSeconds?: number;
  /** For upstreams by https: an authority of one's own, and a certificate to show. PEM. */
  readonly tls?: { readonly ca?: string | Buffer; readonly cert?: string | Buffer; readonly key?: string | Buffer };
}

/** A transport that keeps connections. */
export interface NodeTransport extends Transport, AsyncDisposable {
  /** Closes all of them, those in use as well. Idempotent. */
  close(): Promise<void>;
}

/** Headers up to this size, because many cookies are no reason to fail here. Bytes. */
export const MAX_HEADER_BYTES = 65_536;

/**
 * Unlike `fetch` it unpacks nothing (`Content-Encoding` and the bytes stay), sends `Host` when the request carries one,
 * and knows WebSocket upgrades. It follows no redirect. Rejects when there was no answer, or one that breaks HTTP.
 */
export function nodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  const { maxConnections = 1024, idleSeconds = 4, tls = {} } = options;
  // `timeout` here is how long a socket may be silent; it ends those that are not in use and merely tells the others.
  const settings = { keepAlive: true, maxSockets: maxConnections, timeout: idleSeconds * 1000 };
  const http = new Agent(settings);
  const https = new HttpsAgent({ ...settings, ...tls });

  const open = (url: URL, init: RequestOptions): ClientRequest =>
    url.protocol === 'https:'
      ? httpsRequest(url, { ...init, agent: https })
      : httpRequest(url, { ...init, agent: http });

  const transport = (request: Request): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method, signal, body } = request;
      signal.throwIfAborted();
      const outgoing = open(new URL(request.url), {
        method,
        headers: headersOf(request),
        maxHeaderSize: MAX_HEADER_BYTES,
      });
      const abort = (): void => void outgoing.destroy(toError(signal.reason));
      signal.addEventListener('abort', abort);
      outgoing.once('close', () => signal.removeEventListener('abort', abort));
      // Also after the answer has begun, when it means that the upload failed: the answer's own stream tells that.
      outgoing.on('error', reject);
      outgoing.once('response', (incoming) => {
        try {
          resolve(toResponse(incoming, method));
        } catch (error) {
          // A status or a header that no answer can have.
          outgoing.destroy();
          reject(error);
        }
      });
      outgoing.once('upgrade', (incoming, socket, head) => {
        // Until somebody takes the socket: a connection that is reset without a listener would end the process.
        const drop = (): void => void socket.destroy();
        socket.on('error', drop);
        // Whoever waited may have given up while the upstream accepted.
        signal.addEventListener('abort', drop);
        socket.once('close', () => signal.removeEventListener('abort', drop));
        if (signal.aborted) drop();
        if (!request.headers.has('upgrade') || incoming.headers.upgrade?.toLowerCase() !== 'websocket') {
          socket.destroy();
          reject(new Error('The upstream changed to a protocol that nobody asked for.'));
          return;
        }
        resolve(upgradedResponse(headersFrom(incoming), { socket, head }));
      });
      if (body === null) outgoing.end();
      else
        pumpBody(body, outgoing).then(
          () => outgoing.end(),
          (error) => void outgoing.destroy(toError(error)),
        );
    });

  const close = async (): Promise<void> => {
    http.destroy();
    https.destroy();
  };
  return Object.assign(transport, { close, [Symbol.asyncDispose]: close });
}

function headersOf(request: Request): Record<string, string> {
  const headers = Object.fromEntries(request.headers);
  // The listener's server has answered it; the body follows without waiting.
  delete headers.expect;
  if (headers.upgrade !== undefined) headers.connection = 'Upgrade';
  return headers;
}

function toResponse(incoming: IncomingMessage, method: string): Response {
  const { statusCode: status = 0, statusMessage: statusText = '' } = incoming;
  const bodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
  if (bodiless) incoming.resume();
  return new Response(bodiless ? null : bodyStream(incoming, 'hang-up'), {
    status,
    statusText,
    headers: headersFrom(incoming),
  });
}

/** Line by line: several lines of one name, `Set-Cookie` above all, are never joined here. */
function headersFrom({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return headers;
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
