/**
 * How a one-time session lies in the bytes of its key (numbers big-endian, times in milliseconds since 1970):
 *
 * | bytes | what |
 * |---:|---|
 * | 1 | 128 and the flags; no text begins with such a byte, so that nothing else is taken for a ticket |
 * | 6 | createdAt |
 * | 4 | how much later it expires, in milliseconds |
 * | 6 | openedAt, where {@link OPENED} |
 * | 6 | usedAt, where {@link USED} |
 * | 1 + n | the proof after its length, where {@link PROVEN} |
 * | 4 | the length of the origins, where {@link PAYLOAD} |
 * | | the origins as text, a line for each, with one byte for `https://`, where {@link ORIGINS} |
 * | | the payload as text, to the end, where {@link PAYLOAD} |
 *
 * With one origin of 24 characters that is 28 bytes: as many as Redis keeps in 48 with all that belongs to a value; and up to
 * 44 it keeps them in one piece.
 */
import { HoldfastError } from '../../core/errors.ts';
import type { Ticket } from '../../core/ticket-store.ts';
import { nearest } from './layout.ts';

export const OPENED = 1;
export const USED = 2;
/** Used with a proof, for which the answer is repeated. */
export const PROVEN = 4;
export const ORIGINS = 8;
export const PAYLOAD = 16;

/** What the first byte is without flags, and with all of them. */
export const KIND = 128;
export const KIND_MAX = 159;
/** Kind, createdAt and lifetime: what no ticket lacks. */
export const LEAST_BYTES = 11;
/** 49 days. */
const LONGEST_MS = 2 ** 32 - 1;

const HTTPS = 'https://';
/** In its place; no origin has such a character. */
const SHORT_HTTPS = '\u0002';

/** An origin as it is kept; null for what is none, but could be taken for one or several here. */
export function encodeOrigin(origin: string): string | null {
  if (origin.includes('\n') || origin.includes(SHORT_HTTPS)) return null;
  return origin.startsWith(HTTPS) ? SHORT_HTTPS + origin.slice(HTTPS.length) : origin;
}

/**
 * A ticket as it is when it is made. What happened to it since is written by the scripts alone. Throws `invalid-data` for one
 * that lives longer than 49 days, or for an origin that is none.
 */
export function encodeTicket({ createdAt, expiresAt, openedAt, usedAt, origins, payload }: Ticket): Buffer {
  const lifetime = expiresAt - createdAt;
  const lines = origins.map(encodeOrigin);
  if (!(lifetime >= 0 && lifetime <= LONGEST_MS) || lines.includes(null)) {
    throw new HoldfastError('invalid-data', 'in Redis a ticket lives at most 49 days, and its origins are no lines');
  }
  const listed = lines.join('\n');
  const later = [openedAt, usedAt].filter((time) => time !== null);
  const head = Buffer.alloc(LEAST_BYTES + 6 * later.length + (payload === '' ? 0 : 4));
  head[0] =
    KIND |
    (openedAt === null ? 0 : OPENED) |
    (usedAt === null ? 0 : USED) |
    (origins.length === 0 ? 0 : ORIGINS) |
    (payload === '' ? 0 : PAYLOAD);
  head.writeUIntBE(nearest(createdAt, 6), 1, 6);
  let at = head.writeUInt32BE(Math.floor(lifetime), 7);
  for (const time of later) at = head.writeUIntBE(nearest(time, 6), at, 6);
  if (payload !== '') head.writeUInt32BE(Buffer.byteLength(listed), at);
  return Buffer.concat([head, Buffer.from(listed + payload)]);
}

/** Null for bytes that are none of ours. */
export function decodeTicket(key: string, bytes: Buffer | null): Ticket | null {
  if (bytes === null || bytes.length < LEAST_BYTES) return null;
  const flags = bytes.readUInt8(0);
  if (flags < KIND || flags > KIND_MAX) return null;
  let at = LEAST_BYTES;
  const time = (): number => {
    at += 6;
    return bytes.readUIntBE(at - 6, 6);
  };
  try {
    const createdAt = bytes.readUIntBE(1, 6);
    const expiresAt = createdAt + bytes.readUInt32BE(7);
    const openedAt = (flags & OPENED) === 0 ? null : time();
    const usedAt = (flags & USED) === 0 ? null : time();
    if ((flags & PROVEN) !== 0) at += 1 + bytes.readUInt8(at);
    let end = bytes.length;
    if ((flags & PAYLOAD) !== 0) {
      end = at + 4 + bytes.readUInt32BE(at);
      at += 4;
    }
    const origins = (flags & ORIGINS) === 0 ? [] : bytes.toString('utf8', at, end).split('\n').map(decodeOrigin);
    return { key, createdAt, expiresAt, openedAt, usedAt, origins, payload: bytes.toString('utf8', end) };
  } catch (error) {
    // Shorter than its flags say.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function decodeOrigin(line: string): string {
  return line.startsWith(SHORT_HTTPS) ? HTTPS + line.slice(SHORT_HTTPS.length) : line;
}
