/** Every statement the store runs, for one schema. Each is atomic by itself; what is written is told in the same breath. */
import { RETENTION_MS, TOMBSTONE_MS } from '../../core/record.ts';
import { MAX_STEPS } from '../pointer.ts';
import { DUE_STEP_MS, READ_COLUMNS, ROW_FORMAT, WRITTEN_COLUMNS, WRITTEN_TYPES } from './row.ts';
import { LOCK_CLASS, READABLE, USER_PREFIX } from './schema.ts';

/** SQL by operation. The comment of each field names its parameters in order. */
export interface Statements {
  /** The id → the row. */
  readonly read: string;
  /** Ids → their rows. */
  readonly readMany: string;
  /** The cells of `toRow`, now → a row when it was inserted. */
  readonly insert: string;
  /** The cells of `toRow`, now → a row when there was nothing, or an older version. */
  readonly put: string;
  /** Id, version found, now, version, absolute expiry, key, previous key, moved to, body, last seen?, expiry?, due? → times. */
  readonly replace: string;
  /** Id, last seen, expiry, now, version or null for any → a row when there is such a record. */
  readonly touch: string;
  /** The cells of `toRow` for the new id, now, old id, version found, home, expiry of the pointer, its due → three counts. */
  readonly move: string;
  /** Id, reason, at, due, now → the row that was there, and its id once more when this statement ended it. */
  readonly take: string;
  /** User, reason, at, due, now, id to keep or null → the rows that this statement ended. */
  readonly takeByUser: string;
  /** User, now, new id → whether the id is taken, and the user's sessions, locked. */
  readonly lockOthers: string;
  /** The cells of `toRow`, now, ids to end (locked before), due of the tombstones → a row when it was inserted. */
  readonly insertAndEvict: string;
  /** Id. */
  readonly erase: string;
  /** User, now → rows. */
  readonly ofUser: string;
  /** Now → key, previous key, how many. */
  readonly count: string;
  /** Now, limit → rows of `toExpired`. */
  readonly sweep: string;
  /** Now, limit. */
  readonly putOff: string;
  /** Id to start after, limit → rows. */
  readonly scan: string;
  /** Id, reason, at, due, now. */
  readonly bury: string;
  /** Instance, key ids, at, older than which others are forgotten. */
  readonly announce: string;
  /** Since → instance, key ids, at. */
  readonly announcements: string;
  /** Now. */
  readonly probe: string;
}

/** The channel on which what was written is told: the payload is the start of the id, which names its home. */
export function channelOf(schema: string): string {
  return `holdfast:${schema}`;
}

