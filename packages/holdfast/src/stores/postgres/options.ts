/** What `postgresStore` takes, and the check of it. */
import type { Clock } from '../../core/crypto.ts';
import { HoldfastError } from '../../core/errors.ts';
import { type CacheOptions, cacheProblems } from '../cache/record-cache.ts';
import type { PgPool } from './driver.ts';

/** What {@link postgresStore} takes: `url` or `pool`. */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:5432/database`, with `sslmode` and whatever else `pg` understands behind a `?`. Special
   * characters in names and passwords are percent-encoded.
   */
  readonly url?: string;
  /** A `Pool` of `pg` that the application made. It is used as it is and stays open when the store is closed. */
  readonly pool?: PgPool;
  /**
   * A connection for LISTEN that leads to PostgreSQL itself, where `url` leads to a pooler in transaction mode: such a pooler
   * delivers no notifications. Default: `url`, or one connection of `pool`, which is kept for that.
   */
  readonly listenUrl?: string;
  /** The schema that holds our tables and nothing else: up to 40 of a-z, 0-9 and _. Default `holdfast`. */
  readonly schema?: string;
  /** Connections in the store's own pool, from 1 up; LISTEN has one more. Default 10. */
  readonly maxConnections?: number;
  /** After so many milliseconds the server gives up a statement; a quarter of a second later the store does. Default 1000. */
  readonly statementTimeoutMs?: number;
  /** For the way to a usable connection, in milliseconds. Default 2000. */
  readonly connectTimeoutMs?: number;
  /** The cache in process, or false for none. Default: on. It answers only while LISTEN is known to work. */
  readonly cache?: CacheOptions | false;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
}

/** {@link PostgresStoreOptions} with everything decided. */
export interface PostgresSettings {
  readonly url: string | null;
  readonly pool: PgPool | null;
  readonly listenUrl: string | null;
  readonly schema: string;
  readonly maxConnections: number;
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly cache: CacheOptions | false;
  readonly clock: Clock;
  /** What messages call the database; holds no user and no password. */
  readonly name: string;
}

/** Throws `invalid-option` that names every option with a bad value; never shows a URL, because it holds the password. */
export function resolvePostgresOptions(options: PostgresStoreOptions): PostgresSettings {
  const { url, pool, listenUrl, schema = 'holdfast', maxConnections = 10, cache = {}, clock = Date.now } = options;
  const { statementTimeoutMs = 1000, connectTimeoutMs = 2000 } = options;
  const problems: string[] = [];
  if (url === undefined && pool === undefined) {
    problems.push('url: name the database, such as postgres://user:password@127.0.0.1:5432/app');
  }
  if (url !== undefined && pool !== undefined) problems.push('url, pool: give one of them');
  if (pool !== undefined && typeof pool.connect !== 'function') problems.push('pool: must be a Pool of pg');
  for (const [option, address] of Object.entries({ url, listenUrl })) {
    if (address !== undefined && nameOf(address) === null) {
      problems.push(
        `${option}: must look like postgres://user:password@host:5432/database, with special characters in names and ` +
          'passwords percent-encoded',
      );
    }
  }
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema) || schema.startsWith('pg_')) {
    problems.push('schema: up to 40 of a-z, 0-9 and _, not beginning with a digit or pg_');
  }
  if (!(Number.isSafeInteger(maxConnections) && maxConnections >= 1))
    problems.push('maxConnections: a number from 1 up');
  for (const [option, milliseconds] of Object.entries({ statementTimeoutMs, connectTimeoutMs })) {
    if (!(Number.isSafeInteger(milliseconds) && milliseconds >= 1 && milliseconds <= 600_000)) {
      problems.push(`${option}: milliseconds from 1 to 600000`);
    }
  }
  problems.push(...cacheProblems(cache));
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  return {
    url: url ?? null,
    pool: pool ?? null,
    listenUrl: listenUrl ?? null,
    schema,
    maxConnections,
    statementTimeoutMs,
    connectTimeoutMs,
    cache,
    clock,
    name: url === undefined ? 'PostgreSQL (the given pool)' : (nameOf(url) ?? 'PostgreSQL'),
  };
}

/** The address without what is secret; null when it cannot be one. */
function nameOf(url: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(url)) return null;
  // No host: a Unix socket named behind the `?`, or the default.
  const parsed = URL.parse(url) ?? URL.parse(url.replace('@/', '@localhost/'));
  if (parsed === null) return null;
  const host = parsed.searchParams.get('host') ?? (parsed.hostname === '' ? 'localhost' : parsed.hostname);
  const port = parsed.searchParams.get('port') ?? (parsed.port === '' ? '5432' : parsed.port);
  return `PostgreSQL at ${host}:${port}${parsed.pathname === '' ? '/' : parsed.pathname}`;
}
