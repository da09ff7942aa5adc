/** The databases that accounts can be in, each as a fresh one for a test: what holds for one holds for all. */
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type PgBouncer, startPgBouncer } from '../../../../test/services/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { openPostgresAccounts } from '../../src/accounts/postgres-accounts.ts';
import { openSqliteAccounts } from '../../src/accounts/sqlite-accounts.ts';
import type { AccountsBackend } from '../../src/accounts/tables.ts';
import { temporaryDirectory } from './service.ts';

/** Opens one more handle on the test's database, as another process would; it closes with the test. */
export type OpenAccounts = () => Promise<AccountsBackend>;

export interface AccountsDatabaseKind {
  readonly name: string;
  fresh(context: TestContext): Promise<OpenAccounts>;
}

let postgres: Promise<PostgresServer> | null = null;
let bouncer: Promise<PgBouncer> | null = null;
let databases = 0;

/** One server for all tests of a file. */
export function sharedPostgres(): Promise<PostgresServer> {
  postgres ??= startPostgres();
  return postgres;
}

after(async () => {
  await (await bouncer)?.stop();
  await (await postgres)?.stop();
});

/** The name of a database that was just made. */
export async function freshDatabase(): Promise<string> {
  const name = `db${++databases}`;
  await (await sharedPostgres()).createDatabase(name);
  return name;
}

export const ACCOUNTS_DATABASES: readonly AccountsDatabaseKind[] = [
  {
    name: 'SQLite',
    async fresh(context) {
      const path = join(temporaryDirectory(context), 'accounts.db');
      return () => closing(context, openSqliteAccounts(path));
    },
  },
  {
    name: 'PostgreSQL',
    async fresh(context) {
      const url = (await sharedPostgres()).urlFor(await freshDatabase());
      return () => closing(context, openPostgresAccounts({ url }));
    },
  },
  {
    name: 'PostgreSQL through PgBouncer',
    async fresh(context) {
      const name = await freshDatabase();
      // Round robin: whatever would stay behind on one connection is missed on the next.
      bouncer ??= startPgBouncer(await sharedPostgres(), { settings: { server_round_robin: '1' } });
      const url = (await bouncer).url(name);
      return () => closing(context, openPostgresAccounts({ url }));
    },
  },
];

async function closing(context: TestContext, opening: Promise<AccountsBackend>): Promise<AccountsBackend> {
  const backend = await opening;
  context.after(() => backend.close());
  return backend;
}
