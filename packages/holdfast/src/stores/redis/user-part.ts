/** The end of a head: whose session it is, in at most 18 bytes, so that a script finds a user's sessions by comparing bytes. */
import { hash } from 'node:crypto';
import { HoldfastError } from '../../core/errors.ts';

/** What the bytes are. Two bits of the head's flags. */
export type UserKind = 0 | 1 | 2 | 3;

/** Nobody's: no bytes. */
export const ANONYMOUS = 0;
/** A UUID in its usual text form: 16 bytes. */
export const UUID = 1;
/** Any other text: its UTF-8, or {@link DIGEST_BYTES} of its SHA-256 when it is too long; then the extras hold the text. */
export const TEXT = 2;
/** 22 characters of base64url, as the service makes them: 16 bytes. */
export const COMPACT = 3;

/** The length that says "digest". A head is 64 bytes with it, up to which Redis packs a hash (`hash-max-listpack-value`). */
export const DIGEST_BYTES = 18;

export interface UserPart {
  readonly kind: UserKind;
  readonly bytes: Buffer;
  /** It is a digest. */
  readonly isDigest: boolean;
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The last of the characters holds two bits, so only four of them come back as they were. */
const COMPACT_TEXT = /^[\w-]{21}[AQgw]$/;
const NOBODY: UserPart = { kind: ANONYMOUS, bytes: Buffer.alloc(0), isDigest: false };

/** Packs a user id. Throws `invalid-data` for half a surrogate pair. */
export function toUserPart(userId: string | null): UserPart {
  if (userId === null) return NOBODY;
  if (UUID_TEXT.test(userId)) {
    return { kind: UUID, bytes: Buffer.from(userId.replaceAll('-', ''), 'hex'), isDigest: false };
  }
  if (COMPACT_TEXT.test(userId)) return { kind: COMPACT, bytes: Buffer.from(userId, 'base64url'), isDigest: false };
  if (!userId.isWellFormed()) {
    // As UTF-8 it would become U+FFFD, and two such users would share their sessions.
    throw new HoldfastError('invalid-data', 'userId: half a surrogate pair is not text that can be stored');
  }
  const bytes = Buffer.from(userId);
  if (bytes.length < DIGEST_BYTES) return { kind: TEXT, bytes, isDigest: false };
  return { kind: TEXT, bytes: hash('sha256', userId, 'buffer').subarray(0, DIGEST_BYTES), isDigest: true };
}

/** The user id in a head from `start` to its end; null for nobody's, undefined for a digest, which cannot be undone. */
export function userIn(head: Buffer, start: number, kind: number): string | null | undefined {
  if (kind === UUID) return uuidAt(head, start);
  if (kind === COMPACT) return head.toString('base64url', start);
  if (kind === ANONYMOUS) return null;
  return head.length - start === DIGEST_BYTES ? undefined : head.toString('utf8', start);
}

/** Whether a user part of this kind can have so many bytes. The scripts judge alike (scripts/look.ts). */
export function isUserSize(kind: number, bytes: number): boolean {
  if (kind === ANONYMOUS) return bytes === 0;
  return kind === TEXT ? bytes >= 0 && bytes <= DIGEST_BYTES : bytes === 16;
}

function uuidAt(head: Buffer, start: number): string {
  const hex = head.toString('hex', start, start + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
