/** What accounts and sessions can be kept in, each as settings for a service of a test's own, on servers that a file shares. */
import { after, type TestContext } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { freshDatabase, sharedPostgres } from './accounts-databases.ts';
import { type Running, type StartOptions, startService } from './service.ts';

export interface Storage {
  readonly name: string;
  /** Settings that lead to a place where nothing is kept yet. */
  environment(): Promise<Readonly<Record<string, string>>>;
}

const DATABASES = 64;
let redis: Promise<RedisServer> | null = null;
let used = 0;

/** One server for all tests of a file. */
export function sharedRedis(): Promise<RedisServer> {
  redis ??= startRedis({ extra: ['--databases', String(DATABASES)] });
  return redis;
}

after(async () => (await redis)?.stop());

async function redisUrl(): Promise<string> {
  const { url } = await sharedRedis();
  if (used === DATABASES) throw new Error('all databases of the shared Redis are used up');
  return `${url}/${used++}`;
}

async function databaseUrl(): Promise<string> {
  return (await sharedPostgres()).urlFor(await freshDatabase());
}

export const REDIS: Storage = {
  name: 'Redis, accounts in a file',
  environment: async () => ({ REDIS_URL: await redisUrl() }),
};
export const POSTGRES: Storage = {
  name: 'PostgreSQL',
  environment: async () => ({ DATABASE_URL: await databaseUrl() }),
};
export const LAYERED: Storage = {
  name: 'Redis over PostgreSQL',
  environment: async () => ({ REDIS_URL: await redisUrl(), DATABASE_URL: await databaseUrl() }),
};

/** `startService` on this storage. */
export function startOn(storage: Storage): (context: TestContext, options?: StartOptions) => Promise<Running> {
  return async (context, options = {}) => {
    const environment = { ...(await storage.environment()), ...options.environment };
    return startService(context, { ...options, environment });
  };
}
