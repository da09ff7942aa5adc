/** A real store whose operations wait until a schedule lets them run, one at a time; it can fail and it can forget. */
import type { SessionRecord } from '../../src/core/record.ts';
import type { RecordChange, Store, UpdateResult } from '../../src/core/store.ts';
import { StoreUnreachableError } from './engine.ts';

/** How an operation goes wrong: before it did anything, or after it did everything. */
export type Fault = 'before' | 'after' | null;

export interface InterleavedStore {
  readonly store: Store;
  /** Runs what is waiting, and what that leads to, in the order that `pick` chooses; `fault` is asked for each. */
  drain(pick: (waiting: number) => number, fault: () => Fault): Promise<void>;
  /** Puts the record back to what it was `writes` confirmed writes ago, as a store does that lost them. */
  forget(id: string, writes: number): Promise<void>;
}

export function interleave(inner: Store): InterleavedStore {
  const waiting: ((fault: Fault) => Promise<void>)[] = [];
  const past: SessionRecord[] = [];

  function wait<T>(run: () => PromiseLike<T> | T): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push(async (fault) => {
        if (fault === 'before') return reject(new StoreUnreachableError('planted: not done'));
        const result = await run();
        if (fault === 'after') return reject(new StoreUnreachableError('planted: done, but the answer was lost'));
        resolve(result);
      });
    });
  }

  async function update(id: string, change: RecordChange): Promise<UpdateResult> {
    const before = await inner.read(id);
    const result = await inner.update(id, change);
    if (result.status === 'updated' && before.status === 'live') past.push(before.record);
    return result;
  }

  return {
    store: {
      ...inner,
      read: (id) => wait(() => inner.read(id)),
      create: (record, limit) => wait(() => inner.create(record, limit)),
      update: (id, change) => wait(() => update(id, change)),
      touch: (id, lastSeenAt, expiresAt) => wait(() => inner.touch(id, lastSeenAt, expiresAt)),
      take: (id, tombstone) => wait(() => inner.take(id, tombstone)),
    },
    async drain(pick, fault) {
      await settled();
      while (waiting.length > 0) {
        const [run] = waiting.splice(pick(waiting.length), 1);
        await run?.(fault());
        await settled();
      }
    },
    async forget(id, writes) {
      const record = past.at(-writes);
      if (record === undefined || (await inner.read(id)).status !== 'live') return;
      past.length -= writes;
      await inner.delete(id);
      await inner.create(record);
    },
  };
}

/** Lets everything run that does not wait for the store. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
