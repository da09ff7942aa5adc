/** Strict base64url without padding (RFC 4648 §5): one text per byte string, so that no second spelling of a token passes. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const INVALID = 0xff;

const VALUES: Uint8Array = (() => {
  const values = new Uint8Array(128).fill(INVALID);
  for (let i = 0; i < ALPHABET.length; i++) values[ALPHABET.charCodeAt(i)] = i;
  return values;
})();

/** The character for the six low bits of `value`. */
export function base64urlCharacter(value: number): string {
  return ALPHABET.charAt(value & 63);
}

/** Bytes to text. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text +=
      base64urlCharacter(group >> 18) +
      base64urlCharacter(group >> 12) +
      base64urlCharacter(group >> 6) +
      base64urlCharacter(group);
  }
  const left = bytes.length - i;
  if (left === 1) {
    const group = (bytes[i] as number) << 16;
    text += base64urlCharacter(group >> 18) + base64urlCharacter(group >> 12);
  } else if (left === 2) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8);
    text += base64urlCharacter(group >> 18) + base64urlCharacter(group >> 12) + base64urlCharacter(group >> 6);
  }
  return text;
}

/**
 * Text to bytes, written into `into`. False for a wrong length, a foreign character or unused bits that are not zero;
 * `into` then holds nothing of meaning. A bad character is noticed at the end, so the time does not tell where it was.
 */
export function decodeBase64url(text: string, into: Uint8Array): boolean {
  const whole = Math.floor(into.length / 3);
  const left = into.length - whole * 3;
  if (text.length !== whole * 4 + (left === 0 ? 0 : left + 1)) return false;
  let bad = 0;
  let at = 0;
  let out = 0;
  for (let group = 0; group < whole; group++) {
    const a = valueAt(text, at);
    const b = valueAt(text, at + 1);
    const c = valueAt(text, at + 2);
    const d = valueAt(text, at + 3);
    bad |= a | b | c | d;
    into[out] = (a << 2) | (b >> 4);
    into[out + 1] = (b << 4) | (c >> 2);
    into[out + 2] = (c << 6) | d;
    at += 4;
    out += 3;
  }
  if (left > 0) {
    const a = valueAt(text, at);
    const b = valueAt(text, at + 1);
    bad |= a | b;
    into[out] = (a << 2) | (b >> 4);
    if (left === 1) {
      if ((b & 15) !== 0) return false;
    } else {
      const c = valueAt(text, at + 2);
      bad |= c;
      into[out + 1] = (b << 4) | (c >> 2);
      if ((c & 3) !== 0) return false;
    }
  }
  return bad < 64;
}

function valueAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (VALUES[code] as number) : INVALID;
}
