/** Lets the suites run on one server for a whole file: each scenario has a prefix of its own in it. */
import { homeOfId } from '../../src/core/session-id.ts';
import type { Awaitable } from '../../src/core/store.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { bucketOf, fieldOfId } from '../../src/stores/redis/bucket.ts';
import { type RedisStoreOptions, redisStore } from '../../src/stores/redis.ts';
import type { TransferHarness } from '../../src/testing/index.ts';

/** Runs a command on the server that has the key, beside the store. */
export type SideDoor = (key: string, args: readonly (string | Buffer)[]) => Promise<unknown>;

let scenarios = 0;

/** A harness for the server that the options name when a scenario begins. */
export function redisHarness(options: () => RedisStoreOptions, sideDoor: SideDoor): TransferHarness {
  let prefix = '';
  return {
    open(clock) {
      scenarios++;
      prefix = `scenario-${scenarios}`;
      return redisStore({ ...options(), prefix, clock });
    },
    reopen: (clock) => redisStore({ ...options(), prefix, clock }),
    async corrupt(id) {
      const { sessions } = bucketOf(prefix, homeOfId(id));
      // Kind 99: of a version to come.
      await sideDoor(sessions, ['HSET', sessions, fieldOfId(id) ?? '', Buffer.from([99, 0, 0, 0])]);
    },
    cleanup() {
      // The server goes with the file, and its keys with it.
    },
  };
}

/**
 * The same with reads that go to Redis and back first. Another process's cache learns of a write within a round trip and
 * not in no time, so this is what the suites, which read at once, can ask of a store that has one.
 */
export function caughtUp(harness: TransferHarness): TransferHarness {
  const wrap = async (opening: Awaitable<TransferableStore>): Promise<TransferableStore> => {
    const store = await opening;
    return new Proxy(store, {
      get(target, name) {
        if (name === 'read') {
          return async (id: string) => {
            await target.listKeyAnnouncements(0);
            return target.read(id);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const { reopen = harness.open } = harness;
  return { ...harness, open: (clock) => wrap(harness.open(clock)), reopen: (clock) => wrap(reopen(clock)) };
}
