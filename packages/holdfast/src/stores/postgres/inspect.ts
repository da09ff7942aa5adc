/** Looks at how the database is set up, before people depend on it. */
import type { StoreFinding } from '../../core/store.ts';
import type { Database } from './database.ts';
import type { Row } from './driver.ts';
import type { ChannelState } from './invalidation-channel.ts';
import type { PostgresSettings } from './options.ts';
import { TABLES } from './schema.ts';

const OLDEST_VERSION = 130_000;
const CLOCK_DIFFERENCE_MS = 5000;

interface Parts {
  readonly database: Database;
  readonly settings: PostgresSettings;
  readonly probe: () => Promise<unknown>;
  /** Null where no cache is wanted. */
  readonly channel: () => ChannelState | null;
}

/** Throws StoreUnreachableError when the database cannot even be asked. */
export async function inspectDatabase({ database, settings, probe, channel }: Parts): Promise<readonly StoreFinding[]> {
  const { schema, clock } = settings;
  const asked = clock();
  const rows = await database.read(FACTS, [schema, TABLES.filter((table) => table !== 'schema_version')]);
  const answered = clock();
  const row = rows[0] as Row;
  const number = (n: number): number => Number(row[n]);
  const text = (n: number): string => String(row[n]);
  const findings: StoreFinding[] = [];
  const add = (severity: StoreFinding['severity'], code: string, message: string, fix: string): void => {
    findings.push({ severity, code, message: `${database.name} ${message}.`, fix });
  };

  if (number(0) < OLDEST_VERSION) {
    add('problem', 'old-version', `runs PostgreSQL ${text(1)}; 13 is the oldest that works`, 'Upgrade it.');
  }
  const isStandby = row[2] === 't';
  if (isStandby) {
    add('problem', 'standby', 'is a standby, which takes no writes', 'Put the primary into the URL.');
  }
  const lacking = text(9) === '' ? [] : text(9).split(',');
  if (lacking.length > 0) {
    const to = `"${text(10).replaceAll('"', '""')}"`;
    const grant = `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${to}`;
    add('problem', 'missing-permission', `does not let this role work on ${lacking.join(', ')}`, `Run: ${grant}`);
  }
  if (text(11) !== '') {
    const fix = `Run for each: ALTER TABLE … SET LOGGED`;
    add('problem', 'unlogged-table', `empties ${text(11)} after a crash (UNLOGGED)`, fix);
  }
  if (!isStandby && lacking.length === 0) {
    await probe().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      findings.push({ severity: 'problem', code: 'not-writable', message, fix: 'Do what the message says.' });
    });
  }
  const difference = Math.max(asked - number(3), number(3) - answered);
  if (difference > CLOCK_DIFFERENCE_MS) {
    const seconds = Math.round(difference / 1000);
    add('warning', 'clock-difference', `has a clock that is ${seconds} s off ours`, 'Set both by NTP.');
  }
  if (row[4] === 'off') {
    add('warning', 'fsync-off', 'may lose everything in a power cut (fsync is off)', 'Set fsync = on.');
  }
  if (row[5] === 'off') {
    const fix = 'Set synchronous_commit = on, for this role at least.';
    add('warning', 'synchronous-commit-off', 'may lose the last sign-ins and sign-outs in a crash', fix);
  }
  if (row[8] === '0') {
    const why = database.timeoutRefused ? ', because a pooler refuses the setting at the start of a connection' : '';
    const fix = `Run: ALTER ROLE "${text(10)}" SET statement_timeout = ${settings.statementTimeoutMs}`;
    add('warning', 'no-statement-timeout', `does not end statements that take too long${why}`, fix);
  }
  const available = number(6) - number(7);
  const wanted = settings.maxConnections + 1;
  if (settings.pool === null && available < wanted) {
    const fix = 'Raise max_connections there, lower maxConnections here, or put a pooler between them.';
    add('warning', 'few-connections', `has ${available} connections for all, and this process may take ${wanted}`, fix);
  }
  const state = channel();
  if (state !== null && state !== 'listening') {
    const why =
      state === 'deaf' ? 'delivers no notifications, as behind a pooler in transaction mode' : 'cannot be listened to';
    const fix = 'Give listenUrl, which leads to PostgreSQL itself, or set cache to false.';
    add('warning', 'listen-not-working', `${why}, so the cache stays off and every read goes there`, fix);
  }
  return findings;
}

const FACTS = `SELECT current_setting('server_version_num'), current_setting('server_version'), pg_is_in_recovery(),
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint, current_setting('fsync'), current_setting('synchronous_commit'),
  least(current_setting('max_connections')::int,
    (SELECT CASE WHEN rolconnlimit < 0 THEN 1000000 ELSE rolconnlimit END FROM pg_roles WHERE rolname = current_user),
    (SELECT CASE WHEN datconnlimit < 0 THEN 1000000 ELSE datconnlimit END FROM pg_database WHERE datname = current_database())),
  current_setting('superuser_reserved_connections')::int,
  current_setting('statement_timeout'),
  (SELECT coalesce(string_agg(relname, ',' ORDER BY relname), '') FROM pg_class WHERE relnamespace = $1::text::regnamespace
    AND relname = ANY($2::text[]) AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
      AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))),
  current_user,
  (SELECT coalesce(string_agg(relname, ', ' ORDER BY relname), '') FROM pg_class WHERE relnamespace = $1::text::regnamespace
    AND relname = ANY($2::text[]) AND relpersistence = 'u')`;
