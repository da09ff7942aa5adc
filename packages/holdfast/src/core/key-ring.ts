/** The ordered secrets as keys: the first signs, all verify, and each is known by a fingerprint that is safe to show. */

import type { CryptoPort, Mac } from './crypto.ts';
import { HoldfastError } from './errors.ts';
import { secretProblems } from './secrets.ts';
import { KEY_LABELS } from './token-layout.ts';

/** Apart from the labels of tokens, which an edge has, too. */
const TICKET_LABEL = 'holdfast v1 one-time session';

/** The keys made of one secret. */
export interface RingKey {
  /** Fingerprint of the secret: 8 hex digits. Tokens carry it, stores and logs may hold it. */
  readonly id: string;
  /** The same as a number, for the comparison on the hot path. */
  readonly idNumber: number;
  readonly access: Mac;
  readonly refresh: Mac;
  /** For what stores know one-time sessions by. */
  readonly ticket: Mac;
}

/** All keys of a process. */
export interface KeyRing {
  /** Signs what is issued from now on. */
  readonly signing: RingKey;
  /** The signing key first. */
  readonly keys: readonly [RingKey, ...RingKey[]];
  /** Key ids, the signing key first. */
  readonly ids: readonly string[];
  /** The key that a token names, or undefined when the ring lacks it. */
  find(idNumber: number): RingKey | undefined;
}

/** The fingerprint of a secret. */
export function keyIdOf(secret: string, crypto: CryptoPort): string {
  const bytes = crypto.deriveKey(new TextEncoder().encode(secret), KEY_LABELS.id);
  return toHex(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
}

/**
 * Makes the ring, newest secret first. Throws `invalid-secret` with every problem of every secret: there is no ring
 * without a secret, and none is ever made up (a random fallback signs everybody out at the next start).
 */
export function createKeyRing(secrets: readonly string[], crypto: CryptoPort): KeyRing {
  const problems = secrets.flatMap((secret, index) =>
    secretProblems(secret).map((problem) => `secret ${index + 1} of ${secrets.length}: ${problem}`),
  );
  if (secrets.length === 0) problems.push('no session secret is set; make one with: holdfast keys generate');
  const keys = secrets.map((secret) => createKey(secret, crypto));
  const seen = new Set<number>();
  for (const [index, key] of keys.entries()) {
    if (seen.has(key.idNumber))
      problems.push(`secret ${index + 1} of ${secrets.length} is there twice; remove one of them`);
    seen.add(key.idNumber);
  }
  const signing = keys[0];
  if (signing === undefined || problems.length > 0) throw new HoldfastError('invalid-secret', problems.join('\n'));
  return {
    signing,
    keys: [signing, ...keys.slice(1)],
    ids: keys.map((key) => key.id),
    // Rings hold one to three keys: a loop is faster than a Map.
    find: (idNumber) => {
      for (const key of keys) if (key.idNumber === idNumber) return key;
      return undefined;
    },
  };
}

function createKey(secret: string, crypto: CryptoPort): RingKey {
  const bytes = new TextEncoder().encode(secret);
  const id = keyIdOf(secret, crypto);
  return {
    id,
    idNumber: Number.parseInt(id, 16),
    access: crypto.createMac(crypto.deriveKey(bytes, KEY_LABELS.access)),
    refresh: crypto.createMac(crypto.deriveKey(bytes, KEY_LABELS.refresh)),
    ticket: crypto.createMac(crypto.deriveKey(bytes, TICKET_LABEL)),
  };
}

/** A key id as tokens carry it, in the form people read. */
export function toHex(idNumber: number): string {
  return idNumber.toString(16).padStart(8, '0');
}
