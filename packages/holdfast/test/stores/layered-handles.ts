/** Layered stores for the suites: several handles over shared layers, each of which trusts the front from the start. */
import assert from 'node:assert/strict';
import type { Clock } from '../../src/core/crypto.ts';
import type { Awaitable } from '../../src/core/store.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import type { Front, LayeredStore } from '../../src/stores/layered.ts';
import { layeredStore, type Pace } from '../../src/stores/layered.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { TransferHarness } from '../../src/testing/index.ts';

export interface Layering {
  /** A handle on the back; the first one of each test starts empty. */
  back(clock: Clock, isFirst: boolean): Awaitable<TransferableStore>;
  /** A handle on the front. Default: memory that all handles of a test share. */
  front?(namespace: string, clock: Clock): Awaitable<Front>;
  /** Removes both after a test. */
  forget(): Awaitable<void>;
  /** Makes what the back holds unreadable. */
  corrupt?(id: string): Awaitable<void>;
}

/** Real time that can also be moved on: a newcomer has to wait for others before it trusts the front. */
function movingPace(): Pace & { skip(milliseconds: number): void } {
  let skipped = 0;
  return {
    now: () => performance.now() + skipped,
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    async pause(milliseconds) {
      skipped += milliseconds;
    },
    skip(milliseconds) {
      skipped += milliseconds;
    },
  };
}

export function layeredHandles(layering: Layering): TransferHarness {
  let pace = movingPace();
  let fronts = new Map<string, TransferableStore>();
  let handles: LayeredStore[] = [];

  const front = (clock: Clock) => (namespace: string) => {
    if (layering.front !== undefined) return layering.front(namespace, clock);
    let store = fronts.get(namespace);
    if (store === undefined) {
      store = memoryStore({ clock });
      fronts.set(namespace, store);
    }
    return unclosed(store);
  };

  async function make(clock: Clock, isFirst: boolean): Promise<LayeredStore> {
    // A second of patience: the machine that runs the tests may have other things to do.
    const back = await layering.back(clock, isFirst);
    const store = layeredStore({ front: front(clock), back, clock, pace, leaseMs: 2000, frontDeadlineMs: 1000 });
    handles.push(store);
    return store;
  }

  return {
    async open(clock) {
      pace = movingPace();
      fronts = new Map();
      handles = [];
      const store = await make(clock, true);
      await store.inspect?.();
      await assertInUse(store);
      return store;
    },
    async reopen(clock) {
      const store = await make(clock, false);
      for (let beat = 0; beat < 4; beat++) {
        for (const handle of handles) await Promise.resolve(handle.inspect?.()).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 5));
        pace.skip(5100);
      }
      for (const handle of handles) await Promise.resolve(handle.inspect?.()).catch(() => undefined);
      return store;
    },
    async cleanup() {
      await layering.forget();
    },
    ...(layering.corrupt === undefined
      ? { declared: { undecodable: 'objects in memory are not encoded' } }
      : {
          async corrupt(id: string) {
            for (const store of fronts.values()) await store.delete(id);
            await layering.corrupt?.(id);
          },
        }),
  };
}

/** A suite that only ever asked the back would prove nothing. */
async function assertInUse(store: LayeredStore): Promise<void> {
  const { message } = await store.health();
  assert.match(message, /the front is in use/);
}

/** What closes belongs to one handle; what it holds is there for the others. */
export function unclosed<T extends TransferableStore>(store: T): T {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'close') return () => undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
