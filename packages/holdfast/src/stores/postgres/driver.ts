/** What the store uses of `pg`, typed by its shape, so that the library depends on no version of it. */
import { HoldfastError } from '../../core/errors.ts';

/** A cell as PostgreSQL writes it in text; nothing is parsed on the way. */
export type Cell = string | null;

/** One row as an array of cells. */
export type Row = readonly Cell[];

/** A query as `pg` takes it. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly rowMode: 'array';
  /** Our own for each query: an application may have changed the parsers that all queries share. */
  readonly types: { getTypeParser(): (text: string) => unknown };
  readonly query_timeout: number;
}

/** The part of a `pg` client that is used. */
export interface PgClient {
  query(query: PgQuery): Promise<{ rows: unknown[][]; rowCount: number | null }>;
  on(event: 'error' | 'end' | 'notification', listener: (told: never) => void): unknown;
}

/** A client on loan from a pool. */
export interface PgPoolClient extends PgClient {
  /** With an error the connection is closed and not used again. */
  release(error?: Error | boolean): void;
}

/** The part of a `pg` pool that is used; `new Pool()` of `pg` fits. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgClient) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'connect', listener: (client: PgClient) => void): unknown;
  readonly waitingCount: number;
  readonly totalCount: number;
}

/** A pool of our own. */
export interface PgOwnPool extends PgPool {
  end(): Promise<void>;
}

/** A client of our own. */
export interface PgOwnClient extends PgClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

/** How a connection is made; the names are those of `pg`. */
export interface PgConfig {
  readonly connectionString: string;
  readonly max?: number;
  readonly connectionTimeoutMillis: number;
  readonly idleTimeoutMillis?: number;
  readonly keepAlive: true;
  readonly statement_timeout?: number;
  readonly fallback_application_name: string;
}

/** The module. */
export interface PgDriver {
  readonly Pool: new (config: PgConfig) => PgOwnPool;
  readonly Client: new (config: PgConfig) => PgOwnClient;
}

/** Loads `pg`, an optional peer. Throws `store-unusable` that says what to install. */
export async function loadDriver(): Promise<PgDriver> {
  try {
    const { Pool, Client } = await import('pg');
    return { Pool, Client };
  } catch (cause) {
    throw new HoldfastError('store-unusable', 'the postgres store needs the package pg: npm install pg', { cause });
  }
}

const asText = (text: string): unknown => text;
const types = { getTypeParser: () => asText };

/** A query without a name: named ones stay behind on a connection, and a transaction pooler hands that to somebody else. */
export function toQuery(text: string, values: readonly unknown[], timeoutMs: number): PgQuery {
  const shared = { text, rowMode: 'array', types, query_timeout: timeoutMs } as const;
  return values.length === 0 ? shared : { ...shared, values: [...values] };
}
