/** Writes a Fetch API answer to a connection of Node, header line by header line and chunk by chunk. */
import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import { pumpBody } from './body.ts';

/** HTTP/1.1 or HTTP/2 (compatibility API). */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** They speak of one connection (RFC 9110 §7.6.1); HTTP/2 forbids them, and on HTTP/1.1 Node writes its own. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'trailer',
]);

/** Bodies up to this length leave together with their headers. Bytes. */
const SMALL = 65_536;

/**
 * Resolves when all is written, or when the client has gone. A body that fails half-way breaks the connection (HTTP/2:
 * resets the stream), so that nobody takes half of it for the whole.
 */
export async function writeResponse(response: Response, outgoing: NodeResponse, method: string): Promise<void> {
  const { status, body } = response;
  const bodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
  try {
    const gone = 'stream' in outgoing ? outgoing.stream.destroyed : outgoing.destroyed;
    if (gone || bodiless) await body?.cancel();
    if (gone) return;
    writeHeaders(response, outgoing);
    if (body !== null && !bodiless) {
      flushHeaders(response, outgoing);
      await pumpBody(body, outgoing);
    }
    outgoing.end();
  } catch {
    breakOff(outgoing);
  }
}

/** Ends an answer in a way that nobody takes for its regular end. */
export function breakOff(outgoing: NodeResponse): void {
  if ('stream' in outgoing) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else outgoing.destroy();
}

function writeHeaders({ status, statusText, headers }: Response, outgoing: NodeResponse): void {
  outgoing.statusCode = status;
  if (!('stream' in outgoing)) outgoing.statusMessage = statusText;
  for (const [name, value] of headers) {
    if (name !== 'set-cookie' && !OF_THE_CONNECTION.has(name)) outgoing.setHeader(name, value);
  }
  // A list is one header field per element, on both protocols.
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  // RFC 9110 §8.6: an answer of status 204 has none.
  if (status === 204) outgoing.removeHeader('content-length');
}

/** A stream's headers do not wait for its first chunk. */
function flushHeaders({ status, headers }: Response, outgoing: NodeResponse): void {
  const length = headers.get('content-length');
  if (length !== null && Number(length) <= SMALL) return;
  if ('stream' in outgoing) outgoing.writeHead(status);
  else outgoing.flushHeaders();
}
