/**
 * Sessions in Redis 7.0 or newer, or Valkey: for many hosts. One server, Sentinel, Cluster, TLS, ACL user: all by the URL.
 *
 * - Every operation is one script and therefore atomic; Redis Cluster included, because all that belongs to a user lies
 *   under one hash tag. Nothing needs KEYS, SCAN, keyspace events or Redis's clock.
 * - A session without device and data takes about 100 bytes, all in. The sessions of one home (a 16,384th of the users)
 *   share a hash that Redis keeps packed; leave `hash-max-listpack-entries` and `-value` at their defaults (128 and 64).
 * - What this process read is kept in its memory and answered from there, and Redis tells it of every write (client
 *   tracking): a session that was ended anywhere is refused here within milliseconds.
 * - Redis answers before its replicas and, with `appendfsync everysec`, before its disk have a write. What a failover or a
 *   power cut can take back is the last second: a confirmed refresh heals by itself, a session started in that second has
 *   to be started again, one that was ended is live again. `waitReplicas` waits for starts and ends.
 * - One-time sessions are `auth_session:<uuid>` with a TTL, about 200 bytes each, and their counts are the hash `auth_stats`;
 *   with another prefix than `holdfast` both begin with that.
 * - An ACL user needs `~<prefix>:*`, for the operations `+hget +hvals +hgetall +hlen +hset +hdel +pttl +pexpire +eval
 *   +evalsha +eval_ro +evalsha_ro`, and for the connection `+hello +ping +select +client|setname +client|tracking`;
 *   `waitReplicas` needs `+wait`, a Cluster `+cluster|slots +cluster|info +asking`. One-time sessions need `~auth_session:*
 *   ~auth_stats +set +getex +hincrby +hmget` besides, and `+scan` where they are counted anew.
 * - Needs `maxmemory-policy noeviction`; `inspect()` tells of this and whatever else is set up badly.
 *
 * Needs the package `redis` (node-redis) beside this one: `npm install redis`.
 */
import { RecordCache } from './cache/record-cache.ts';
import { connectRedis } from './redis/connect.ts';
import { inspectRedis } from './redis/inspect.ts';
import { type RedisStoreOptions, resolveRedisOptions } from './redis/options.ts';
import { BucketStore, type RedisStore } from './redis/redis-store.ts';

export type { CacheOptions, CacheStats } from './cache/record-cache.ts';
export type { RedisStoreOptions, RedisTlsOptions, ReplicaWait } from './redis/options.ts';
export type { RedisStore } from './redis/redis-store.ts';

/**
 * Connects to Redis.
 *
 * Rejects with a HoldfastError `invalid-option` that names every bad option; `store-unusable` with the fix when the
 * password, the certificate, the database or the kind of server is wrong, or the package `redis` is missing; and with
 * StoreUnreachableError when nothing answers within `connectTimeoutMs`. Once it is connected, it connects again by itself
 * for as long as the store is open.
 */
export async function redisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const settings = resolveRedisOptions(options);
  const { prefix, clock } = settings;
  const cache = settings.cache === false ? null : new RecordCache(clock, settings.cache);
  let interruptions = 0;
  const port = await connectRedis(settings, cache, () => {
    interruptions++;
  });
  return new BucketStore({
    port,
    prefix,
    clock,
    cache,
    inspect: () => inspectRedis(port, settings),
    interruptions: () => interruptions,
    replicated: settings.waitReplicas !== null,
  });
}
