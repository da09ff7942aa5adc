/** Sessions in PostgreSQL: for teams that want one database, any number of hosts, directly or through PgBouncer. */
import { RecordCache } from './cache/record-cache.ts';
import { openDatabase } from './postgres/database.ts';
import { loadDriver } from './postgres/driver.ts';
import { inspectDatabase } from './postgres/inspect.ts';
import { InvalidationChannel } from './postgres/invalidation-channel.ts';
import { type PostgresStoreOptions, resolvePostgresOptions } from './postgres/options.ts';
import { type PostgresStore, SessionsInPostgres } from './postgres/postgres-store.ts';
import { migrate } from './postgres/schema.ts';
import { channelOf, statementsFor } from './postgres/statements.ts';
import { TicketTable } from './postgres/ticket-table.ts';

export type { CacheOptions, CacheStats } from './cache/record-cache.ts';
export type { PgPool } from './postgres/driver.ts';
export type { PostgresStoreOptions } from './postgres/options.ts';
export type { PostgresStore } from './postgres/postgres-store.ts';

/**
 * Connects, brings the schema up to date and begins to listen. Needs PostgreSQL 13 or newer and the package `pg`; through
 * PgBouncer in transaction mode everything works but the cache, for which it takes `listenUrl`.
 *
 * What was answered as started, changed or ended survives a crash of the database. A power cut may take the last times of
 * use with it, and, where the database runs with `synchronous_commit = off`, more (`inspect` says so).
 *
 * Throws a HoldfastError `invalid-option` for bad options, `store-unusable` that says what to do when the database cannot be
 * used as it is (password, permissions, a newer schema, no `pg`), and StoreUnreachableError when it does not answer.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const settings = resolvePostgresOptions(options);
  const { schema, clock } = settings;
  const cache = settings.cache === false ? null : new RecordCache(clock, settings.cache);
  const database = await openDatabase(settings, loadDriver);
  try {
    await migrate(database, schema);
  } catch (error) {
    await database.close();
    throw error;
  }
  const statements = statementsFor(schema);
  const name = channelOf(schema);
  const channel =
    cache === null
      ? null
      : new InvalidationChannel({
          channel: name,
          cache,
          clock,
          connect: database.connectListener,
          notify: (payload) => database.query('SELECT pg_notify($1, $2)', [name, payload]),
        });
  await channel?.start();
  const probe = (): Promise<unknown> => database.query(statements.probe, [clock()]);
  const inspect = (): ReturnType<typeof inspectDatabase> =>
    inspectDatabase({ database, settings, probe, channel: () => channel?.state ?? null });
  const connections = settings.maxConnections;
  const tickets = new TicketTable(database, schema, clock);
  return new SessionsInPostgres({ database, statements, tickets, clock, connections, cache, channel, inspect });
}
