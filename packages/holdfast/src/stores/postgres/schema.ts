/** The tables, and how a schema of an older version becomes one of this version. */
import { HoldfastError } from '../../core/errors.ts';
import type { Database, Run } from './database.ts';
import type { Row } from './driver.ts';
import { codeOf, toOpeningFailure } from './failure.ts';
import { ticketTables } from './ticket-schema.ts';

/** The first half of every advisory lock of ours ("HFST"); the second is a home, or this for migrations. */
export const LOCK_CLASS = 0x48465354;
const MIGRATION_LOCK = -1;
const MIGRATION_TIMEOUT_MS = 60_000;

/** What a row must be so that it is read, listed, counted and ended; the indexes repeat these words. */
export const READABLE = 'format = 1 AND ended_reason IS NULL';

/** The first characters of a user id: an index takes no more than some 2,700 bytes, and a user id may be longer. */
export const USER_PREFIX = 'left(user_id, 200)';

/** Every table of ours. */
export const TABLES: readonly string[] = [
  'sessions',
  'key_announcements',
  'write_probe',
  'tickets',
  'ticket_counts',
  'ticket_lanes',
  'schema_version',
];

/**
 * One entry per schema version, never changed once released.
 *
 * What every use of a session writes, `last_seen_at` and `expires_at`, is in no index and finds room on its page (HOT
 * updates), so that using sessions neither grows the indexes nor leaves much to vacuum. `due` is a step of ten minutes in
 * which the row is looked at by the sweep: never later than it is to go, often earlier, and the sweep itself puts it off.
 * The body is `json` and not `jsonb`, because it has to come back exactly as it was.
 */
const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
  CREATE TABLE ${schema}.sessions (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    due bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_seen_at bigint,
    version bigint,
    created_at bigint,
    absolute_expires_at bigint,
    format smallint NOT NULL,
    ended_reason text,
    user_id text COLLATE "C",
    key_id text,
    previous_key_id text,
    moved_to text COLLATE "C",
    body json,
    CONSTRAINT sessions_whole CHECK (format <> 1 OR ended_reason IS NOT NULL OR (
      last_seen_at IS NOT NULL AND version IS NOT NULL AND created_at IS NOT NULL AND absolute_expires_at IS NOT NULL
      AND key_id IS NOT NULL AND body IS NOT NULL))
  ) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1,
    toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 500
  );
  CREATE INDEX sessions_by_user ON ${schema}.sessions (${USER_PREFIX})
    WHERE user_id IS NOT NULL AND moved_to IS NULL AND ${READABLE};
  CREATE INDEX sessions_by_due ON ${schema}.sessions (due) WHERE format = 1;
  CREATE TABLE ${schema}.key_announcements (instance text COLLATE "C" NOT NULL PRIMARY KEY, key_ids json NOT NULL, at bigint NOT NULL)
    WITH (fillfactor = 50);
  CREATE TABLE ${schema}.write_probe (only_row smallint NOT NULL PRIMARY KEY CHECK (only_row = 1), at bigint NOT NULL)
    WITH (fillfactor = 10, autovacuum_vacuum_threshold = 50);
  `,
  ticketTables,
];

/**
 * Brings the schema up to date in one transaction, which other processes starting at the same time wait for. Where it is up
 * to date nothing is written, so the role then needs no right to create anything.
 */
export async function migrate(database: Database, schema: string): Promise<void> {
  try {
    const found = await look((text, values) => database.query(text, values), schema);
    refuseEncoding(found, database.name);
    if (found.version === MIGRATIONS.length) return;
    refuseNewer(found, database.name, schema);
    await database.transaction(
      `SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${MIGRATION_LOCK})`,
      (run) => bringUpToDate(run, database.name, schema),
      MIGRATION_TIMEOUT_MS,
    );
  } catch (error) {
    throw toOpeningFailure(error, database.name);
  }
}

interface Found {
  readonly encoding: string;
  readonly role: string;
  readonly exists: boolean;
  /** Whether there are tables with names of ours. */
  readonly occupied: boolean;
  readonly marked: boolean;
  readonly version: number;
}

async function look(run: Run, schema: string): Promise<Found> {
  const facts = await run(
    `SELECT current_setting('server_encoding'), current_user, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
      (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = ANY($2::text[])),
      EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = 'schema_version')`,
    [schema, TABLES],
  );
  const [encoding, role, exists, tables, marked] = facts[0] as Row;
  const isMarked = marked === 't';
  // A query that names a table which is not there fails as a whole, hence the second one.
  const versions = isMarked
    ? await permitted(run, `SELECT max(version) FROM ${schema}.schema_version`, () => {
        const to = quoted(String(role));
        return (
          `this role may not use the schema ${schema}: run GRANT USAGE ON SCHEMA ${schema} TO ${to}; ` +
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${to}`
        );
      })
    : [];
  return {
    encoding: String(encoding),
    role: String(role),
    exists: exists === 't',
    occupied: Number(tables) > 0,
    marked: isMarked,
    version: Number(versions[0]?.[0] ?? 0),
  };
}

async function bringUpToDate(run: Run, name: string, schema: string): Promise<void> {
  const found = await look(run, schema);
  refuseNewer(found, name, schema);
  if (found.version === MIGRATIONS.length) return;
  if (found.occupied && !found.marked) {
    throw unusable(`${name} has tables in the schema ${schema} that are not ours: name another schema`);
  }
  const role = quoted(found.role);
  if (!found.exists) {
    await permitted(run, `CREATE SCHEMA ${schema}`, () => {
      return `${name} lacks the schema ${schema}, and this role may not create it: run CREATE SCHEMA ${schema} AUTHORIZATION ${role}`;
    });
  }
  const make = `CREATE TABLE IF NOT EXISTS ${schema}.schema_version (version integer NOT NULL PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`;
  await permitted(run, make, () => {
    return `${name} does not let this role create tables in the schema ${schema}: run GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}`;
  });
  for (let version = found.version; version < MIGRATIONS.length; version++) {
    const statements = (MIGRATIONS[version] as (schema: string) => string)(schema);
    await permitted(run, statements, () => {
      return `${name} does not let this role change the tables in the schema ${schema}: start once with the role that owns them`;
    });
    await run(`INSERT INTO ${schema}.schema_version (version) VALUES (${version + 1})`, []);
  }
}

async function permitted(run: Run, text: string, otherwise: () => string): Promise<readonly Row[]> {
  try {
    return await run(text, []);
  } catch (error) {
    throw codeOf(error) === '42501' ? unusable(otherwise(), error) : error;
  }
}

function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`;
}

function refuseEncoding({ encoding }: Found, name: string): void {
  if (encoding === 'UTF8') return;
  throw unusable(`${name} keeps text as ${encoding} and not as UTF8: name a database made with ENCODING 'UTF8'`);
}

function refuseNewer({ version }: Found, name: string, schema: string): void {
  if (version <= MIGRATIONS.length) return;
  throw unusable(
    `${name} holds a schema ${schema} written by a newer version (schema ${version}, this one knows ` +
      `${MIGRATIONS.length}): start the newer version again, or name another schema`,
  );
}

function unusable(detail: string, cause?: unknown): HoldfastError {
  return new HoldfastError('store-unusable', detail, { cause });
}
