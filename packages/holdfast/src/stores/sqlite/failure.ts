/** Tells SQLite's failures apart and turns each into a sentence that says which and what to do. */
import { HoldfastError, StoreUnreachableError } from '../../core/errors.ts';

/** Primary result codes, https://www.sqlite.org/rescode.html; the low byte of an extended code. */
const BUSY = 5;
const LOCKED = 6;
const PROTOCOL = 15;

const SENTENCES: Readonly<Record<number, (file: string) => string>> = {
  3: (file) => `access to ${file} was denied: give it back to the user this process runs as`,
  [BUSY]: (file) => `${file} stayed locked by another process: find what holds it for so long (a backup, a shell?)`,
  [LOCKED]: (file) => `${file} stayed locked by another connection: find what holds it for so long`,
  [PROTOCOL]: (file) => `${file} could not be locked: find what holds it for so long`,
  7: (file) => `SQLite ran out of memory working on ${file}: give the process more memory`,
  8: (file) => `${file} is read-only: mount its disk writable and make the file writable; sessions can still be read`,
  10: (file) => `the disk failed while reading or writing ${file}: check the system's log and the disk`,
  11: (file) => `${file} is damaged: stop the processes, restore it from a backup or run sqlite3's .recover on it`,
  13: (file) => `the disk that holds ${file} is full: free some space; sessions can still be read`,
  14: (file) => `${file} or a file beside it cannot be opened: check that its directory exists and is writable`,
  26: (file) => `${file} is not a session database: move it away, or name another file`,
};

/** The primary result code of an error that SQLite raised, or null for any other error. */
function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock, so that trying again helps. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED || code === PROTOCOL;
}

/** Whether the file is not, or no longer, a database that can be used: trying again does not help. */
export function isDamaged(error: unknown): boolean {
  const code = resultCode(error);
  return code === 11 || code === 26;
}

/** What to throw for an error that came out of SQLite. Programming mistakes come back as they are. */
export function toFailure(error: unknown, file: string): unknown {
  if (error instanceof HoldfastError) return error;
  const code = resultCode(error);
  if (code !== null) {
    const sentence = SENTENCES[code]?.(file) ?? `SQLite failed on ${file}: ${(error as Error).message}`;
    return new StoreUnreachableError(sentence, { cause: error });
  }
  // What node:sqlite throws for a closed database and its finalized statements.
  if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE') return closed(file, error);
  return error;
}

/** The store was closed and is used nevertheless. */
export function closed(file: string, cause?: unknown): StoreUnreachableError {
  return new StoreUnreachableError(`the store on ${file} was closed`, { cause });
}
