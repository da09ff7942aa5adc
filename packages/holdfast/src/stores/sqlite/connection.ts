/** A connection to the session file: how it is opened, its prepared statements, and transactions on it. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HoldfastError } from '../../core/errors.ts';
import { isBusy, isDamaged, toFailure } from './failure.ts';
import type { Row } from './row.ts';
import { migrate } from './schema.ts';

/** How long SQLite itself may wait for a lock, blocking the event loop; the rest of the waiting is asynchronous. */
const BUSY_TIMEOUT_MS = 2;
/** 16 MiB of pages, some 40,000 sessions, are kept at hand; a larger file works, with more reads from the disk. */
const CACHE_KIB = 16 * 1024;
/** What a burst of writes may leave of the write-ahead log on the disk once it has been worked in. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * `full`: a commit is on the disk when it returns, also if the power fails then. `normal`: it survives any crash of the
 * process, but a power cut may take the last moments.
 */
export type Durability = 'full' | 'normal';

export class Connection {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    // Immediate: a transaction that starts by reading could find at its first write that it must be repeated.
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  /** A statement whose rows come as arrays. */
  prepare(sql: string): StatementSync {
    const statement = this.#db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  /** All of the work or nothing of it; the work must not wait for anything. */
  transaction<T>(work: () => T): T {
    this.#begin.run();
    try {
      const answer = work();
      this.#commit.run();
      return answer;
    } catch (error) {
      // After some failures, a full disk among them, SQLite has rolled back by itself.
      if (this.#db.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

/** Opens the file, which `prepareFile` made. Blocks for up to `deadlineMs` while other processes start on it. */
export function openConnection(file: string, durability: Durability, deadlineMs: number): Connection {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: deadlineMs });
    switchToLog(db, deadlineMs);
    db.exec(`PRAGMA synchronous = ${durability}; PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}; PRAGMA trusted_schema = OFF`);
    migrate(db, file);
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return new Connection(db);
  } catch (error) {
    db?.close();
    const failure = toFailure(error, file);
    if (!isDamaged(error)) throw failure;
    throw new HoldfastError('store-unusable', failure instanceof Error ? failure.message : file, { cause: error });
  }
}

/** SQLite answers "busy" at once, without its timeout, when two connections switch the journal at the same moment. */
function switchToLog(db: DatabaseSync, deadlineMs: number): void {
  const until = performance.now() + deadlineMs;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The rows of a statement of {@link Connection.prepare}, whose types in Node speak of objects only. */
export function allRows(statement: StatementSync, ...parameters: (string | number | null)[]): readonly Row[] {
  return statement.all(...parameters) as unknown as readonly Row[];
}

/** The first row of a statement of {@link Connection.prepare}. */
export function firstRow(statement: StatementSync, ...parameters: (string | number | null)[]): Row | undefined {
  return statement.get(...parameters) as unknown as Row | undefined;
}
