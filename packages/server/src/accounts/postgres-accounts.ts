/** The accounts in PostgreSQL: Kysely over `pg`, for any number of hosts, directly or through PgBouncer. */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely';
import { batchedLookup } from './batched-lookup.ts';
import { asPostgresUnreachable } from './failure.ts';
import { migrate } from './migrations.ts';
import { PatientPool, type PoolLimits } from './postgres-pool.ts';
import type { AccountsBackend, Tables } from './tables.ts';
import type { User } from './user.ts';

export interface PostgresAccountsOptions {
  /** `postgres://user:password@host:5432/database`, and whatever `pg` understands behind a `?`. */
  readonly url: string;
  /** Holds our tables and nothing else. Default `holdfast`. */
  readonly schema?: string;
  /** Default {@link LIMITS}. */
  readonly limits?: PoolLimits;
}

/** In a request: somebody waits for the answer. */
const LIMITS: PoolLimits = { maxConnections: 5, connectMs: 1000, statementMs: 1000 };
/** At a start: other processes may be at the same migration, and the server may be slow to let anybody in. */
const START_LIMITS: PoolLimits = { maxConnections: 1, connectMs: 5000, statementMs: 60_000 };
/** Names our migrations among all advisory locks of a database ("HFAC", "coun"). */
const MIGRATION_LOCK = '5208492444341520756';

/** Connects and brings the tables up to date. Throws `StoreUnreachableError`, or what PostgreSQL said about a migration. */
export async function openPostgresAccounts(options: PostgresAccountsOptions): Promise<AccountsBackend> {
  const { url, schema = 'holdfast', limits = LIMITS } = options;
  const migrating = new Kysely<Tables>({ dialect: new MigrationDialect(await PatientPool.open(url, START_LIMITS)) });
  try {
    await migrate(migrating, { kind: 'postgres', schema });
  } catch (error) {
    throw asPostgresUnreachable(error);
  } finally {
    await migrating.destroy();
  }
  const pool = await PatientPool.open(url, limits);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(schema);
  const readUser = batchedLookup<User>((ids) =>
    database.selectFrom('users').select(['id', 'email', 'name']).where('id', 'in', ids).execute(),
  );
  return { kind: 'postgres', database, readUser, close: () => pool.end() };
}

/**
 * Kysely's own lock belongs to a connection, and a pooler in transaction mode gives the next statement another one: the lock
 * would be held by nobody's session for good. Ours belongs to the transaction in which the migrations run.
 */
class MigrationDialect extends PostgresDialect {
  readonly #pool: PatientPool;

  constructor(pool: PatientPool) {
    super({ pool });
    this.#pool = pool;
  }

  override createAdapter(): ReturnType<Dialect['createAdapter']> {
    return new UnlockedAdapter();
  }

  override createDriver(): ReturnType<Dialect['createDriver']> {
    return new LockingDriver({ pool: this.#pool });
  }
}

class UnlockedAdapter extends PostgresAdapter {
  override async acquireMigrationLock(): Promise<void> {}
  override async releaseMigrationLock(): Promise<void> {}
}

class LockingDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await super.beginTransaction(connection, settings);
    await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`));
  }
}
