/** Opens the session store that the settings name: a file, Redis, PostgreSQL, or Redis in front of PostgreSQL. */
import type { TransferableStore } from 'holdfast';
import { type LayeredStore, layeredStore } from 'holdfast/stores/layered';
import { type PostgresStore, postgresStore } from 'holdfast/stores/postgres';
import { type CacheOptions, type RedisStore, redisStore } from 'holdfast/stores/redis';
import { sqliteStore } from 'holdfast/stores/sqlite';
import { type Config, ConfigError } from '../config/config.ts';
import { isSilent, type StoreSetting, toStoreProblem } from './store-problems.ts';

/** A store and what to tell of it. */
export interface OpenedStore {
  readonly store: TransferableStore;
  /** The setting that a problem with it is about. */
  readonly setting: StoreSetting;
  /** What is wrong and keeps nobody from being served, each one sentence. */
  readonly warnings: readonly string[];
}

const PREFIX = 'holdfast';
/** Below the engine's deadline of a second, so that the answer says what was waited for. */
const WAIT_MS = 500;

/** Throws `ConfigError` with everything that is wrong, each with its fix. No message holds a password. */
export async function openStore(config: Config): Promise<OpenedStore> {
  const { redisUrl, databaseUrl } = config;
  if (redisUrl !== null && databaseUrl !== null) return openLayered(config, redisUrl, databaseUrl);
  const setting = storeSetting(config);
  const store = await orProblem(setting, async () => {
    if (redisUrl !== null) return openRedis(config, redisUrl, PREFIX);
    if (databaseUrl !== null) return openPostgres(config, databaseUrl, cacheOptions(config));
    return sqliteStore({ directory: config.dataDir });
  });
  return { store, setting, warnings: [] };
}

/** The setting that decides where sessions are, or, of two, where they are kept for good. */
export function storeSetting(config: Config): StoreSetting {
  if (config.databaseUrl !== null) return config.databaseSetting;
  return config.redisUrl === null ? 'DATA_DIR' : config.redisSetting;
}

async function openLayered(config: Config, redisUrl: string, databaseUrl: string): Promise<OpenedStore> {
  const [back, front] = await Promise.allSettled([
    // The truth is asked, and not what this process remembers of it.
    orProblem(config.databaseSetting, () => openPostgres(config, databaseUrl, false)),
    tryFront(config, redisUrl),
  ]);
  const problems = [back, front].flatMap((each) =>
    each.status === 'rejected' ? toStoreProblem(config.databaseSetting, each.reason) : [],
  );
  if (back.status === 'rejected' || front.status === 'rejected') {
    if (back.status === 'fulfilled') await back.value.close();
    throw new ConfigError(problems);
  }
  const store: LayeredStore = layeredStore({
    // Under a new namespace nothing is found of what was there before.
    front: (namespace) => openRedis(config, redisUrl, `${PREFIX}:${namespace}`),
    back: back.value,
  });
  return { store, setting: config.databaseSetting, warnings: front.value === null ? [] : [front.value] };
}

/** Redis in front may be down; a setting that cannot work is told all the same. Answers a warning, or null. */
async function tryFront(config: Config, redisUrl: string): Promise<string | null> {
  try {
    const front = await redisStore({ ...redisOptions(config, redisUrl), prefix: PREFIX, cache: false });
    await front.close();
    return null;
  } catch (error) {
    const problems = toStoreProblem(config.redisSetting, error);
    if (!isSilent(error)) throw new ConfigError(problems);
    const said = problems.map(({ message, fix }) => `${message}: ${fix}`).join('; ');
    return `${config.redisSetting}: ${said}. Until then PostgreSQL does all the work`;
  }
}

function openRedis(config: Config, url: string, prefix: string): Promise<RedisStore> {
  return redisStore({ ...redisOptions(config, url), prefix, cache: cacheOptions(config) });
}

function redisOptions(config: Config, url: string) {
  const { redisCa, redisWaitReplicas: replicas } = config;
  return {
    url,
    ...(redisCa === null ? {} : { tls: { ca: redisCa } }),
    ...(replicas === 0 ? {} : { waitReplicas: { replicas, timeoutMs: WAIT_MS } }),
  };
}

function openPostgres(config: Config, url: string, cache: CacheOptions | false): Promise<PostgresStore> {
  const { databaseListenUrl } = config;
  return postgresStore({
    url,
    cache,
    ...(databaseListenUrl === null || cache === false ? {} : { listenUrl: databaseListenUrl }),
  });
}

function cacheOptions({ sessionCache, staleIfErrorSeconds }: Config): CacheOptions | false {
  return sessionCache === 0 ? false : { maxEntries: sessionCache, staleIfErrorSeconds };
}

async function orProblem<T>(setting: StoreSetting, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new ConfigError(toStoreProblem(setting, error));
  }
}
