/** Asks PostgreSQL what it has done. */
import type { PostgresServer } from '../../test/services/postgres.ts';

/**
 * Transactions that wrote something so far, in all databases: only these get a number. Its statistics by table would be
 * up to ten seconds old, because idle connections report late.
 */
export async function postgresWrites(server: PostgresServer): Promise<number> {
  return Number(await server.sql('SELECT pg_snapshot_xmax(pg_current_snapshot())'));
}

/** Its version, for the record. */
export async function postgresVersion(server: PostgresServer): Promise<string> {
  return (await server.sql('SHOW server_version')).split(' ')[0] ?? 'unknown';
}
