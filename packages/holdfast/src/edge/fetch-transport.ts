/** The runtime's own `fetch` as a transport, with what each runtime does to answers put right. */
import type { Transport } from './options.ts';

/** Workers alone have it; they leave encoded bodies as they are, and they have a cache between `fetch` and the upstream. */
const onWorkers = 'WebSocketPair' in globalThis;

/** Codings that a `fetch` takes off a body without taking their name off the headers (Node, Deno, Bun). */
const DECODED = /^(?:x-gzip|gzip|deflate|br|zstd|identity)$/i;

/** Sends a request with the runtime's `fetch`. */
export const fetchTransport: Transport = async (request) => {
  const { headers } = request;
  if (onWorkers) {
    const personal = headers.has('cookie') || headers.has('authorization');
    return fetch(request, personal && canSkipCache() ? { cache: 'no-store' } : {});
  }
  // Decoding only to send it on decoded would be for nothing.
  headers.set('accept-encoding', 'identity');
  const answer = await fetch(request);
  const codings = answer.headers.get('content-encoding');
  if (!codings || !answer.body || !codings.split(/\s*,\s*/).every((coding) => DECODED.test(coding))) return answer;
  const plain = new Headers(answer.headers);
  plain.delete('content-encoding');
  plain.delete('content-length');
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers: plain });
};

let skipping: boolean | undefined;

/** Workers of a compatibility date before 2024-11-11 throw for this option. */
function canSkipCache(): boolean {
  if (skipping === undefined) {
    try {
      new Request('http://localhost', { cache: 'no-store' });
      skipping = true;
    } catch {
      skipping = false;
    }
  }
  return skipping;
}
