/**
 * How a head lies in its bytes (numbers big-endian, times in milliseconds since 1970):
 *
 * | at | bytes | what |
 * |---:|---:|---|
 * | 0 | 1 | kind: 1 record, 2 tombstone; anything else is of another version or not ours |
 * | 1 | 1 | record: flags; tombstone: the reason's number in {@link REASON_ORDER} |
 * | 2 | 4 | record: version; tombstone: from here 6 bytes with the time of the end, and no more |
 * | 6 | 6 | createdAt |
 * | 12 | 4 | idleSeconds |
 * | 16 | 6 | absoluteExpiresAt |
 * | 22 | 6 | lastSeenAt, as far as no touch moved it since |
 * | 28 | 6 | expiresAt, likewise |
 * | 34 | 4 | generation |
 * | 38 | 4 | confirmedIssuedAt |
 * | 42 | 4 | keyId |
 * | 46 | 0–18 | the user (user-part.ts) |
 *
 * Flags, from the lowest bit: has extras · is a pointer · user kind (2) · authenticatedAt (2) · amr (2). A number that does
 * not fit its place is there as the nearest that does, for the scripts to compare, and exactly in the extras; the
 * exact one counts as long as the one in the head is the nearest to it.
 */
import type { EndReason } from '../../protocol/reasons.ts';

export const KIND_RECORD = 1;
export const KIND_TOMBSTONE = 2;

export const FLAG_EXTRAS = 1;
export const FLAG_POINTER = 2;
export const USER_SHIFT = 2;
export const AUTHENTICATED_SHIFT = 4;
export const AMR_SHIFT = 6;

/** authenticatedAt: null, equal to createdAt, or in the extras. amr: none, the password alone, or in the extras. */
export const NONE = 0;
export const USUAL = 1;
export const IN_EXTRAS = 2;

export const VERSION_AT = 2;
export const CREATED_AT = 6;
export const IDLE_AT = 12;
export const ABSOLUTE_AT = 16;
export const LAST_SEEN_AT = 22;
export const EXPIRES_AT = 28;
export const GENERATION_AT = 34;
export const CONFIRMED_AT = 38;
export const KEY_ID_AT = 42;
export const USER_AT = 46;

export const TOMBSTONE_BYTES = 8;
/** lastSeenAt and expiresAt, 6 bytes each. */
export const TOUCH_BYTES = 12;

/** A number of the head. */
export interface NumberField {
  readonly at: number;
  readonly bytes: 4 | 6;
  /** Its letter in the extras. */
  readonly letter: string;
}

/** The names of the numbers. */
export type NumberName =
  | 'createdAt'
  | 'idleSeconds'
  | 'absoluteExpiresAt'
  | 'lastSeenAt'
  | 'expiresAt'
  | 'generation'
  | 'confirmedIssuedAt';

/** The numbers of a record but for its version, which always fits. */
export const NUMBERS: Readonly<Record<NumberName, NumberField>> = {
  createdAt: { at: CREATED_AT, bytes: 6, letter: 'c' },
  idleSeconds: { at: IDLE_AT, bytes: 4, letter: 'i' },
  absoluteExpiresAt: { at: ABSOLUTE_AT, bytes: 6, letter: 'a' },
  lastSeenAt: { at: LAST_SEEN_AT, bytes: 6, letter: 'l' },
  expiresAt: { at: EXPIRES_AT, bytes: 6, letter: 'e' },
  generation: { at: GENERATION_AT, bytes: 4, letter: 'g' },
  confirmedIssuedAt: { at: CONFIRMED_AT, bytes: 4, letter: 'f' },
};

/** The numbers of the reasons. Only ever added to at the end. */
export const REASON_ORDER: readonly EndReason[] = [
  'signed-out',
  'revoked',
  'expired-idle',
  'expired-absolute',
  'reused',
  'limit-reached',
  'already-used',
  'ticket-expired',
];

/** The whole number from 0 that fits these bytes and is nearest to the value. */
export function nearest(value: number, bytes: 4 | 6): number {
  const most = 2 ** (8 * bytes) - 1;
  return value >= most ? most : value > 0 ? Math.floor(value) : 0;
}
