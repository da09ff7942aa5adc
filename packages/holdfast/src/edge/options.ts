/** What an edge is told: where requests go, who may call it from other origins, and what it changes on the way. */

/** Sends one request to an upstream. Default: the runtime's `fetch`. Rejects when there was no answer. */
export type Transport = (request: Request) => Promise<Response>;

/** One upstream. */
export interface Upstream {
  /** Scheme, host and port, e.g. `https://auth.internal:4455`. Never taken from a request. */
  readonly origin: string;
  /** Takes the route's prefix off the path before it is passed on. Default false. */
  readonly stripPrefix?: boolean;
  /** The `Host` that the upstream sees: its own (default), or the one that the browser asked for. */
  readonly host?: 'own' | 'forwarded';
}

/** Rewrites `Domain` and `Path` of an upstream's cookies, so that they fit the address that browsers know. */
export interface CookieRewriting {
  /** Upstream's Domain (lower case, no leading dot) → the one to send, or `null` to send none. Others stay as they are. */
  readonly domains?: Readonly<Record<string, string | null>>;
  /** Upstream's Path → the one to send; the longest prefix decides, at `/` borders. Others stay as they are. */
  readonly paths?: Readonly<Record<string, string>>;
}

/** Cross-origin requests with cookies. */
export interface CorsOptions {
  /**
   * Exact origins (`https://app.example`), and patterns with `*.` in place of one or more labels
   * (`https://*.app.example`, which does not match `https://app.example` itself). Never `*` alone.
   */
  readonly origins: readonly string[];
  /** Default GET, HEAD, POST, PUT, PATCH, DELETE. */
  readonly methods?: readonly string[];
  /** Request headers beyond the safelisted ones. Default `content-type`, `x-session-activity`. */
  readonly headers?: readonly string[];
  /** Response headers that scripts may read. Default `retry-after`, `x-session-reason`, `x-session-hint`, `x-request-id`. */
  readonly exposed?: readonly string[];
  /** How long a browser remembers a preflight, in seconds. Default 600. */
  readonly maxAgeSeconds?: number;
}

/** Looks at the access token before the upstream does. */
export interface AccessCheck {
  /** The secrets of the service, newest first, as in `SESSION_SECRET`. Keep them in the platform's secret store. */
  readonly secrets: string;
  /** As in `COOKIE_NAME`. Default `session`. */
  readonly cookieName?: string;
  /**
   * Path prefixes below which a request that carries no session cookie at all is answered 401 (`no-token`) here, unless it
   * is a navigation. A token that is due, unknown or damaged always goes on: only the service may judge it. Default none.
   */
  readonly shed?: readonly string[];
}

/** How an edge behaves. A value that cannot work throws one `TypeError` that names every such option. */
export interface EdgeOptions {
  /**
   * Path prefix → upstream (or its origin alone); the longest prefix at a `/` border decides, and `/` takes the rest.
   * A path under none of them is answered 404.
   */
  readonly routes: Readonly<Record<string, Upstream | string>>;
  /** Without it, no other origin may read answers. */
  readonly cors?: CorsOptions;
  readonly cookies?: CookieRewriting;
  readonly accessCheck?: AccessCheck;
  /**
   * Believes `X-Forwarded-*` and `X-Request-Id` of the request and appends to them. Only behind a proxy of one's own:
   * anybody can send them. Default false: they are replaced.
   */
  readonly trustForwarded?: boolean;
  /** Sent to upstreams as `X-Edge-Secret`, so that they can tell that a request came through here. At least 32 characters. */
  readonly edgeSecret?: string;
  /** How long an upstream may take until the headers of its answer are here. Default 30. Beyond it: 504. */
  readonly timeoutSeconds?: number;
  /** How often a GET, HEAD or OPTIONS is sent again when the connection failed before any answer. Default 1. */
  readonly retries?: number;
  readonly transport?: Transport;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** A request id. Default `crypto.randomUUID`. */
  readonly newRequestId?: () => string;
  /** Told of every request after its headers were answered; for logs and metrics. Holds no header and no query. */
  readonly onRequest?: (entry: EdgeEntry) => void;
}

/** One request, for logs. */
export interface EdgeEntry {
  readonly requestId: string;
  readonly method: string;
  /** Path without the query: a query may hold what nobody should log. */
  readonly path: string;
  /** The route's prefix; null where none matched. */
  readonly route: string | null;
  readonly status: number;
  readonly milliseconds: number;
  /** How often it was sent to the upstream; 0 where the edge answered by itself. */
  readonly attempts: number;
  /** Why the edge answered in the upstream's place; null where the upstream answered. */
  readonly failure: EdgeFailure | null;
}

/** Why the edge answered in an upstream's place. */
export type EdgeFailure =
  | 'no-route'
  | 'preflight'
  /** A path that readers understand differently (`..%2f`), or a method that is not passed on (CONNECT, TRACE). */
  | 'bad-request'
  /** A WebSocket from a page of another origin that `cors.origins` does not list. */
  | 'forbidden-origin'
  | 'no-token'
  | 'connection-failed'
  | 'timeout'
  /** Whoever asked did not wait for the answer; logged as status 499, which nobody receives. */
  | 'client-gone';

/** What a runtime knows of a connection and a `Request` does not say. */
export interface EdgeContext {
  /** The address of the other end of the connection. On Workers the edge reads `CF-Connecting-IP` by itself. */
  readonly clientIp?: string;
  /** Whether the browser came over TLS, where the request's URL does not say so. */
  readonly protocol?: 'http' | 'https';
}

/** A proxy as a fetch handler. */
export interface Edge {
  /** Never rejects: upstream failures are 502 and 504 problem documents that touch no cookie. */
  fetch(request: Request, context?: EdgeContext): Promise<Response>;
}
