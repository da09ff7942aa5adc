/** One PostgreSQL for a test file, and in it a schema for each scenario. */
import { after } from 'node:test';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres.ts';
import type { TransferHarness } from '../../src/testing/index.ts';

let made = 0;

/** A name that no other scenario of this process uses. */
export function newSchema(): string {
  made++;
  return `scenario_${made}`;
}

/** The server of this test file. */
export async function ownServer(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await startPostgres(options);
  after(() => server.stop());
  return server;
}

/** The harness of the suites, for stores that are opened with these options. */
export function harness(
  server: PostgresServer,
  options: () => Partial<PostgresStoreOptions>,
  declared?: TransferHarness['declared'],
): TransferHarness {
  let schema = '';
  const open = (clock: () => number): Promise<PostgresStore> =>
    postgresStore({ url: server.url, schema, clock, maxConnections: 4, ...options() });
  const hasSecondHandle = declared?.['second-handle'] === undefined;
  return {
    open(clock) {
      schema = newSchema();
      return open(clock);
    },
    ...(hasSecondHandle ? { reopen: open } : {}),
    async corrupt(id) {
      await server.sql(`UPDATE ${schema}.sessions SET format = 99 WHERE id = '${id}'`);
    },
    // The schema goes with the server: dropping each would cost more than all else.
    cleanup: () => undefined,
    ...(declared === undefined ? {} : { declared }),
  };
}
