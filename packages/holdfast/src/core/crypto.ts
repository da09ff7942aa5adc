/** The few cryptographic operations the core needs, as a port: Node fills it with `node:crypto`, synchronously. */

/** HMAC-SHA-256 under one key. The returned 32 bytes are overwritten by the next call: copy them or use them at once. */
export type Mac = (message: Uint8Array) => Uint8Array;

/** What a runtime supplies. Every operation is synchronous. */
export interface CryptoPort {
  /** HKDF-SHA-256 (RFC 5869) with an empty salt; answers 32 bytes. */
  deriveKey(secret: Uint8Array, label: string): Uint8Array;
  /** A MAC with its key schedule prepared, because it runs on every request. */
  createMac(key: Uint8Array): Mac;
  /** Bytes from the system's CSPRNG. */
  randomBytes(length: number): Uint8Array;
}

/** Milliseconds since 1970. Injected everywhere, so that tests move time instead of waiting for it. */
export type Clock = () => number;

/** Compares in a time that depends on the length alone. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}
