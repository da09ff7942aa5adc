/** Hands the socket of an accepted WebSocket upgrade from the transport, through the edge, to the listener. */
import type { Duplex } from 'node:stream';

/** A connection on which HTTP is over. */
export interface Upgraded {
  readonly socket: Duplex;
  /** What the upstream sent already after the headers of its answer. */
  readonly head: Buffer;
}

const handoffs = new WeakMap<Response, Upgraded>();

/** An answer of status 101 that leads to the upstream's socket. The edge passes this very object on. */
export function upgradedResponse(headers: Headers, upgraded: Upgraded): Response {
  const response = new Response(null, { headers });
  // The Fetch API makes no answers of status 101 by hand, and on this runtime there is no other way to have one.
  Object.defineProperty(response, 'status', { value: 101 });
  Object.defineProperty(response, 'ok', { value: false });
  handoffs.set(response, upgraded);
  return response;
}

/** The socket behind an answer of {@link upgradedResponse}; once. */
export function takeUpgraded(response: Response): Upgraded | undefined {
  const upgraded = handoffs.get(response);
  handoffs.delete(response);
  return upgraded;
}
