/** An edge that loses no cookie: a reverse proxy as a fetch handler, for Workers, Node, Deno and Bun. */
export { createEdge } from './create-edge.ts';
export type {
  AccessCheck,
  CookieRewriting,
  CorsOptions,
  Edge,
  EdgeContext,
  EdgeEntry,
  EdgeFailure,
  EdgeOptions,
  Transport,
  Upstream,
} from './options.ts';
