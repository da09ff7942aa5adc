/** Lets the suite of one-time sessions run on servers that last for a whole file. */
import type { RedisStoreOptions } from '../../src/stores/redis.ts';
import type { StoreHarness } from '../../src/testing/index.ts';
import { redisHarness } from './redis-scenarios.ts';

export function redisTicketHarness(options: () => RedisStoreOptions): StoreHarness {
  const { open, reopen, cleanup } = redisHarness(options, async () => undefined);
  return { open, ...(reopen && { reopen }), cleanup, declared: { sweep: 'Redis removes tickets by itself' } };
}
