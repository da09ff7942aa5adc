/** Sends statements to PostgreSQL over a pool of bounded size, and tells its failures as the store's contract has them. */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnreachableError } from '../../core/errors.ts';
import {
  type PgClient,
  type PgDriver,
  type PgOwnClient,
  type PgPool,
  type PgPoolClient,
  type Row,
  toQuery,
} from './driver.ts';
import { closed, isContention, isCut, isRefusedParameter, leavesConnectionUsable, toFailure } from './failure.ts';
import type { PostgresSettings } from './options.ts';

/** Runs one statement. */
export type Run = (text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** How much longer than the server the store waits for a statement: the server's own answer tells more. */
const PATIENCE_MS = 250;
/** Callers that may wait for a connection, for each connection: more are answered at once while the database is slow. */
const WAITING_PER_CONNECTION = 100;
const ATTEMPTS = 5;
const IDLE_MS = 30_000;

interface Parts {
  readonly settings: PostgresSettings;
  readonly pool: PgPool;
  /** Ends a pool of our own. */
  readonly end: () => Promise<void>;
  readonly connectListener: () => Promise<Listener>;
  readonly timeoutRefused: boolean;
}

/** A connection of its own for LISTEN. */
export interface Listener {
  readonly client: PgOwnClient | PgPoolClient;
  end(): void;
}

export class Database {
  /** For messages; without user and password. */
  readonly name: string;
  /** A pooler refused to hand our statement timeout to the server. */
  readonly timeoutRefused: boolean;
  readonly connectListener: () => Promise<Listener>;
  readonly #pool: PgPool;
  readonly #end: () => Promise<void>;
  readonly #timeoutMs: number;
  readonly #maxConnections: number;
  readonly #maxWaiting: number;
  readonly #heeded = new WeakSet<object>();
  #closing: Promise<void> | null = null;
  #running = 0;
  #onIdle: () => void = ignore;

  constructor({ settings, pool, end, connectListener, timeoutRefused }: Parts) {
    this.name = settings.name;
    this.timeoutRefused = timeoutRefused;
    this.connectListener = connectListener;
    this.#pool = pool;
    this.#end = end;
    this.#timeoutMs = settings.statementTimeoutMs;
    this.#maxConnections = settings.maxConnections;
    this.#maxWaiting = settings.maxConnections * WAITING_PER_CONNECTION;
    heed(pool);
  }

  /** One statement, which is a transaction of its own. Throws StoreUnreachableError. */
  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#again(() => this.#onClient(async (client) => ask(client, text, values, this.#timeoutMs)));
  }

  /** {@link query} for what changes nothing: sent again when its connection broke under it. */
  async read(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    // All that were open may break at once, and each that was tried has left the pool: the last try gets a new one.
    let left = this.#maxConnections;
    return this.#again(async () => {
      for (;;) {
        try {
          return await this.#onClient(async (client) => ask(client, text, values, this.#timeoutMs));
        } catch (error) {
          if (left === 0 || !isCut(error)) throw error;
          left--;
        }
      }
    });
  }

  /**
   * Several statements in one transaction. `first` goes out together with its beginning and holds no parameter; locks taken
   * by it are held before the others look at anything.
   */
  async transaction<T>(first: string, work: (run: Run) => Promise<T>, timeoutMs: number = this.#timeoutMs): Promise<T> {
    // Said here as well: a pooler may have refused it before, and a process that stands still must not keep its locks.
    const limits = `SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL idle_in_transaction_session_timeout = ${timeoutMs}`;
    return this.#again(() =>
      this.#onClient(async (client) => {
        const run: Run = (text, values) => ask(client, text, values, timeoutMs);
        try {
          await run(`BEGIN ISOLATION LEVEL READ COMMITTED; ${limits}; ${first}`, []);
          const answer = await work(run);
          await run('COMMIT', []);
          return answer;
        } catch (error) {
          // In any other case the connection is closed, which undoes as much.
          if (leavesConnectionUsable(error)) await run('ROLLBACK', []);
          throw error;
        }
      }),
    );
  }

  /** What is under way is finished, then all connections are closed; those of a pool that was given stay. */
  close(): Promise<void> {
    this.#closing ??= this.#drain().then(this.#end);
    return this.#closing;
  }

  /** A pool that is told to end forgets whoever waits for a connection. */
  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#running === 0) resolve();
    });
  }

  async #onClient<T>(work: (client: PgPoolClient) => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw closed(this.name);
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new StoreUnreachableError(
        `all connections to ${this.name} are busy and ${this.#maxWaiting} callers wait for one`,
      );
    }
    this.#running++;
    try {
      return await this.#lend(await this.#pool.connect(), work);
    } finally {
      this.#running--;
      if (this.#running === 0) this.#onIdle();
    }
  }

  async #lend<T>(client: PgPoolClient, work: (client: PgPoolClient) => Promise<T>): Promise<T> {
    if (!this.#heeded.has(client)) {
      // On loan, a connection that breaks tells nobody but this listener; the statement under way fails by itself.
      client.on('error', ignore);
      this.#heeded.add(client);
    }
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = !leavesConnectionUsable(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #again<T>(attempt: () => Promise<T>): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await attempt();
      } catch (error) {
        if (!isContention(error) || n === ATTEMPTS) throw toFailure(error, this.name);
        await pause(Math.random() * 2 ** n);
      }
    }
  }
}

