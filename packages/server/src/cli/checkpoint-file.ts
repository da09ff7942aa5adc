/** Keeps where a migration is in a file: written as a whole or not at all, for its owner alone, without a secret. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { MigrationCheckpoint } from 'holdfast/transfer';
import { UsageError } from './store-url.ts';

/** The names of the stores are those without user and password. */
export interface SavedMigration {
  readonly from: string;
  readonly to: string;
  readonly checkpoint: MigrationCheckpoint;
}

/** Writes beside the file and puts it in its place, so that whoever is killed meanwhile finds the one before. */
export function saveMigration(path: string, migration: SavedMigration): void {
  const partial = `${path}.partial`;
  rmSync(partial, { force: true });
  const file = openSync(partial, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(migration, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
}

/** Reads it back. Throws UsageError with one sentence. What it says of the migration is checked where it is used. */
export function readMigration(path: string, from: string, to: string): unknown {
  let saved: Partial<SavedMigration> | null;
  try {
    saved = JSON.parse(readFileSync(path, 'utf8')) as Partial<SavedMigration> | null;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing) throw new UsageError(`--resume: there is no file ${path}; leave --resume out to begin anew`);
    throw new UsageError(`--resume: ${path} cannot be read as a migration; leave --resume out to begin anew`);
  }
  if (saved?.from !== from || saved?.to !== to) {
    throw new UsageError(`--resume: ${path} is of a move from ${saved?.from} to ${saved?.to}; name these stores`);
  }
  return saved.checkpoint ?? null;
}

export function forgetMigration(path: string): void {
  rmSync(path, { force: true });
}
