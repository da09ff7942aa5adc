/** What a store keeps of a session: the record, its tombstone, and when it expires. */
import type { EndReason } from '../protocol/reasons.ts';

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Session data: JSON values under keys chosen by the application. */
export type SessionData = Readonly<Record<string, Json>>;

/** From where a session was started; shown in a person's list of devices, never used to refuse a request. */
export interface Device {
  /** The User-Agent header, cut to 256 characters. */
  readonly userAgent?: string;
  /** The client's address as the outermost trusted proxy saw it. */
  readonly ip?: string;
}

/** The public half of a record: what an application sees of a session. Times are milliseconds since 1970. */
export interface Session {
  /** 22 characters of base64url (16 random bytes). Not a credential: tokens need the key. */
  readonly id: string;
  /** Starts at 1; each update of the record adds 1. */
  readonly version: number;
  /** Whose it is; null for an anonymous session. */
  readonly userId: string | null;
  readonly createdAt: number;
  /** When the person last proved who they are; null for an anonymous session. */
  readonly authenticatedAt: number | null;
  /** How they proved it (RFC 8176 values such as `pwd`, `otp`). */
  readonly amr: readonly string[];
  /** How long it lives unused, in seconds. */
  readonly idleSeconds: number;
  /** When it ends however busy it is. */
  readonly absoluteExpiresAt: number;
  /** When it was last used; written at most once per refresh window. */
  readonly lastSeenAt: number;
  /** The earlier of idle and absolute expiry. */
  readonly expiresAt: number;
  readonly device: Device;
  readonly data: SessionData;
}

/** A session as a store keeps it. */
export interface SessionRecord extends Session {
  /** The confirmed generation `c`: which refresh token was last seen in mature use. */
  readonly generation: number;
  /** `ic`: the second since 1970 in which the token that confirmed {@link generation} was issued. */
  readonly confirmedIssuedAt: number;
  /** Id of the key that signed the newest refresh token handed out: 8 hex digits. */
  readonly keyId: string;
  /** Id of an older key under which a token may still be in a cookie jar; null when there is none. */
  readonly previousKeyId: string | null;
  /** Set when the id was rotated: this record is then only a short-lived pointer to the session's new id. */
  readonly movedTo: string | null;
}

/** What an ended session leaves for a day: it tells people why, and it is what makes a late write fail. */
export interface Tombstone {
  readonly reason: EndReason;
  /** When it ended. */
  readonly at: number;
}

/** How long a store keeps a record after its expiry, so that a late save does not fail and the reason can be told. */
export const RETENTION_MS: number = 60 * 60 * 1000;

/** How long a store keeps a tombstone. */
export const TOMBSTONE_MS: number = 24 * 60 * 60 * 1000;

/** The earlier of idle and absolute expiry. */
export function expiryOf(lastSeenAt: number, idleSeconds: number, absoluteExpiresAt: number): number {
  return Math.min(lastSeenAt + idleSeconds * 1000, absoluteExpiresAt);
}

/** Which of the two limits sets a session's expiry. */
export function expiryReason(expiresAt: number, absoluteExpiresAt: number): 'expired-idle' | 'expired-absolute' {
  return expiresAt >= absoluteExpiresAt ? 'expired-absolute' : 'expired-idle';
}

/** Why the session is over at `now`, or null while it lives. A session is over at the very millisecond of its expiry. */
export function expiredBecause(session: Session, now: number): 'expired-idle' | 'expired-absolute' | null {
  if (now >= session.absoluteExpiresAt) return 'expired-absolute';
  if (now >= session.expiresAt) return 'expired-idle';
  return null;
}