async function ask(
  client: PgPoolClient,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
): Promise<readonly Row[]> {
  const { rows } = await client.query(toQuery(text, values, timeoutMs + PATIENCE_MS));
  return rows as unknown as readonly Row[];
}

/** A database over the URL or the given pool, with nothing known yet of whether it is there. */
export async function openDatabase(settings: PostgresSettings, load: () => Promise<PgDriver>): Promise<Database> {
  const { url, pool, listenUrl } = settings;
  const driver = url !== null || listenUrl !== null ? await load() : null;
  const ownListener = listenUrl ?? url;
  const connectListener = (): Promise<Listener> =>
    driver !== null && ownListener !== null ? connectOwn(driver, ownListener, settings) : borrow(pool as PgPool);
  if (driver === null || url === null) {
    const given = pool as PgPool;
    // A pool of our own keeps the listener: its connections may break while they are being closed.
    const end = async (): Promise<void> => {
      given.removeListener('error', ignore);
      given.removeListener('connect', heedClient);
    };
    return new Database({ settings, pool: given, end, connectListener, timeoutRefused: false });
  }
  const first = makeOwn(driver, url, settings, true);
  const timeoutRefused = await refusesTimeout(first);
  if (!timeoutRefused) {
    return new Database({ settings, pool: first, end: () => first.end(), connectListener, timeoutRefused });
  }
  await first.end();
  const second = makeOwn(driver, url, settings, false);
  return new Database({ settings, pool: second, end: () => second.end(), connectListener, timeoutRefused });
}

function makeOwn(
  { Pool }: PgDriver,
  url: string,
  settings: PostgresSettings,
  withTimeout: boolean,
): InstanceType<PgDriver['Pool']> {
  return new Pool({
    connectionString: url,
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    fallback_application_name: 'holdfast',
    ...(withTimeout ? { statement_timeout: settings.statementTimeoutMs } : {}),
  });
}

/** PgBouncer knows few settings at the start of a connection and refuses all others. Any other trouble shows later. */
async function refusesTimeout(pool: PgPool): Promise<boolean> {
  heed(pool);
  try {
    const client = await pool.connect();
    client.release();
    return false;
  } catch (error) {
    return isRefusedParameter(error);
  }
}

/**
 * Listens for the ends of connections, which unheard would end the process: idle ones, of which the pool tells, and those
 * that break between the moment when the pool lets go of a new one and the moment when its borrower gets it.
 */
function heed(pool: PgPool): void {
  pool.on('error', ignore);
  pool.on('connect', heedClient);
}

function heedClient(client: PgClient): void {
  client.on('error', ignore);
}

async function connectOwn({ Client }: PgDriver, url: string, settings: PostgresSettings): Promise<Listener> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    fallback_application_name: 'holdfast listener',
  });
  client.on('error', ignore);
  await client.connect();
  return { client, end: () => void client.end().catch(ignore) };
}

async function borrow(pool: PgPool): Promise<Listener> {
  const client = await pool.connect();
  client.on('error', ignore);
  let lent = true;
  return {
    client,
    end() {
      if (lent) client.release(true);
      lent = false;
    },
  };
}

function ignore(): void {
  // See where it is used.
}
