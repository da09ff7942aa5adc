/** Counts the transactions that were committed to a SQLite file, from outside and whoever made them. */
import { closeSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** Where a write-ahead log is in use, its index counts transactions in memory order (sqlite.org/walformat.html, `iChange`). */
const INDEX_OFFSET = 8;
/** Without one, the header of the file does, in big-endian order (sqlite.org/fileformat.html, "file change counter"). */
const HEADER_OFFSET = 24;

/** A counter whose difference is the number of transactions. It wraps around after four thousand million of them. */
export function sqliteCommits(file: string): number {
  return readNumber(`${file}-shm`, INDEX_OFFSET, endianness()) ?? readNumber(file, HEADER_OFFSET, 'BE') ?? 0;
}

function readNumber(file: string, offset: number, order: 'LE' | 'BE'): number | null {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(4);
    if (readSync(handle, bytes, 0, 4, offset) < 4) return null;
    return order === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE();
  } finally {
    closeSync(handle);
  }
}
