/** A temporary directory for session files, and stores on it that are closed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import type { Store } from '../../src/core/store.ts';
import { type SqliteStoreOptions, sqliteStore } from '../../src/stores/sqlite.ts';

export interface SqliteDirectory {
  readonly path: string;
  readonly file: string;
  open(options?: Partial<SqliteStoreOptions>): Store;
  /** A connection past the store, as a backup or a shell would have. */
  raw(): DatabaseSync;
}

export function sqliteDirectory(context: TestContext, path: string = temporaryDirectory()): SqliteDirectory {
  const closing: { close(): unknown }[] = [];
  const file = join(path, 'sessions.db');
  context.after(async () => {
    for (const handle of closing) await handle.close();
    rmSync(path, { recursive: true, force: true });
  });
  return {
    path,
    file,
    open(options) {
      const store = sqliteStore({ directory: path, ...options });
      closing.push(store);
      return store;
    },
    raw() {
      const db = new DatabaseSync(file);
      closing.push({ close: () => db.isOpen && db.close() });
      return db;
    },
  };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'));
}
