/** What an edge is told: where requests go, who may call it from other origins, and what it changes on the way. */

/**
 * Sends one request to an upstream and answers as soon as the headers are here, without following redirects. Rejects when
 * there was no answer. What it answers must be as it says: a body that it has decoded has no `Content-Encoding`.
 *
 * Default: the runtime's `fetch`. On Workers that is all one needs. On Node, Deno and Bun it cannot set `Host`, asks for
 * bodies without compression, and Node's replaces `Sec-Fetch-Mode`, so give `nodeTransport` of `holdfast/edge/node` there.
 */
export type Transport = (request: Request) => Promise<Response>;

/** One upstream. */
export interface Upstream {
  /** Scheme, host and port, e.g. `https://auth.internal:4455`. Never taken from a request. */
  readonly origin: string;
  /**
   * Takes the route's prefix off the path before it is passed on, tells it to the upstream as `X-Forwarded-Prefix`, and puts
   * it back into a `Location` that lacks it. Default false.
   */
  readonly stripPrefix?: boolean;
  /**
   * The `Host` that the upstream sees: its own (default), or the one that the browser asked for, which always is in
   * `X-Forwarded-Host`. The second needs a transport that can send it (`nodeTransport`; no runtime's `fetch` does).
   */
  readonly host?: 'own' | 'forwarded';
}

/**
 * Rewrites `Domain` and `Path` of an upstream's cookies, so that they fit the address that browsers know. All else of a
 * line stays byte for byte, and `__Host-` cookies as a whole: they have no Domain and the Path `/`, or browsers drop them.
 */
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

/**
 * Looks at the access token before the upstream does, and tells it `X-Edge-Access`: `good` · `due` (expired, or only the
 * refresh token is there: the service will refresh) · `unverified` (none of these secrets made it) · `none` (no cookie of the
 * session). `good` says nothing about revocation: only the service knows the record.
 */
export interface AccessCheck {
  /** The secrets of the service, newest first, as in `SESSION_SECRET`. Keep them in the platform's secret store. */
  readonly secrets: string;
  /** As in `COOKIE_NAME`. Default `session`. */
  readonly cookieName?: string;
  /**
   * Path prefixes below which a request that carries no session cookie at all is answered 401 (`no-token`) here, unless it
   * is a navigation or carries `Authorization`. A token that is due, unknown or damaged always goes on: only the service may
   * judge it. What lies below `/auth`, `/unified-auth` and `/authz` always goes on, whatever is listed: nobody could sign in.
   * Default none.
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
   * Believes `X-Forwarded-*`, `X-Real-IP` and `X-Request-Id` of the request and appends to them. Only behind a proxy of one's
   * own: anybody can send them. Default false: they are replaced. `Forwarded`, spellings with `_`, and headers that say who
   * somebody is (`Remote-*`, `X-Auth-Request-*`, `X-Session-Id` …, `X-Edge-*`) are taken away in any case.
   */
  readonly trustForwarded?: boolean;
  /** Sent to upstreams as `X-Edge-Secret`, so that they can tell that a request came through here. At least 32 characters. */
  readonly edgeSecret?: string;
  /**
   * How long an upstream may take until the headers of its answer are here, counted from the last piece of the request's
   * body that it took, over all attempts together. Default 30. Beyond it: 504.
   */
  readonly timeoutSeconds?: number;
  /** How often a GET, HEAD or OPTIONS is sent again when the connection failed before any answer. Default 1. */
  readonly retries?: number;
  readonly transport?: Transport;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** A request id. Default `crypto.randomUUID`. */
  readonly newRequestId?: () => string;
  /** Told of every request when the headers of its answer are ready; for logs and metrics. Holds no header and no query. */
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