export function statementsFor(schema: string): Statements {
  const sessions = `${schema}.sessions`;
  const columns = READ_COLUMNS.join(', ');
  const of = (table: string): string => READ_COLUMNS.map((column) => `${table}.${column}`).join(', ');
  const written = `format, ${WRITTEN_COLUMNS.join(', ')}`;
  const cells = `${ROW_FORMAT}, ${WRITTEN_TYPES.map((type, n) => `$${n + 1}::${type}`).join(', ')}`;
  const excluded = WRITTEN_COLUMNS.filter((column) => column !== 'id').map(
    (column) => `${column} = EXCLUDED.${column}`,
  );
  /** The first parameter after the cells of a row. */
  const next = WRITTEN_COLUMNS.length + 1;

  const tell = (table: string): string => `pg_notify('${channelOf(schema)}', left(${table}.id, 3))`;
  const live = (table: string, now: string): string =>
    `${table}.format = ${ROW_FORMAT} AND ${table}.ended_reason IS NULL AND ${table}.expires_at > ${now}::bigint - ${RETENTION_MS}`;
  const over = (table: string, now: string): string =>
    `${table}.format = ${ROW_FORMAT} AND ${table}.expires_at <= ${now}::bigint - ` +
    `CASE WHEN ${table}.ended_reason IS NULL THEN ${RETENTION_MS} ELSE ${TOMBSTONE_MS} END`;
  const isUser = (table: string, user: string): string =>
    `${USER_PREFIX.replace('user_id', `${table}.user_id`)} = left(${user}::text, 200) AND ${table}.user_id = ${user}::text ` +
    `AND ${table}.moved_to IS NULL`;
  /** A tombstone keeps nothing of the session but its id. */
  const entomb = (reason: string, at: string, due: string): string =>
    `ended_reason = ${reason}::text, expires_at = ${at}::bigint, due = ${due}::bigint, format = ${ROW_FORMAT}, ` +
    'last_seen_at = NULL, version = NULL, created_at = NULL, absolute_expires_at = NULL, user_id = NULL, key_id = NULL, ' +
    'previous_key_id = NULL, moved_to = NULL, body = NULL';
  const insertRow = (values: string, replaceable: string): string =>
    `INSERT INTO ${sessions} AS t (${written}) ${values}
      ON CONFLICT (id) DO UPDATE SET ${excluded.join(', ')}, ended_reason = NULL WHERE ${replaceable}`;
  /** A power cut may take such a write with it, and costs nothing then: times that are moved again, rows swept again. */
  const quick = "quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))";

  return {
    read: `SELECT ${columns} FROM ${sessions} WHERE id = $1::text`,
    readMany: `SELECT ${columns} FROM ${sessions} WHERE id = ANY($1::text[])`,
    insert: `${insertRow(`VALUES (${cells})`, over('t', `$${next}`))} RETURNING 1`,
    put: `${insertRow(
      `VALUES (${cells})`,
      `(${over('t', `$${next}`)}) OR (t.format = ${ROW_FORMAT} AND t.ended_reason IS NULL AND t.version < EXCLUDED.version)`,
    )} RETURNING ${tell('t')}`,
    replace: `UPDATE ${sessions} t SET version = $4::bigint, absolute_expires_at = $5::bigint, key_id = $6::text,
        previous_key_id = $7::text, moved_to = $8::text, body = $9::json,
        last_seen_at = coalesce($10::bigint, last_seen_at), expires_at = coalesce($11::bigint, expires_at),
        due = least(due, $12::bigint)
      WHERE id = $1::text AND version = $2::bigint AND ${live('t', '$3')}
      RETURNING last_seen_at, expires_at, ${tell('t')}`,
    // Times that are moved already are not written again: many requests of one session come at once.
    touch: `WITH ${quick}, moved AS (
        UPDATE ${sessions} t SET last_seen_at = greatest(last_seen_at, $2::bigint), expires_at = greatest(expires_at, $3::bigint)
        FROM quick WHERE id = $1::text AND ${live('t', '$4')} AND version = coalesce($5::bigint, version)
          AND (last_seen_at < $2::bigint OR expires_at < $3::bigint) RETURNING 1)
      SELECT 1 FROM moved UNION ALL
      SELECT 1 FROM ${sessions} t WHERE id = $1::text AND ${live('t', '$4')} AND version = coalesce($5::bigint, version)
      LIMIT 1`,
    // The lock first: a user's sessions are counted and ended under it, and none may slip away to a new id meanwhile.
    move: `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(${LOCK_CLASS}, $${next + 3}::int)),
      old AS MATERIALIZED (SELECT t.id FROM locked, ${sessions} t
        WHERE t.id = $${next + 1}::text AND t.version = $${next + 2}::bigint AND ${live('t', `$${next}`)}
        FOR NO KEY UPDATE OF t),
      added AS (${insertRow(`SELECT ${cells} FROM old`, over('t', `$${next}`))} RETURNING id),
      pointer AS (UPDATE ${sessions} t SET version = t.version + 1, moved_to = $1::text, expires_at = $${next + 4}::bigint,
          absolute_expires_at = $${next + 4}::bigint, due = least(t.due, $${next + 5}::bigint)
        FROM old, added WHERE t.id = old.id RETURNING ${tell('t')})
      SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM added), (SELECT count(*) FROM pointer)`,
    take: `WITH found AS MATERIALIZED (SELECT ${columns} FROM ${sessions} WHERE id = $1::text FOR NO KEY UPDATE),
      ended AS (UPDATE ${sessions} t SET ${entomb('$2', '$3', '$4')}
        FROM found f WHERE t.id = f.id AND ${live('f', '$5')} RETURNING t.id, ${tell('t')})
      SELECT ${of('f')}, e.id FROM found f LEFT JOIN ended e ON e.id = f.id`,
    takeByUser: `WITH RECURSIVE kept (id, step) AS (
        SELECT $6::text COLLATE "C", 1 UNION ALL
        SELECT t.moved_to, k.step + 1 FROM kept k JOIN ${sessions} t ON t.id = k.id
        WHERE t.moved_to IS NOT NULL AND k.step < ${MAX_STEPS} AND ${live('t', '$5')}),
      found AS MATERIALIZED (SELECT ${columns} FROM ${sessions} t
        WHERE ${isUser('t', '$1')} AND ${live('t', '$5')} AND NOT EXISTS (SELECT FROM kept k WHERE k.id = t.id)
        ORDER BY id FOR NO KEY UPDATE OF t),
      ended AS (UPDATE ${sessions} t SET ${entomb('$2', '$3', '$4')} FROM found f WHERE t.id = f.id RETURNING t.id, ${tell('t')})
      SELECT ${of('f')} FROM found f JOIN ended e ON e.id = f.id`,
    lockOthers: `WITH others AS MATERIALIZED (SELECT ${columns} FROM ${sessions} t
        WHERE ${isUser('t', '$1')} AND ${READABLE} AND expires_at > $2::bigint
        ORDER BY last_seen_at DESC, created_at DESC, id FOR NO KEY UPDATE OF t)
      SELECT taken.is, ${of('o')} FROM
        (SELECT EXISTS (SELECT FROM ${sessions} t WHERE id = $3::text AND NOT (${over('t', '$2')})) AS is) taken
        LEFT JOIN others o ON true ORDER BY o.last_seen_at DESC, o.created_at DESC, o.id`,
    insertAndEvict: `WITH added AS (${insertRow(`VALUES (${cells})`, over('t', `$${next}`))} RETURNING id),
      ended AS (UPDATE ${sessions} t SET ${entomb("'limit-reached'", `$${next}`, `$${next + 2}`)}
        FROM added, unnest($${next + 1}::text[]) AS oldest (id) WHERE t.id = oldest.id RETURNING ${tell('t')})
      SELECT id, (SELECT count(*) FROM ended) FROM added`,
    erase: `DELETE FROM ${sessions} t WHERE id = $1::text RETURNING ${tell('t')}`,
    ofUser: `SELECT ${columns} FROM ${sessions} t WHERE ${isUser('t', '$1')} AND ${READABLE} AND expires_at > $2::bigint
      ORDER BY last_seen_at DESC, created_at DESC, id`,
    count: `SELECT key_id, previous_key_id, count(*) FROM ${sessions}
      WHERE ${READABLE} AND expires_at > $1::bigint AND moved_to IS NULL GROUP BY key_id, previous_key_id`,
    sweep: `WITH ${quick}, gone AS MATERIALIZED (SELECT id FROM ${sessions} t
        WHERE due <= $1::bigint / ${DUE_STEP_MS} AND ${over('t', '$1')} ORDER BY due LIMIT $2::int FOR UPDATE SKIP LOCKED)
      DELETE FROM ${sessions} t USING gone, quick WHERE t.id = gone.id
      RETURNING t.id, t.ended_reason, t.user_id, t.expires_at, t.absolute_expires_at, t.moved_to`,
    // Sessions that were used since they were due for the first time.
    putOff: `WITH ${quick}, early AS MATERIALIZED (SELECT id FROM ${sessions}
        WHERE ${READABLE} AND due < $1::bigint / ${DUE_STEP_MS} AND due < (expires_at + ${RETENTION_MS}) / ${DUE_STEP_MS}
        ORDER BY due LIMIT $2::int FOR NO KEY UPDATE SKIP LOCKED)
      UPDATE ${sessions} t SET due = (t.expires_at + ${RETENTION_MS}) / ${DUE_STEP_MS} FROM early, quick WHERE t.id = early.id`,
    scan: `SELECT ${columns} FROM ${sessions} WHERE id > $1::text ORDER BY id LIMIT $2::int`,
    bury: `INSERT INTO ${sessions} AS t (id, format, ended_reason, expires_at, due)
        VALUES ($1::text, ${ROW_FORMAT}, $2::text, $3::bigint, $4::bigint)
      ON CONFLICT (id) DO UPDATE SET ${entomb('EXCLUDED.ended_reason', 'EXCLUDED.expires_at', 'EXCLUDED.due')}
        WHERE t.format = ${ROW_FORMAT} AND (t.ended_reason IS NULL OR (${over('t', '$5')})) RETURNING ${tell('t')}`,
    announce: `WITH forgotten AS (DELETE FROM ${schema}.key_announcements WHERE at < $4::bigint AND instance <> $1::text)
      INSERT INTO ${schema}.key_announcements (instance, key_ids, at) VALUES ($1::text, $2::json, $3::bigint)
      ON CONFLICT (instance) DO UPDATE SET key_ids = EXCLUDED.key_ids, at = EXCLUDED.at`,
    announcements: `SELECT instance, key_ids, at FROM ${schema}.key_announcements WHERE at >= $1::bigint ORDER BY instance`,
    probe: `INSERT INTO ${schema}.write_probe (only_row, at) VALUES (1, $1::bigint)
      ON CONFLICT (only_row) DO UPDATE SET at = EXCLUDED.at`,
  };
}
