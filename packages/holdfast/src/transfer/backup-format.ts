/**
 * The bytes of a backup:
 *
 *     "HOLDFAST" · format (1 byte) · length of the header (2 bytes) · header (JSON)
 *     chunk · chunk · … · last chunk, and nothing behind it
 *
 * A chunk is four bytes (the highest bit: this is the last one; the rest: how many bytes it holds), AES-256-GCM's
 * ciphertext, and its tag. Each backup has a key of its own, made from the backup key and a random salt, so that the nonce
 * can be a plain counter with the mark of the last chunk (NIST SP 800-38D §8.2.1): a chunk that is left out, repeated or
 * moved, and an end that is cut off, all fail the tag. The bytes before the first chunk are authenticated with each.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { HoldfastError } from '../core/errors.ts';
import { secretProblems } from '../core/secrets.ts';
import { BackupError } from './backup-error.ts';

/** What a backup says of itself; readable without the key. */
export interface BackupHeader {
  /** When it was begun; milliseconds since 1970. */
  readonly at: number;
  /** The kind of the store that it was made of. */
  readonly kind: string;
  /** Fingerprint of the backup key: 8 hex digits. */
  readonly keyId: string;
  /** 32 random bytes in base64url. */
  readonly salt: string;
}

export const MAGIC: Buffer = Buffer.from('HOLDFAST', 'latin1');
export const FORMAT = 1;
/** Magic, format and the header's length. */
export const PREFIX_BYTES: number = MAGIC.length + 3;
export const LENGTH_BYTES = 4;
export const TAG_BYTES = 16;
export const SALT_BYTES = 32;
/** What a reader takes into memory at most; a session's data are far smaller. */
export const MAX_CHUNK_BYTES: number = 16 * 1024 * 1024;

const LAST = 0x8000_0000;
const NONCE_BYTES = 12;
// Labels of their own, so that no key made of the same text for another purpose is ever the same (RFC 5869 §3.2).
const LABELS = { key: 'holdfast v1 backup', id: 'holdfast v1 backup key id' } as const;

/** Throws `invalid-secret` unless the key is as good as a session secret has to be. Never repeats it. */
export function assertBackupKey(key: string): void {
  const problems = secretProblems(key).map((problem) => `backup key: ${problem}`);
  if (problems.length > 0) throw new HoldfastError('invalid-secret', problems.join('\n'));
}

/** The fingerprint of a backup key: 8 hex digits, safe to show. */
export function backupKeyId(key: string): string {
  return derive(key, new Uint8Array(0), LABELS.id).toString('hex', 0, 4);
}

/** Everything before the first chunk. */
export function encodeHead(header: BackupHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt8(FORMAT, MAGIC.length);
  prefix.writeUInt16BE(json.length, MAGIC.length + 1);
  return Buffer.concat([prefix, json]);
}

/** The header's length, from the first bytes. Throws BackupError. */
export function decodePrefix(prefix: Buffer): number {
  if (!prefix.subarray(0, MAGIC.length).equals(MAGIC)) throw new BackupError('not-a-backup');
  const format = prefix.readUInt8(MAGIC.length);
  if (format > FORMAT) throw new BackupError('newer-format');
  if (format !== FORMAT) throw new BackupError('altered', 'its format');
  return prefix.readUInt16BE(MAGIC.length + 1);
}

/** Throws BackupError. */
export function decodeHeader(json: Buffer): BackupHeader {
  let value: Partial<BackupHeader> | null = null;
  try {
    value = JSON.parse(json.toString()) as Partial<BackupHeader> | null;
  } catch {
    // Reported below, with every other header that makes no sense.
  }
  const { at, kind, keyId, salt } = value ?? {};
  if (typeof at !== 'number' || typeof kind !== 'string' || typeof keyId !== 'string' || typeof salt !== 'string') {
    throw new BackupError('altered', 'its header');
  }
  return { at, kind, keyId, salt };
}

/** Seals chunk after chunk. */
export function createSealer(
  key: string,
  head: Buffer,
  header: BackupHeader,
): (bytes: Buffer, last: boolean) => Buffer {
  const own = derive(key, Buffer.from(header.salt, 'base64url'), LABELS.key);
  const context = createHash('sha256').update(head).digest();
  let counter = 0n;
  return (bytes, last) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE((last ? LAST : 0) + bytes.length);
    const cipher = createCipheriv('aes-256-gcm', own, nonceOf(counter++, last)).setAAD(context);
    return Buffer.concat([length, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  };
}

/** Opens chunk after chunk; throws BackupError `altered` for one that is not what was sealed in its place. */
export function createOpener(
  key: string,
  head: Buffer,
  header: BackupHeader,
): (sealed: Buffer, last: boolean) => Buffer {
  const own = derive(key, Buffer.from(header.salt, 'base64url'), LABELS.key);
  const context = createHash('sha256').update(head).digest();
  let counter = 0n;
  return (sealed, last) => {
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', own, nonceOf(counter++, last), { authTagLength: TAG_BYTES });
    decipher.setAAD(context).setAuthTag(sealed.subarray(end));
    const bytes = decipher.update(sealed.subarray(0, end));
    try {
      return Buffer.concat([bytes, decipher.final()]);
    } catch {
      throw new BackupError('altered');
    }
  };
}

/** A chunk's length and whether it is the last, from its first bytes. */
export function decodeLength(bytes: Buffer): { readonly length: number; readonly last: boolean } {
  const value = bytes.readUInt32BE(0);
  const length = value & ~LAST;
  if (length > MAX_CHUNK_BYTES) throw new BackupError('altered');
  return { length, last: value >= LAST };
}

function nonceOf(counter: bigint, last: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt8(last ? 1 : 0, 0);
  nonce.writeBigUInt64BE(counter, NONCE_BYTES - 8);
  return nonce;
}

function derive(key: string, salt: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(key), salt, label, 32));
}
