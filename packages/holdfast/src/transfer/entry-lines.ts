/** What is inside a backup's chunks: a line of JSON for each entry, and one at the end that counts them. */
import type { StoredEntry } from '../core/transfer.ts';
import { BackupError } from './backup-error.ts';

/** How many entries a whole backup has. */
export interface BackupCounts {
  /** Sessions, with pointers and what had expired a short while ago. */
  readonly records: number;
  readonly tombstones: number;
  /** Entries of the second time through: what ended, moved or began meanwhile, and some that had not changed. */
  readonly again: number;
}

/** One line. `again` stands before the entries of the second time through, `counts` at the end. */
export type BackupLine = StoredEntry | { readonly again: true } | { readonly counts: BackupCounts };

/** One line, with its end. JSON holds half a surrogate pair as an escape, so every text comes back as it was. */
export function encodeLine(line: BackupLine): Buffer {
  return Buffer.from(`${JSON.stringify('record' in line ? { record: line.record } : line)}\n`);
}

/** The lines of a chunk. Throws BackupError `altered` for what is none. */
export function decodeLines(chunk: Buffer): readonly BackupLine[] {
  return chunk
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((text) => {
      const line = JSON.parse(text) as { id?: string; record?: { id: string } } & Record<string, unknown>;
      if (line.record !== undefined) return { id: line.record.id, record: line.record } as StoredEntry;
      if (typeof line.id === 'string' || 'again' in line || 'counts' in line) return line as unknown as BackupLine;
      throw new BackupError('altered');
    });
}
