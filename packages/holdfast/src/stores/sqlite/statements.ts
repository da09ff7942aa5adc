/** Every statement the store runs, prepared once per connection. */
import type { StatementSync } from 'node:sqlite';
import type { Connection } from './connection.ts';
import { COLUMNS, ROW_FORMAT } from './row.ts';
import { READABLE_RECORD, READABLE_TOMBSTONE } from './schema.ts';

const PLACES = COLUMNS.replaceAll(/\w+/g, '?');
const READ = `SELECT ${COLUMNS} FROM sessions WHERE id = ?`;
/** A user's records without pointers, expired ones included, the most recently used first. */
const OF_USER = `SELECT ${COLUMNS} FROM sessions WHERE user_id = ? AND moved_to IS NULL
  ORDER BY last_seen_at DESC, created_at DESC, id`;
/** REPLACE, because a row may be there still: the record itself, or one kept for long enough and not yet swept. */
const PUT = `REPLACE INTO sessions (${COLUMNS}) VALUES (${PLACES})`;

export interface QuickStatements {
  readonly read: StatementSync;
  readonly replace: StatementSync;
  readonly touch: StatementSync;
  readonly ofUser: StatementSync;
  readonly count: StatementSync;
  readonly sweepRecords: StatementSync;
  readonly sweepTombstones: StatementSync;
  readonly forgetAnnouncements: StatementSync;
  readonly announce: StatementSync;
  readonly announcements: StatementSync;
  readonly probe: StatementSync;
  readonly scan: StatementSync;
}

export interface DurableStatements {
  readonly read: StatementSync;
  readonly insert: StatementSync;
  readonly ofUser: StatementSync;
  readonly end: StatementSync;
  readonly erase: StatementSync;
}

export function prepareQuick(connection: Pick<Connection, 'prepare'>): QuickStatements {
  const prepare = (sql: string): StatementSync => connection.prepare(sql);
  return {
    read: prepare(READ),
    replace: prepare(PUT),
    touch: prepare(
      `UPDATE sessions SET last_seen_at = max(last_seen_at, ?), expires_at = max(expires_at, ?)
        WHERE id = ? AND ${READABLE_RECORD} AND expires_at > ?`,
    ),
    ofUser: prepare(OF_USER),
    count: prepare(
      `SELECT key_id, previous_key_id, count(*) FROM sessions
        WHERE ${READABLE_RECORD} AND expires_at > ? AND moved_to IS NULL GROUP BY key_id, previous_key_id`,
    ),
    sweepRecords: prepare(
      `DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE ${READABLE_RECORD} AND expires_at <= ? ORDER BY expires_at LIMIT ?)
        RETURNING id, user_id, expires_at, absolute_expires_at, moved_to`,
    ),
    sweepTombstones: prepare(
      `DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE ${READABLE_TOMBSTONE} AND ended_at <= ? ORDER BY ended_at LIMIT ?)`,
    ),
    forgetAnnouncements: prepare('DELETE FROM key_announcements WHERE at < ?'),
    announce: prepare('REPLACE INTO key_announcements (instance, key_ids, at) VALUES (?, ?, ?)'),
    announcements: prepare('SELECT instance, key_ids, at FROM key_announcements WHERE at >= ? ORDER BY instance'),
    probe: prepare('REPLACE INTO write_probe (only, at) VALUES (1, ?)'),
    scan: prepare(`SELECT ${COLUMNS} FROM sessions WHERE id > ? ORDER BY id LIMIT ?`),
  };
}

export function prepareDurable(connection: Pick<Connection, 'prepare'>): DurableStatements {
  const prepare = (sql: string): StatementSync => connection.prepare(sql);
  return {
    read: prepare(READ),
    insert: prepare(PUT),
    ofUser: prepare(OF_USER),
    // A tombstone keeps nothing of the session but its id: the whole row is replaced.
    end: prepare(`REPLACE INTO sessions (id, format, ended_reason, ended_at) VALUES (?, ${ROW_FORMAT}, ?, ?)`),
    erase: prepare('DELETE FROM sessions WHERE id = ?'),
  };
}
