/** One request and its answer, without a framework: cookies in, a resolution, cookies out. The bindings are thin over it. */
import type {
  DataDelta,
  EndOutcome,
  Resolution,
  RotateOutcome,
  StartAnonymousOptions,
  StartAnonymousOutcome,
  StartOptions,
  StartOutcome,
  Unreachable,
  UpdateOutcome,
} from '../core/outcomes.ts';
import type { Sessions } from '../core/sessions.ts';

/** How sessions travel over HTTP. Resolved once; a value that cannot work throws `invalid-option` naming it. */
export interface HttpOptions {
  /**
   * Origins whose pages may send unsafe requests with our cookies, exact, e.g. `https://app.example`. The service's own
   * public origin belongs here. Required: there is no safe default.
   */
  readonly origins: readonly string[];
  /** Cookie names are `__Host-<cookieName>_access` and `…_refresh`. Default `session`. */
  readonly cookieName?: string;
  /** Shares the cookies with every sub-domain (then `__Secure-`), and exposes them to all of these. Default: host only. */
  readonly cookieDomain?: string;
  /**
   * Path to which the refresh cookie is confined (then `__Secure-`), and with it to the service's own host: it gets no
   * Domain, so that siblings only ever see the short-lived access token. Default `/`.
   */
  readonly refreshPath?: string;
  /** Domain/Path pairs that were configured before; clearing repeats them. Default none. */
  readonly formerScopes?: readonly { readonly domain?: string; readonly path?: string }[];
  /**
   * Lets requests that may change something (other methods than GET, HEAD and OPTIONS) also pass on what was last known of
   * a session while the store does not answer, where the store has `staleIfErrorSeconds`. Default false: they get 503.
   */
  readonly allowStaleWrites?: boolean;
  /**
   * For pages that other sites embed: the cookies are `SameSite=None; Partitioned`, which gives each embedding site a jar of
   * its own (CHIPS) and works where third-party cookies are blocked. It excludes `cookieDomain`, because a session of one
   * embedding page is no business of siblings, and `insecureLoopbackCookies`, because browsers take such cookies with
   * Secure only; on `http://localhost` they do. Default false.
   */
  readonly partitioned?: boolean;
  /** Drops Secure and the prefix, for plain http on loopback while developing. Never in production. Default false. */
  readonly insecureLoopbackCookies?: boolean;
}

/** What the exchange reads of a request. */
export interface RequestFacts {
  readonly method: string;
  /** The value of a header by its lower-case name; several `cookie` lines are joined with `; ` (RFC 6265bis 4.2.1). */
  header(name: string): string | undefined;
}

/** What the exchange adds to the answer. Names in lower case; every Set-Cookie is a header line of its own. */
export interface ResponseFacts {
  readonly setCookie: readonly string[];
  /** `cache-control`, and where they apply `x-session-reason`, `retry-after`, `clear-site-data`. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Something that the application did not wait for could not be stored. Its answer must not go out, because it may
   * promise what never happened: send a 503 problem with these headers and cookies instead.
   */
  readonly unsaved?: Unreachable;
}

/** The decision on a request that may change state. */
export type CsrfVerdict = { readonly allowed: true } | { readonly allowed: false; readonly detail: string };

/**
 * One request's view of the engine. Mutations happen one after the other in the order they were called. They act on the
 * session that the request came with, or on the one that an earlier mutation of this request put in its place.
 */
export interface Exchange {
  /** Whether an unsafe request may act with its cookies; safe methods are always allowed. */
  csrf(): CsrfVerdict;
  /**
   * Asked once per request; later calls get the same answer. `readOnly` (of the first call) says that the request changes
   * nothing although its method could, so that it may be answered from what was last known.
   */
  resolve(options?: { readonly readOnly?: boolean }): Promise<Resolution>;
  /**
   * Whether an access token came without the refresh token that was set beside it. Browsers do not part the two: something
   * on the way folds Set-Cookie headers or drops one. Worth the header `x-session-hint: refresh-cookie-missing`. Always
   * false where the refresh cookie is confined to a path of its own.
   */
  lacksRefreshToken(): boolean;
  /** Signs in: the request's former session is replaced and its tokens go out with the answer. */
  start(options: Omit<StartOptions, 'replaces'>): Promise<StartOutcome>;
  startAnonymous(options?: StartAnonymousOptions): Promise<StartAnonymousOutcome>;
  update(delta: DataDelta): Promise<UpdateOutcome>;
  rotateId(): Promise<RotateOutcome>;
  stepUp(amr: readonly string[]): Promise<RotateOutcome>;
  /** Ends the session on the server; only when that is stored does the answer clear the cookies. Works without a session. */
  signOut(): Promise<EndOutcome>;
  /**
   * Called when the answer's headers leave; later calls get the same answer. Waits for what is still being stored, so
   * that no answer outruns a save. Rejects with what a mutation threw (`invalid-data`, …) when nobody looked at it.
   * Mutations that change cookies are refused from then on.
   */
  responseFacts(): Promise<ResponseFacts>;
  /** The same where nothing has to be waited for, which is nearly always; null where {@link responseFacts} has to be. */
  immediateFacts(): ResponseFacts | null;
}

/** The engine over HTTP. */
export interface HttpSessions {
  readonly sessions: Sessions;
  exchange(request: RequestFacts): Exchange;
}
