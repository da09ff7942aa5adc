/** Makes a Fetch API request of what Node received, or says what is wrong with it. */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { type ProblemCode, problemDocument } from '../../protocol/problems.ts';
import { bodyStream } from './body.ts';

/** HTTP/1.1 or HTTP/2 (compatibility API). */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** Under which address requests are seen. */
export interface AddressOptions {
  /**
   * The origin that browsers know, e.g. `https://app.example`; `Host` is not looked at then. Needed where TLS ends in
   * front of this server; `trustForwarded` belongs to it then, or everybody has the address of what ends it. Default: `Host`,
   * and https where the connection itself is TLS.
   */
  readonly publicOrigin?: string;
  /** Values of `Host` that are served, lower case, with the port unless it is the scheme's own; others are answered 400. Default: all. */
  readonly hosts?: readonly string[];
}

/** Why no request could be made: a code and a sentence for whoever sent it. */
export class UnservableRequest extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.code = code;
  }

  toResponse(): Response {
    const document = problemDocument(this.code, { detail: this.message });
    return new Response(JSON.stringify(document), {
      status: document.status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    });
  }
}

const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Throws an {@link UnservableRequest}. The signal is the one that tells that the client has gone. Only where the connection
 * itself has been let go of, because Node saw an upgrade, may `Upgrade` stay: elsewhere nobody could take the socket.
 */
export function toRequest(
  incoming: NodeRequest,
  signal: AbortSignal,
  options: AddressOptions,
  upgrade: 'upgrade' | 'no-upgrade',
): Request {
  const { method = 'GET', url: target = '' } = incoming;
  if (!target.startsWith('/')) throw new UnservableRequest('bad-request', 'The request target must be a path.');
  const headers = headersOf(incoming);
  if (upgrade === 'no-upgrade') headers.delete('upgrade');
  const origin = options.publicOrigin ?? originOf(incoming, options.hosts);
  const body = bodyOf(incoming);
  if (body !== null && (method === 'GET' || method === 'HEAD')) {
    throw new UnservableRequest('bad-request', `A ${method} request with a body is not passed on.`);
  }
  try {
    // Bytes beyond ASCII in a target belong percent-encoded (RFC 3986 §2.1); as characters they would become others.
    const path = target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
    const init = { method, headers, signal, body, duplex: 'half', redirect: 'manual' } as const;
    return new Request(origin + path, init);
  } catch {
    throw new UnservableRequest('method-not-allowed', `${method} is not passed on.`);
  }
}

/** Line by line, because Node's own table drops duplicates; crumbs of `Cookie` (RFC 9113 §8.2.3) make one line again. */
function headersOf({ rawHeaders }: NodeRequest): Headers {
  const headers = new Headers();
  const cookies: string[] = [];
  try {
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const [name = '', value = ''] = [rawHeaders[at]?.toLowerCase(), rawHeaders[at + 1]];
      if (name === 'cookie') cookies.push(value);
      else if (!name.startsWith(':') && name !== 'host') headers.append(name, value);
    }
    if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  } catch {
    throw new UnservableRequest('bad-request', 'A header holds characters that none may hold.');
  }
  return headers;
}

function originOf(incoming: NodeRequest, hosts: readonly string[] | undefined): string {
  const scheme = incoming.socket instanceof TLSSocket ? 'https' : 'http';
  const named = new Set<string>();
  let lines = 0;
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    const name = incoming.rawHeaders[at]?.toLowerCase();
    if (name !== 'host' && name !== ':authority') continue;
    named.add(incoming.rawHeaders[at + 1]?.toLowerCase() ?? '');
    if (name === 'host') lines += 1;
  }
  const [host] = named;
  // Two of them, alike or not, are how one server is made to see another host than the next (RFC 9112 §3.2).
  if (host === undefined || named.size > 1 || lines > 1 || !HOST.test(host) || !URL.canParse(`${scheme}://${host}`)) {
    throw new UnservableRequest('bad-request', 'The request must name exactly one host.');
  }
  const origin = new URL(`${scheme}://${host}`);
  if (hosts !== undefined && !hosts.includes(origin.host)) {
    throw new UnservableRequest('host-not-allowed', 'This host name is not among those served here.');
  }
  return origin.origin;
}

/** Whether a request asks for a WebSocket (RFC 6455 §4.1), and not for anything else that `Upgrade` can name. */
export function asksForWebSocket({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Null where the headers say that there is none. */
function bodyOf(incoming: NodeRequest): ReadableStream<Uint8Array> | null {
  const { headers } = incoming;
  const none =
    'stream' in incoming
      ? incoming.stream.endAfterHeaders
      : headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  return none ? null : bodyStream(incoming, 'discard');
}
