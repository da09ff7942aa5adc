/** The store that BENCH_STORE names, with its cache where BENCH_CACHE says so. */
import type { Store } from 'holdfast';
import { layeredStore } from 'holdfast/stores/layered';
import { memoryStore } from 'holdfast/stores/memory';
import { postgresStore } from 'holdfast/stores/postgres';
import { redisStore } from 'holdfast/stores/redis';
import { sqliteStore } from 'holdfast/stores/sqlite';

export interface StoreChoice {
  readonly kind: string;
  readonly cached: boolean;
  readonly redisUrl: string;
  readonly postgresUrl: string;
  readonly directory: string;
  /** What keys in Redis begin with. */
  readonly prefix: string;
}

export async function openStore({ kind, cached, prefix, ...where }: StoreChoice): Promise<Store> {
  const cache = cached ? {} : false;
  switch (kind) {
    case 'memory':
      return memoryStore();
    case 'sqlite':
      return sqliteStore({ directory: where.directory });
    case 'redis':
      return redisStore({ url: where.redisUrl, prefix, cache });
    case 'postgres':
      return postgresStore({ url: where.postgresUrl, cache });
    case 'layered':
      return layeredStore({
        front: (namespace) => redisStore({ url: where.redisUrl, prefix: `${prefix}:${namespace}`, cache }),
        back: await postgresStore({ url: where.postgresUrl, cache: false }),
      });
    default:
      throw new Error(`there is no store ${kind}`);
  }
}

/** As the runner hands it to a server through its environment. */
export function storeFromEnvironment(): Promise<Store> {
  const env = process.env;
  return openStore({
    kind: env.BENCH_STORE ?? '',
    cached: env.BENCH_CACHE === '1',
    redisUrl: env.BENCH_REDIS ?? '',
    postgresUrl: env.BENCH_POSTGRES ?? '',
    directory: env.BENCH_DIRECTORY ?? '.',
    prefix: env.BENCH_PREFIX ?? 'holdfast',
  });
}
