/** The ids of one-time sessions, and the keyed hashes under which stores know them. */
import type { CryptoPort } from './crypto.ts';
import type { KeyRing } from './key-ring.ts';

/** A UUID of version 4 in lower case (RFC 9562 5.4): 122 random bits. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Each byte as two digits: an id costs half of what `toString(16)` takes. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const encoder = new TextEncoder();

export function newTicketId(crypto: CryptoPort): string {
  return toUuid(crypto.randomBytes(16));
}

/** Exactly as it was handed out; another spelling of the same number is another text, and none of ours. */
export function isTicketId(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}

/**
 * What a store knows the ticket by: an HMAC of the id under each key of the ring, the newest first, cut to the form of a
 * UUID. Whoever reads the store cannot get back to an id.
 */
export function ticketKeys(ring: KeyRing, id: string): [string, ...string[]] {
  const bytes = encoder.encode(id);
  const [signing, ...others] = ring.keys;
  return [toUuid(signing.ticket(bytes)), ...others.map((key) => toUuid(key.ticket(bytes)))];
}

/** Takes the first 16 bytes. */
function toUuid(bytes: Uint8Array): string {
  let hex = '';
  for (let i = 0; i < 16; i++) {
    let byte = bytes[i] as number;
    if (i === 6) byte = (byte & 0x0f) | 0x40;
    if (i === 8) byte = (byte & 0x3f) | 0x80;
    hex += HEX[byte];
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
