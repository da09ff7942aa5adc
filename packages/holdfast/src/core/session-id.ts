/**
 * A session's id: 16 bytes as 22 characters of base64url. The first 14 bits are the *home*, the same for all sessions of
 * one user, so that a store that is spread over buckets or Cluster slots finds a user's sessions together and can work on
 * them in one atomic step. The other 114 bits are random. An id is no credential: only a token under a key of ours opens.
 */
import { encodeBase64url } from './base64url.ts';

/** How many homes there are: as many as Redis Cluster has slots. */
export const HOMES = 16_384;

const ID_BYTES = 16;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Character code of base64url → its six bits; 0 for any other. */
const SIX_BITS: Uint8Array = new Uint8Array(128);
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  SIX_BITS[character.charCodeAt(0)] = value;
}

/** The home of a user's sessions, from 0 to {@link HOMES} - 1 (FNV-1a over the id's UTF-8 bytes). */
export function homeOfUser(userId: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(userId)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  // Folded, because the low bits of FNV-1a are its weakest.
  return ((hash >>> 14) ^ hash) & (HOMES - 1);
}

/** The home that a session's id names. Any text has one; only what {@link newSessionId} made has a meaningful one. */
export function homeOfId(id: string): number {
  return (sixBits(id.charCodeAt(0)) << 8) | (sixBits(id.charCodeAt(1)) << 2) | (sixBits(id.charCodeAt(2)) >> 4);
}

/**
 * A new id in the user's home; without a user in that of `formerId`, or else in a random one. `random` supplies 16 bytes
 * from a CSPRNG.
 */
export function newSessionId(random: Uint8Array, userId: string | null, formerId?: string): string {
  const bytes = random.slice(0, ID_BYTES);
  const home = userId !== null ? homeOfUser(userId) : formerId !== undefined ? homeOfId(formerId) : null;
  if (home !== null) {
    bytes[0] = home >>> 6;
    bytes[1] = ((home & 0x3f) << 2) | ((bytes[1] as number) & 3);
  }
  return encodeBase64url(bytes);
}

function sixBits(code: number): number {
  return SIX_BITS[code] ?? 0;
}
