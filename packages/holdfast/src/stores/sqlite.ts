/** Sessions in one SQLite file: the embedded default for one host and any number of processes on it. */
import { basename } from 'node:path';
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import type { TransferableStore } from '../core/transfer.ts';
import { openConnection } from './sqlite/connection.ts';
import { prepareFile } from './sqlite/directory.ts';
import { SqliteStore } from './sqlite/sqlite-store.ts';

/** What {@link sqliteStore} takes. */
export interface SqliteStoreOptions {
  /** Where the file lies. Created with mode 0700, or checked and closed to others; must be on a local disk. */
  readonly directory: string;
  /** The file's name in the directory; SQLite keeps two more beside it (`-wal`, `-shm`). Default `sessions.db`. */
  readonly fileName?: string;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** How long an operation may wait for a lock that another process holds, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
}

/**
 * Opens or creates the file and brings its schema up to date.
 *
 * Throws a HoldfastError `store-unusable` that names the path and the fix when the directory or file cannot be used
 * (another owner, not writable, a network file system, a newer schema, no database), `invalid-option` for a bad option,
 * and StoreUnreachableError when the file stays locked or the disk fails.
 */
export function sqliteStore(options: SqliteStoreOptions): TransferableStore {
  const { directory, fileName = 'sessions.db', clock = Date.now, deadlineMs = 1000 } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw new HoldfastError('invalid-option', 'directory: name the directory for the session file');
  }
  if (fileName === '' || fileName !== basename(fileName) || fileName === '.' || fileName === '..') {
    throw new HoldfastError('invalid-option', `fileName: a plain file name without a path, not ${fileName}`);
  }
  if (!Number.isFinite(deadlineMs) || deadlineMs < 0) {
    throw new HoldfastError('invalid-option', `deadlineMs: milliseconds from 0 up, not ${deadlineMs}`);
  }
  const file = prepareFile(directory, fileName);
  const quick = openConnection(file, 'normal', Math.ceil(deadlineMs));
  const durable = openConnection(file, 'full', Math.ceil(deadlineMs));
  return new SqliteStore({ file, clock, deadlineMs, quick, durable });
}
