/**
 * Where a session lies in Redis: in the hash of its home, under a field of 15 bytes.
 *
 * The first two characters of an id are the first 12 bits of its home, which the key says already; the 20 characters after
 * them are 15 bytes. A field of another length is either {@link DUE_FIELD} or not ours.
 */
import { homeOfId } from '../../core/session-id.ts';

/** The keys of one home. The hash tag puts them in one Cluster slot, so that a script may work on all three. */
export interface Bucket {
  readonly home: number;
  /** Heads and tombstones. What L1 tracks. */
  readonly sessions: string;
  /** Times moved by touches since the head was written: apart, because tracking tells of whole keys. */
  readonly touches: string;
  /** What is unusual or large about a session (extras.ts). */
  readonly extras: string;
}

/** The field of {@link Bucket.sessions} that says when something in the bucket is first due for sweeping. */
export const DUE_FIELD = 'd';

/** The length of every other field. */
export const FIELD_BYTES = 15;

const ID = /^[\w-]{22}$/;
const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Names the keys of a home. */
export function bucketOf(prefix: string, home: number): Bucket {
  return {
    home,
    sessions: sessionsKey(prefix, home),
    touches: `${prefix}:t:{${home}}`,
    extras: `${prefix}:x:{${home}}`,
  };
}

/** {@link Bucket.sessions} alone. */
export function sessionsKey(prefix: string, home: number): string {
  return `${prefix}:s:{${home}}`;
}

/** The field of an id; null for a text that is no id, under which nothing can be stored. */
export function fieldOfId(id: string): Buffer | null {
  return ID.test(id) ? Buffer.from(id.slice(2), 'base64url') : null;
}

/** The id under a field of a home. */
export function idOfField(home: number, field: Buffer): string {
  return `${CHARACTERS[home >>> 8] ?? ''}${CHARACTERS[(home >>> 2) & 63] ?? ''}${field.toString('base64url')}`;
}

/** The field of another id in the same home; null when it is elsewhere or no id. */
export function fieldInHome(home: number, id: string): Buffer | null {
  return homeOfId(id) === home ? fieldOfId(id) : null;
}
