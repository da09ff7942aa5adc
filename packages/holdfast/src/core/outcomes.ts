/** What the engine answers. "Not signed in" and "unreachable" are values that the type system makes everyone tell apart. */
import type { Reason } from '../protocol/reasons.ts';
import type { Device, Json, Session, SessionData } from './record.ts';

/** The tokens of one request as the transport found them; duplicates of a cookie all belong in here. */
export interface PresentedTokens {
  readonly access: readonly string[];
  readonly refresh: readonly string[];
}

/** One token for the client to keep. */
export interface IssuedToken {
  /** 80 characters of base64url. A secret: cookies only, never a body or a log. */
  readonly value: string;
  /** Seconds from now until it is of no use; the cookie's Max-Age. */
  readonly maxAgeSeconds: number;
}

/** What a response should hand to the client. */
export interface IssuedTokens {
  readonly access: IssuedToken;
  /** Null when the client is to keep the refresh token it has. */
  readonly refresh: IssuedToken | null;
}

/**
 * The right to issue tokens, used when the response's headers leave. Null means: send none, the session has moved on
 * since the request came. Never throws; when the store cannot be asked, a refresh also answers null, which loses nobody.
 */
export interface TokenGrant {
  issue(): Promise<IssuedTokens | null>;
}

/** A session of a known user. */
export type UserSession = Session & { readonly userId: string };

/** The request belongs to a signed-in person. */
export interface SignedIn {
  readonly status: 'signed-in';
  readonly session: UserSession;
  /** Null when the access token is still good and nothing needs to be sent. */
  readonly grant: TokenGrant | null;
  /**
   * True when the store did not answer and this is what was last known, which the application chose to accept for a
   * bounded time (`staleIfErrorSeconds`). The session may have ended meanwhile; nothing can be stored.
   */
  readonly stale?: boolean;
}

/** The request belongs to nobody, and `reason` says why. */
export interface NotSignedIn {
  readonly status: 'not-signed-in';
  readonly reason: Reason;
  /** The anonymous session of the request, where it has one. */
  readonly anonymous: Session | null;
  readonly grant: TokenGrant | null;
  /** True when valid tokens of different users arrived together; the transport then clears the cookies in all scopes. */
  readonly conflictingUsers: boolean;
}

/** Nobody knows. Answer 503 with Retry-After and touch no cookie. */
export interface Unreachable {
  readonly status: 'unreachable';
  readonly reason: 'store-unreachable';
  readonly retryAfterSeconds: number;
}

/** Whose request is this? */
export type Resolution = SignedIn | NotSignedIn | Unreachable;

/** The session that an operation was meant for is gone. */
export interface Gone {
  readonly status: 'gone';
  readonly reason: Reason;
}

/** How a person's new session starts. */
export interface StartOptions {
  /** Whose session it is. */
  readonly userId: string;
  /** How they proved it. Default `['pwd']`. */
  readonly amr?: readonly string[];
  readonly device?: Device;
  /** Overrides the policy for this session, in seconds. */
  readonly idleSeconds?: number;
  /** Overrides the policy for this session, in seconds. */
  readonly absoluteSeconds?: number;
  readonly data?: SessionData;
  /**
   * The session that this request came with. It ends: an anonymous one leaves its data to the new session, another
   * sign-in's is signed out and its data stays behind.
   */
  readonly replaces?: Session | null;
}

/** How a session without a person starts. */
export interface StartAnonymousOptions {
  readonly device?: Device;
  readonly idleSeconds?: number;
  readonly absoluteSeconds?: number;
  readonly data?: SessionData;
}

/** `limit-reached`: the person has as many sessions as the policy allows, and it refuses more; nothing was started. */
export type StartOutcome =
  | { readonly status: 'started'; readonly session: UserSession; readonly grant: TokenGrant }
  | { readonly status: 'limit-reached' }
  | Unreachable;

/** What came of starting an anonymous session. */
export type StartAnonymousOutcome =
  | { readonly status: 'started'; readonly session: Session; readonly grant: TokenGrant }
  | Unreachable;

/** A change of session data. Keys not named are left alone, whoever else writes them. */
export interface DataDelta {
  readonly set?: Readonly<Record<string, Json>>;
  readonly unset?: readonly string[];
  /** Refuse (`conflict`) unless the session still has this version. Default: the last writer of a key wins. */
  readonly ifVersion?: number;
}

/** `conflict`: the session has another version than `ifVersion`; nothing was written and `session` is what is there. */
export type UpdateOutcome =
  | { readonly status: 'updated'; readonly session: Session }
  | { readonly status: 'conflict'; readonly session: Session }
  | Gone
  | Unreachable;

/** `rotated`: `session` has the new id, and `grant` issues its tokens. */
export type RotateOutcome =
  | { readonly status: 'rotated'; readonly session: Session; readonly grant: TokenGrant }
  | Gone
  | Unreachable;

/** `ended` counts the sessions that this very call ended; ending what is already over is no error and counts 0. */
export type EndOutcome = { readonly status: 'ended'; readonly ended: number } | Unreachable;

/** A person's live sessions, the most recently used first. */
export type ListOutcome = { readonly status: 'listed'; readonly sessions: readonly Session[] } | Unreachable;
