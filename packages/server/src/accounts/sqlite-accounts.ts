/** The accounts in a SQLite file: Kysely over `node:sqlite`, shared by any number of processes on one machine. */
import { chmodSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely';
import { asUnreachable, sqliteCode } from './failure.ts';
import { migrate } from './migrations.ts';
import type { AccountsBackend, AccountsDatabase, Tables } from './tables.ts';
import type { User } from './user.ts';

/** How long opening may wait for another process that opens the file too, in milliseconds. */
const OPEN_MS = 5000;
/** How long SQLite itself waits for another writer, in milliseconds. That blocks the whole process, so it is short. */
const BLOCKING_MS = 20;
/** How long a writer goes on trying, in milliseconds, without blocking anybody else. */
const BUSY_MS = 2000;
const SQLITE_BUSY = 5;

/** Opens (or makes) the file and brings its tables up to date. Throws what SQLite throws. */
export async function openSqliteAccounts(path: string): Promise<AccountsBackend> {
  const file = await openAccountsFile(path);
  const database = accountsDatabase(file);
  let reader: DatabaseSync | null = null;
  const close = async (): Promise<void> => {
    // Closing the file and not Kysely: whoever comes too late is then told "unreachable", as with any other database.
    for (const each of [reader, file]) if (each?.isOpen === true) each.close();
  };
  try {
    await migrate(database, { kind: 'sqlite' });
    // Apart from Kysely's connection, whose transactions stay open across awaits and would show half-done work.
    // While opening it may meet another process that starts or stops, which holds the whole file for a moment.
    reader = new DatabaseSync(path, { readOnly: true, timeout: OPEN_MS });
    const select = reader.prepare('SELECT email, name FROM users WHERE id = ?');
    reader.exec('PRAGMA busy_timeout = 250');
    return {
      kind: 'sqlite',
      database,
      readUser(id): User | null {
        const row = attempt(() => select.get(id));
        return row === undefined ? null : { id, email: row.email as string, name: row.name as string | null };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens (or makes) the file with mode 0600, also when other processes do so at the same moment. Throws what SQLite throws. */
export async function openAccountsFile(path: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(path, { timeout: OPEN_MS });
  chmodSync(path, 0o600);
  await switchToLog(database);
  // FULL: an account that was answered with 201 is there after a power cut.
  database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  database.exec(`PRAGMA busy_timeout = ${BLOCKING_MS}`);
  return database;
}

/** SQLite answers "busy" at once, without its timeout, when two connections switch the journal at the same moment. */
async function switchToLog(database: DatabaseSync): Promise<void> {
  const until = performance.now() + OPEN_MS;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (((sqliteCode(error) ?? 0) & 0xff) !== SQLITE_BUSY || performance.now() >= until) throw error;
      await sleep(2 + Math.random() * 10);
    }
  }
}

/** Kysely over an open file. Failures of the file become `StoreUnreachableError`; broken rules stay what they are. */
function accountsDatabase(file: DatabaseSync): AccountsDatabase {
  return new Kysely<Tables>({ dialect: nodeSqliteDialect(file) });
}

function nodeSqliteDialect(file: DatabaseSync): Dialect {
  const config = { database: { prepare: statements(file), close: () => file.close() } };
  const base = new SqliteDialect(config);
  return {
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => new ImmediateDriver(config, file),
    createIntrospector: (database) => base.createIntrospector(database),
    createQueryCompiler: () => base.createQueryCompiler(),
  };
}

/** SQLite rolls back schema changes too, which lets several processes migrate at once: one does it, the others wait. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #file: DatabaseSync;

  constructor(config: SqliteDialectConfig, file: DatabaseSync) {
    super(config);
    this.#file = file;
  }

  /** A transaction takes the write lock at its start: one that begins by reading could not be upgraded under load. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** A full disk makes SQLite roll back by itself; doing it again would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#file.isTransaction) await super.rollbackTransaction(connection);
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection());
  }
}

/** Waits for another writer by trying again: a statement that found the file locked has done nothing. */
class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const until = performance.now() + BUSY_MS;
    for (;;) {
      try {
        return await this.#connection.executeQuery<R>(query);
      } catch (error) {
        const locked = error instanceof Error && ((sqliteCode(error.cause) ?? 0) & 0xff) === SQLITE_BUSY;
        if (!locked || performance.now() >= until) throw error;
        await sleep(2 + Math.random() * 10);
      }
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/** Statements prepared once per text: the service has a few dozen of them. */
function statements(file: DatabaseSync): (sql: string) => SqliteStatement {
  const kept = new Map<string, SqliteStatement>();
  return (sql) => {
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = attempt(() => file.prepare(sql));
    const adapted: SqliteStatement = {
      reader: statement.columns().length > 0,
      all: (parameters) => attempt(() => statement.all(...(parameters as SQLInputValue[]))),
      run: (parameters) => attempt(() => statement.run(...(parameters as SQLInputValue[]))),
      iterate: (parameters) => attempt(() => statement.iterate(...(parameters as SQLInputValue[]))),
    };
    kept.set(sql, adapted);
    return adapted;
  };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asUnreachable(error);
  }
}
