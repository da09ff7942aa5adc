/** What `redisStore` takes, and the check of it. */
import type { Clock } from '../../core/crypto.ts';
import { HoldfastError } from '../../core/errors.ts';
import { type CacheOptions, cacheProblems } from '../cache/record-cache.ts';
import { parseRedisUrl, type RedisAddress } from './address.ts';
import { isNodeRedisClient } from './given.ts';
import type { GivenRedisClient } from './node-redis.ts';

/** TLS beyond the system's authorities, each as PEM text. */
export interface RedisTlsOptions {
  /** The authorities that the server's certificate may be signed by. Default: the system's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** Our certificate, where the server wants one. */
  readonly cert?: string | Buffer;
  /** Its key. */
  readonly key?: string | Buffer;
  /** The name that the server's certificate must be for. Default: the host of the URL. */
  readonly servername?: string;
  /** False accepts any certificate, so that anybody on the way can read and change sessions. Default true. */
  readonly rejectUnauthorized?: boolean;
}

/** How many replicas must have a session's start or end before it is answered. */
export interface ReplicaWait {
  /** From 1 up. */
  readonly replicas: number;
  /** How long to wait for them, in milliseconds; after that the answer is "unreachable". Below the engine's deadline. */
  readonly timeoutMs: number;
}

/** What keys begin with where nothing else was chosen. */
export const DEFAULT_PREFIX: string = 'holdfast';

/** What {@link redisStore} takes: `url` or `client`. */
export interface RedisStoreOptions {
  /**
   * - `redis://user:password@host:6379/0`, one server; `rediss://` over TLS; `redis+unix:///path/to/socket?db=0`
   * - `redis-sentinel://user:password@host1:26379,host2:26379/primary-name/0?sentinelUser=…&sentinelPassword=…`
   * - `redis-cluster://user:password@host1:7000,host2:7001`; also `rediss-sentinel://` and `rediss-cluster://`
   *
   * Special characters in names and passwords are percent-encoded.
   */
  readonly url?: string;
  /**
   * A node-redis client, cluster or sentinel that the application made and connected; it stays open when the store is
   * closed. Of a client, the cache and `waitReplicas` make connections of their own (`client.duplicate()`), and without
   * both it is used as it is. A cluster or sentinel is always used as it is, so there is no cache with it: give `url`.
   */
  readonly client?: GivenRedisClient;
  /** For `rediss…://`. */
  readonly tls?: RedisTlsOptions;
  /**
   * What all keys begin with. Default `holdfast`; with that, one-time sessions are under `auth_session:<uuid>` and
   * `auth_stats`, else under `<prefix>:auth_session:<uuid>` and `<prefix>:auth_stats`.
   */
  readonly prefix?: string;
  /** The cache in process, or false for none. Default: on. */
  readonly cache?: CacheOptions | false;
  /** For the way to a usable connection, in milliseconds. Default 2000. */
  readonly connectTimeoutMs?: number;
  /**
   * Redis replicates after it has answered, so a primary that dies can take its last writes with it, acknowledged ones too.
   * With this, a session's start and end, and a one-time session's making and use, are answered when so many replicas have
   * them (Redis command WAIT): a sign-out is then not undone by a failover. A confirmed refresh that is lost heals by itself (the rotation rule). Default: not waited.
   */
  readonly waitReplicas?: ReplicaWait;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** A number in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** {@link RedisStoreOptions} with everything decided. */
export interface RedisSettings {
  /** Null when the application gave a client. */
  readonly address: RedisAddress | null;
  readonly client: GivenRedisClient | null;
  readonly tls: RedisTlsOptions;
  readonly prefix: string;
  readonly cache: CacheOptions | false;
  readonly connectTimeoutMs: number;
  readonly waitReplicas: ReplicaWait | null;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Throws `invalid-option` that names every option with a bad value; never shows one, because it may be the password. */
export function resolveRedisOptions(options: RedisStoreOptions): RedisSettings {
  const { url, client, tls = {}, prefix = DEFAULT_PREFIX, cache = {}, connectTimeoutMs = 2000, waitReplicas } = options;
  const problems: string[] = [];
  let address: RedisAddress | null = null;
  if (url === undefined && client === undefined)
    problems.push('url: name the server, such as redis://127.0.0.1:6379/0');
  else if (url !== undefined && client !== undefined) problems.push('url, client: give one of them');
  else if (url !== undefined) {
    const parsed = parseRedisUrl(url);
    if ('problem' in parsed) problems.push(`url: ${parsed.problem}`);
    else address = parsed;
  }
  if (client !== undefined) problems.push(...clientProblems(client, options));
  if (address !== null && !address.tls && Object.keys(tls).length > 0) {
    problems.push('tls: write the URL with rediss in place of redis, or leave tls out');
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) problems.push('tls.cert, tls.key: give both or neither');
  if (!/^[\x21-\x7e]+$/.test(prefix) || /[{}]/.test(prefix)) {
    problems.push('prefix: printable ASCII without spaces and braces, such as holdfast');
  }
  if (!(Number.isFinite(connectTimeoutMs) && connectTimeoutMs > 0)) {
    problems.push('connectTimeoutMs: milliseconds above 0, such as 2000');
  }
  if (waitReplicas !== undefined) problems.push(...waitProblems(waitReplicas));
  problems.push(...cacheProblems(cache));
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  return Object.freeze({
    address,
    client: client ?? null,
    tls,
    prefix,
    cache: client === undefined || isNodeRedisClient(client) ? cache : false,
    connectTimeoutMs,
    waitReplicas: waitReplicas ?? null,
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
  });
}

function clientProblems(client: GivenRedisClient, options: RedisStoreOptions): readonly string[] {
  if (typeof client !== 'object' || client === null || typeof client.sendCommand !== 'function') {
    return ['client: a client, cluster or sentinel of the package redis (node-redis 5 or later)'];
  }
  if (!client.isOpen) return ['client: connect it before it is handed over'];
  if (isNodeRedisClient(client)) return [];
  const fix = "needs connections of the store's own: give url in place of the cluster or sentinel";
  const problems: string[] = [];
  if (options.cache !== undefined && options.cache !== false) problems.push(`cache: ${fix}, or choose cache: false`);
  if (options.waitReplicas !== undefined) problems.push(`waitReplicas: ${fix}`);
  return problems;
}

function waitProblems({ replicas, timeoutMs }: ReplicaWait): readonly string[] {
  const problems: string[] = [];
  if (!(Number.isSafeInteger(replicas) && replicas >= 1))
    problems.push('waitReplicas.replicas: a whole number from 1 up');
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs >= 1))
    problems.push('waitReplicas.timeoutMs: milliseconds from 1 up');
  return problems;
}
