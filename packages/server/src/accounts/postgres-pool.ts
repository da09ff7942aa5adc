/** A pool of `pg` that keeps every wait short, never hands out a connection that broke, and tells failures as "unreachable". */
import { StoreUnreachableError } from 'holdfast';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import { asPostgresUnreachable, isAboutTheStatement } from './failure.ts';

/** How large and how patient a pool is. */
export interface PoolLimits {
  readonly maxConnections: number;
  /** For the way to a usable connection, in milliseconds. */
  readonly connectMs: number;
  /** For one statement, in milliseconds. */
  readonly statementMs: number;
}

/** Callers that may wait for a connection, for each connection: more are answered at once while the database is slow. */
const WAITING_PER_CONNECTION = 50;
/** How much longer than the server we wait for a statement: the server's own answer tells more. */
const PATIENCE_MS = 250;
const IDLE_MS = 30_000;
const BIGINT = 20;

export class PatientPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #maxWaiting: number;
  #ending: Promise<void> | null = null;

  private constructor(pool: Pool, maxConnections: number) {
    this.#pool = pool;
    this.#maxWaiting = maxConnections * WAITING_PER_CONNECTION;
  }

  /** Asks nothing of the database but whether it takes a limit for statements; whatever else is wrong shows later. */
  static async open(url: string, limits: PoolLimits): Promise<PatientPool> {
    const first = makePool(url, limits, true);
    if (!(await refusesLimit(first))) return new PatientPool(first, limits.maxConnections);
    await first.end();
    return new PatientPool(makePool(url, limits, false), limits.maxConnections);
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#ending !== null) throw new StoreUnreachableError('the accounts database is closed');
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new StoreUnreachableError(`${this.#maxWaiting} callers wait for the accounts database already`);
    }
    try {
      return new Lease(await this.#pool.connect()) as unknown as PostgresPoolClient;
    } catch (error) {
      throw asPostgresUnreachable(error);
    }
  }

  end(): Promise<void> {
    this.#ending ??= this.#pool.end();
    return this.#ending;
  }
}

/** A connection on loan. Once something went wrong with it, nothing more is sent over it, and it is closed when given back. */
class Lease {
  readonly #client: PoolClient;
  #broken: unknown = null;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  async query(text: string, values: readonly unknown[]): Promise<unknown> {
    if (this.#broken !== null) throw this.#broken;
    try {
      return await this.#client.query(text, [...values]);
    } catch (error) {
      if (isAboutTheStatement(error)) throw error;
      this.#broken = asPostgresUnreachable(error);
      throw this.#broken;
    }
  }

  release(): void {
    this.#client.release(this.#broken !== null);
  }
}

function makePool(url: string, { maxConnections, connectMs, statementMs }: PoolLimits, withLimit: boolean): Pool {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    fallback_application_name: 'holdfast accounts',
    query_timeout: statementMs + PATIENCE_MS,
    ...(withLimit ? { statement_timeout: statementMs } : {}),
    // Times in milliseconds fit a number; the parsers that all pools share are left alone.
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === BIGINT && format !== 'binary'
          ? Number
          : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // The pool has let go of the broken connection when it tells of it; unheard, the event would end the process.
  pool.on('error', ignore);
  // On loan, a connection that breaks tells nobody but this listener; the statement under way fails by itself. It is there
  // from the first moment: "you may begin" and "I am shutting down" can come in one piece.
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** PgBouncer knows few settings at the start of a connection and refuses all others. */
async function refusesLimit(pool: Pool): Promise<boolean> {
  try {
    (await pool.connect()).release();
    return false;
  } catch (error) {
    return error instanceof Error && /unsupported startup parameter/i.test(error.message);
  }
}

function ignore(): void {
  // See where it is used.
}
