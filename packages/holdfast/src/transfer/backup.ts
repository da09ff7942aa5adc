/** Writes everything that a store keeps into a stream, encrypted; what it promises is at `backupStore`. */
import { randomBytes } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import type { StoredEntry, TransferableStore } from '../core/transfer.ts';
import {
  assertBackupKey,
  type BackupHeader,
  backupKeyId,
  createSealer,
  encodeHead,
  MAX_CHUNK_BYTES,
  SALT_BYTES,
} from './backup-format.ts';
import { batches } from './batches.ts';
import { createCaller, type Pause } from './caller.ts';
import { type BackupCounts, encodeLine } from './entry-lines.ts';
import { isSession } from './standing.ts';

/** What {@link backupStore} takes. The store stays open; the stream is ended. */
export interface BackupOptions {
  readonly from: TransferableStore;
  readonly to: Writable;
  /** A secret of at least 32 bytes that serves nothing else, such as `generateSecret()` makes. */
  readonly key: string;
  /** Told after every batch. */
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Stops it: the promise is then rejected with the signal's reason, and what was written is no backup. */
  readonly signal?: AbortSignal;
  /** How many entries are read at once. Default 500. */
  readonly batchSize?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Waits between tries while the store is unreachable. Default: a timer. */
  readonly pause?: Pause;
}

/** Where it is now. */
export interface BackupProgress {
  /** Live sessions that it has come past. */
  readonly sessions: number;
  /** Bytes written. */
  readonly bytes: number;
}

/** What is in the backup. */
export interface BackupResult extends BackupCounts {
  /** Entries that this version cannot read; they are not in the backup. */
  readonly undecodable: number;
  readonly bytes: number;
  readonly header: BackupHeader;
}

/** Plain text of this size makes a chunk. */
const CHUNK_BYTES = 64 * 1024;
/** How far the clocks of the processes that write to the store may be apart. */
const CLOCKS_MS = 5 * 60 * 1000;

/**
 * Writes a backup while people go on using the store, in constant memory. Every record is whole; one that changes
 * meanwhile is there in one of its versions. When all is written the store is gone through once more for what ended, moved
 * to a new id or began since the start: what had ended by then is never restored as live.
 *
 * Nothing in it lets anybody sign in, because tokens are not in the store; it names people and their devices all the same,
 * so it is encrypted (AES-256-GCM). Throws `invalid-secret` for a bad key, StoreUnreachableError when the store stays
 * unreachable for half a minute, and whatever the stream fails with.
 */
export async function backupStore(options: BackupOptions): Promise<BackupResult> {
  const { from, to, key, signal, batchSize = 500, clock = Date.now } = options;
  assertBackupKey(key);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new HoldfastError('invalid-option', `batchSize: a whole number from 1 up, not ${batchSize}`);
  }
  const header: BackupHeader = {
    at: clock(),
    kind: from.kind,
    keyId: backupKeyId(key),
    salt: randomBytes(SALT_BYTES).toString('base64url'),
  };
  const head = encodeHead(header);
  const seal = createSealer(key, head, header);
  const call = createCaller({ signal, ...(options.pause && { pause: options.pause }) });
  const counts = { records: 0, tombstones: 0, again: 0 };
  let undecodable = 0;
  let bytes = 0;
  let sessions = 0;

  await pipeline(Readable.from(written(), { objectMode: false }), to, signal === undefined ? {} : { signal });
  return { ...counts, undecodable, bytes, header };

  async function* written(): AsyncGenerator<Buffer, void, void> {
    for await (const part of chunks()) {
      bytes += part.length;
      yield part;
    }
  }

  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    yield head;
    for await (const chunk of filled(lines())) yield seal(chunk, false);
    yield seal(encodeLine({ counts }), true);
  }

  async function* lines(): AsyncGenerator<Buffer, void, void> {
    for await (const batch of batches({ store: from, call, cursor: null, size: batchSize })) {
      undecodable += batch.undecodable;
      const now = clock();
      for (const entry of batch.entries) {
        counts['tombstone' in entry ? 'tombstones' : 'records']++;
        if (isSession(entry, now)) sessions++;
        yield line(entry);
      }
      options.onProgress?.({ sessions, bytes });
    }
    yield encodeLine({ again: true });
    for await (const { entries } of batches({ store: from, call, cursor: null, size: batchSize })) {
      for (const entry of entries) {
        if (!isNews(entry, header.at - CLOCKS_MS)) continue;
        counts.again++;
        yield line(entry);
      }
    }
  }
}

function line(entry: StoredEntry): Buffer {
  const bytes = encodeLine(entry);
  if (bytes.length <= MAX_CHUNK_BYTES) return bytes;
  throw new HoldfastError('data-too-large', `the session ${entry.id} is larger than a backup can hold`);
}

/** What the first time through may have come past too early to see. A pointer hides the version that was seen before it. */
function isNews(entry: StoredEntry, since: number): boolean {
  if ('tombstone' in entry) return entry.tombstone.at >= since;
  const { movedTo, createdAt, lastSeenAt } = entry.record;
  return movedTo !== null || createdAt >= since || lastSeenAt >= since;
}

async function* filled(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const line of lines) {
    if (size + line.length > CHUNK_BYTES && size > 0) {
      yield Buffer.concat(held);
      held = [];
      size = 0;
    }
    held.push(line);
    size += line.length;
  }
  if (size > 0) yield Buffer.concat(held);
}
