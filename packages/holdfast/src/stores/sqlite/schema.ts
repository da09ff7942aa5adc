/** The tables, and how a file of an older version becomes one of this version. */
import type { DatabaseSync } from 'node:sqlite';
import { HoldfastError } from '../../core/errors.ts';

/** "HFST": tells a session file from any other SQLite file, so that a wrong file name damages nothing. */
const APPLICATION_ID = 0x48465354;

/**
 * Rows that queries may rely on. Each index and each query that wants it repeats these words exactly, as the planner
 * demands. A row with broken JSON is in neither of them: it is not counted, and never swept.
 */
export const READABLE_RECORD = 'ended_reason IS NULL AND format = 1 AND json_valid(data)';
export const READABLE_TOMBSTONE = 'ended_reason IS NOT NULL AND format = 1';

/** One entry per schema version, never changed once released; `user_version` counts how many have been applied. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    format INTEGER NOT NULL,
    ended_reason TEXT,
    ended_at INTEGER,
    version INTEGER,
    user_id TEXT,
    created_at INTEGER,
    authenticated_at INTEGER,
    amr TEXT,
    idle_seconds INTEGER,
    absolute_expires_at INTEGER,
    last_seen_at INTEGER,
    expires_at INTEGER,
    user_agent TEXT,
    ip TEXT,
    data TEXT,
    generation INTEGER,
    confirmed_issued_at INTEGER,
    key_id TEXT,
    previous_key_id TEXT,
    moved_to TEXT
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_user ON sessions (user_id) WHERE user_id IS NOT NULL AND moved_to IS NULL;
  CREATE INDEX sessions_by_expiry ON sessions (expires_at) WHERE ${READABLE_RECORD};
  CREATE INDEX tombstones_by_end ON sessions (ended_at) WHERE ${READABLE_TOMBSTONE};
  CREATE TABLE key_announcements (instance TEXT NOT NULL PRIMARY KEY, key_ids TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE write_probe (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL);
  `,
  `
  CREATE TABLE tickets (
    key TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER,
    used_at INTEGER,
    origins TEXT NOT NULL,
    payload TEXT NOT NULL,
    proof TEXT
  ) WITHOUT ROWID;
  CREATE INDEX tickets_by_expiry ON tickets (expires_at);
  CREATE TABLE ticket_counts (step INTEGER PRIMARY KEY, live INTEGER NOT NULL, used INTEGER NOT NULL);
  CREATE TABLE ticket_sums (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    live INTEGER NOT NULL,
    used INTEGER NOT NULL,
    total_created INTEGER NOT NULL,
    total_used INTEGER NOT NULL
  );
  INSERT INTO ticket_sums VALUES (1, 0, 0, 0, 0);
  `,
];

/** Brings the schema up to date in one transaction, which other processes starting at the same time wait for. */
export function migrate(db: DatabaseSync, file: string): void {
  if (pragma(db, 'user_version') === MIGRATIONS.length && pragma(db, 'application_id') === APPLICATION_ID) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = pragma(db, 'user_version');
    const foreign = pragma(db, 'application_id') !== APPLICATION_ID;
    if (foreign && (version !== 0 || db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined)) {
      throw new HoldfastError('store-unusable', `${file} belongs to another application: name another file`);
    }
    if (version > MIGRATIONS.length) {
      throw new HoldfastError(
        'store-unusable',
        `${file} was written by a newer version (schema ${version}, this one knows ${MIGRATIONS.length}): ` +
          'start the newer version again, or name another file',
      );
    }
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}
