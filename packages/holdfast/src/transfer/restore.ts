/** Reads a backup into a store; what it promises is at `restoreStore`. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import { TOMBSTONE_MS } from '../core/record.ts';
import type { StoredEntry, TransferableStore } from '../core/transfer.ts';
import { BackupError } from './backup-error.ts';
import {
  assertBackupKey,
  type BackupHeader,
  backupKeyId,
  createOpener,
  decodeHeader,
  decodeLength,
  decodePrefix,
  LENGTH_BYTES,
  MAGIC,
  PREFIX_BYTES,
  TAG_BYTES,
} from './backup-format.ts';
import { ByteReader } from './byte-reader.ts';
import { type Caller, createCaller, type Pause } from './caller.ts';
import { copyEntry } from './copy-entry.ts';
import { type BackupLine, decodeLines } from './entry-lines.ts';
import { inLanes } from './lanes.ts';
import { isLapsed, standingOf } from './standing.ts';

/** What {@link restoreStore} takes. The store stays open; the stream is read to its end or destroyed. */
export interface RestoreOptions {
  /** A `Readable`, or anything else that hands out bytes. */
  readonly from: AsyncIterable<Uint8Array>;
  readonly to: TransferableStore;
  /** The key that the backup was made with. */
  readonly key: string;
  /**
   * Restores a backup of more than a day as well. By then stores have forgotten what ended since it was made, so people who
   * signed out meanwhile would be signed in again. Default false.
   */
  readonly acceptOld?: boolean;
  /** Told after every chunk. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Stops it soon; the result then has `finished: false`. */
  readonly signal?: AbortSignal;
  /** How many entries are under way to the store at once. Default 32. */
  readonly inFlight?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Waits between tries while the store is unreachable. Default: a timer. */
  readonly pause?: Pause;
}

/** What was restored so far. */
export interface RestoreFigures {
  /** Records that the store took. */
  readonly restored: number;
  /** Ends that were written. */
  readonly ended: number;
  /** Records that stayed as they were, because the store had a newer version or an end. */
  readonly skipped: number;
  /** Entries that were over by now. */
  readonly expired: number;
  /** Records that the store cannot hold. */
  readonly refused: number;
}

/** Where it is now. */
export interface RestoreProgress extends RestoreFigures {
  readonly header: BackupHeader;
  /** Bytes of the backup read so far. */
  readonly bytes: number;
}

/** What came of it. */
export interface RestoreResult extends RestoreProgress {
  /** False when `signal` stopped it. Restoring again is safe. */
  readonly finished: boolean;
}

/**
 * Restores a backup, in constant memory, also while people use the store: what is newer there, or has ended, stays. Nothing
 * of a chunk is used before the whole chunk has proved to be what was written. Throws BackupError when the backup cannot be
 * used (any further), `invalid-secret` for a bad key, and StoreUnreachableError when the store stays unreachable for half a
 * minute; what `onProgress` told last was restored by then.
 */
