/**
 * Access and refresh tokens: 60 bytes, so exactly 80 characters of base64url with no bit to spare.
 *
 * | bytes | what |
 * |---|---|
 * | 0 | version (high four bits, 1) and kind (low four: 1 access, 2 refresh) |
 * | 1–4 | id of the key that made it |
 * | 5–8 | second since 1970: an access token's expiry, a refresh token's issue |
 * | 9–24 | session id |
 * | 25–27 | generation |
 * | 28–59 | HMAC-SHA-256 over bytes 0–27 with the kind's own key |
 *
 * Nothing of the tag is stored anywhere: whoever reads the store, a backup or a log cannot make a token.
 */
import type { Reason } from '../protocol/reasons.ts';
import { base64urlCharacter, decodeBase64url, encodeBase64url } from './base64url.ts';
import { equalConstantTime } from './crypto.ts';
import type { KeyRing } from './key-ring.ts';
import { HEAD, KEY_ID_OFFSET, SIGNED_BYTES, TIME_OFFSET, TOKEN_BYTES, TOKEN_CHARACTERS } from './token-layout.ts';

/** What the two tokens are called. */
export type TokenKind = 'access' | 'refresh';

/** What a token says. */
export interface TokenClaims {
  /** 22 characters of base64url. */
  readonly sessionId: string;
  readonly generation: number;
  /** Seconds since 1970: when an access token expires, when a refresh token was issued. */
  readonly time: number;
  /** Id of the key that made it. */
  readonly keyId: string;
}

/** Claims of a token of ours, or why it is none. */
export type TokenCheck = TokenClaims | Extract<Reason, 'malformed' | 'unknown-key' | 'bad-signature'>;

/** The largest generation a token can carry; a client that rotates every 30 s reaches it after 16 years. */
export const MAX_GENERATION: number = 0xffffff;

// Kept between calls: token code is synchronous, and two fresh buffers per request would be most of its cost.
const scratch = new Uint8Array(TOKEN_BYTES);
const signed = scratch.subarray(0, SIGNED_BYTES);
const tag = scratch.subarray(SIGNED_BYTES);
const idBytes = scratch.subarray(9, 25);
const view = new DataView(scratch.buffer);

/** Makes a token under the ring's signing key. */
export function issueToken(
  ring: KeyRing,
  kind: TokenKind,
  sessionId: string,
  generation: number,
  time: number,
): string {
  const key = ring.signing;
  if (!decodeBase64url(sessionId, idBytes)) throw new TypeError('a session id is 22 characters of base64url');
  scratch[0] = HEAD[kind];
  view.setUint32(KEY_ID_OFFSET, key.idNumber);
  view.setUint32(TIME_OFFSET, time);
  scratch[25] = generation >>> 16;
  scratch[26] = generation >>> 8;
  scratch[27] = generation;
  tag.set(key[kind](signed));
  return encodeBase64url(scratch);
}

/** Checks form, key and tag; whether the token is still good for anything is for the caller to judge. Never throws. */
export function checkToken(ring: KeyRing, kind: TokenKind, text: string): TokenCheck {
  if (text.length !== TOKEN_CHARACTERS || !decodeBase64url(text, scratch) || scratch[0] !== HEAD[kind])
    return 'malformed';
  const key = ring.find(view.getUint32(KEY_ID_OFFSET));
  if (key === undefined) return 'unknown-key';
  if (!equalConstantTime(key[kind](signed), tag)) return 'bad-signature';
  return {
    // The id begins at a whole group of the encoding, so its text is the token's but for the last two bits.
    sessionId: text.slice(12, 33) + base64urlCharacter(((scratch[24] as number) & 3) << 4),
    generation: ((scratch[25] as number) << 16) | ((scratch[26] as number) << 8) | (scratch[27] as number),
    time: view.getUint32(TIME_OFFSET),
    keyId: key.id,
  };
}
