/** Scenes around one Redis. */
import { type RedisOptions, type RedisServer, startRedis } from '../../test/services/redis.ts';
import type { Scene } from './drill.ts';
import type { StoreSpec } from './store-spec.ts';

/** Starts a Redis and says what is done to it; `url` is where the application finds it. */
export async function redisScene(
  options: RedisOptions,
  play: (redis: RedisServer) => Pick<Scene, 'fail' | 'mend'> & Partial<Pick<Scene, 'meanwhile' | 'afterwards'>>,
): Promise<Scene> {
  const redis = await startRedis(options);
  const { appendonly = false, appendfsync = 'everysec' } = options;
  const setting = appendonly ? `appendfsync ${appendfsync}` : 'no persistence';
  return {
    store: redisStoreAt(redis.url),
    backend: `${await versionOf(redis)}, ${setting}`,
    ...play(redis),
    stop: () => redis.stop(),
  };
}

export function redisStoreAt(url: string): Extract<StoreSpec, { kind: 'redis' }> {
  return { kind: 'redis', url };
}

export async function versionOf(redis: RedisServer): Promise<string> {
  const info = await redis.command('INFO', 'server');
  const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1] ?? 'of an unknown version';
  return `${info.includes('valkey_version') ? 'Valkey' : 'Redis'} ${version}`;
}