export async function restoreStore(options: RestoreOptions): Promise<RestoreResult> {
  const { from, to, key, signal, inFlight = 32, clock = Date.now } = options;
  assertBackupKey(key);
  if (!Number.isSafeInteger(inFlight) || inFlight < 1) {
    throw new HoldfastError('invalid-option', `inFlight: a whole number from 1 up, not ${inFlight}`);
  }
  const call = createCaller({ signal, ...(options.pause && { pause: options.pause }) });
  const reader = new ByteReader(from);
  const figures = { restored: 0, ended: 0, skipped: 0, expired: 0, refused: 0 };
  const stopping = (): boolean => signal?.aborted === true;
  let again = false;
  try {
    const { header, open } = await readHead(reader, key);
    if (options.acceptOld !== true && clock() - header.at >= TOMBSTONE_MS) throw new BackupError('too-old');
    const result = (finished: boolean): RestoreResult => ({ ...figures, header, bytes: reader.taken, finished });
    try {
      for await (const lines of chunks(reader, open)) {
        if (stopping()) return result(false);
        await restoreLines(lines);
        options.onProgress?.({ ...figures, header, bytes: reader.taken });
      }
    } catch (error) {
      // What fails while everything is being stopped is no failure.
      if (!stopping()) throw error;
    }
    return result(!stopping());
  } finally {
    await reader.close();
  }

  async function restoreLines(lines: readonly BackupLine[]): Promise<void> {
    const border = lines.findIndex((line) => 'again' in line);
    await restoreEntries(lines.slice(0, border < 0 ? lines.length : border).filter(isEntry));
    if (border < 0) return;
    again = true;
    await restoreEntries(lines.slice(border).filter(isEntry));
  }

  async function restoreEntries(entries: readonly StoredEntry[]): Promise<void> {
    const now = clock();
    const over = entries.filter((entry) => isOver(entry, now));
    const current = entries.filter((entry) => !isOver(entry, now));
    await inLanes(current, inFlight, copy, stopping);
    if (!again) figures.expired += over.length;
    // Afterwards, because the same session may be among the current ones in an older version.
    await inLanes(over.filter(isLast), inFlight, (entry) => forget(to, call, entry), stopping);
  }

  async function copy(entry: StoredEntry): Promise<void> {
    // Most of what comes a second time is there already, and counts once.
    if (again && standingOf(entry, await call(() => to.read(entry.id)), clock()) === 'covered') return;
    const outcome = await copyEntry(to, call, entry);
    figures[({ copied: 'restored', ended: 'ended', kept: 'skipped', refused: 'refused' } as const)[outcome]]++;
  }
}

/** Reads what is before the first chunk, and makes what opens the chunks. */
async function readHead(
  reader: ByteReader,
  key: string,
): Promise<{ readonly header: BackupHeader; readonly open: ReturnType<typeof createOpener> }> {
  const prefix = await reader.take(PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES) {
    const begun = prefix.subarray(0, MAGIC.length);
    throw new BackupError(begun.length > 0 && MAGIC.indexOf(begun) === 0 ? 'truncated' : 'not-a-backup');
  }
  const length = decodePrefix(prefix);
  const json = await takeWhole(reader, length);
  const header = decodeHeader(json);
  const keyId = backupKeyId(key);
  if (header.keyId !== keyId) throw new BackupError('wrong-key', `it wants ${header.keyId}, and this one is ${keyId}`);
  return { header, open: createOpener(key, Buffer.concat([prefix, json]), header) };
}

/** The entries of chunk after chunk. Throws BackupError unless the backup is whole to its last byte. */
async function* chunks(
  reader: ByteReader,
  open: ReturnType<typeof createOpener>,
): AsyncGenerator<readonly BackupLine[], void, void> {
  const seen = { records: 0, tombstones: 0, again: 0 };
  let again = false;
  for (;;) {
    const { length, last } = decodeLength(await takeWhole(reader, LENGTH_BYTES));
    const lines = decodeLines(open(await takeWhole(reader, length + TAG_BYTES), last));
    for (const line of lines) {
      if ('again' in line) again = true;
      else if (isEntry(line)) seen[again ? 'again' : 'tombstone' in line ? 'tombstones' : 'records']++;
      else if (!isDeepStrictEqual(line.counts, seen)) {
        throw new BackupError('altered', 'it holds another number of sessions than it says');
      }
    }
    if (last && (await reader.take(1)).length > 0) throw new BackupError('altered', 'something is behind its end');
    yield lines;
    if (last) return;
  }
}

async function takeWhole(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = await reader.take(count);
  if (bytes.length < count) throw new BackupError('truncated');
  return bytes;
}

function isEntry(line: BackupLine): line is StoredEntry {
  return 'id' in line;
}

/** Whether there is no use in writing the entry. */
function isOver(entry: StoredEntry, now: number): boolean {
  return 'tombstone' in entry ? isLapsed(entry, now) : entry.record.expiresAt <= now;
}

/** Whether nothing older of the session may stay: it ended, or it went on under another id. */
function isLast(entry: StoredEntry): boolean {
  return 'tombstone' in entry || entry.record.movedTo !== null;
}

/** Takes out what an earlier part of the backup brought in. */
async function forget(to: TransferableStore, call: Caller, entry: StoredEntry): Promise<void> {
  const found = await call(() => to.read(entry.id));
  if (found.status !== 'live') return;
  if ('record' in entry && found.record.version >= entry.record.version) return;
  await call(() => to.delete(entry.id));
}
