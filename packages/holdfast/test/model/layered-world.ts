/**
 * Some processes with a layered store each, over one front and one back in memory, where every call to a layer waits until
 * a schedule lets it happen. Calls can fail before or after their effect, processes can die between any two calls while
 * what they have sent is still under way, and the front can be flushed or go back to an earlier state.
 */
import type { TransferableStore } from '../../src/core/transfer.ts';
import type { Front, LayeredStore, LayeredStoreOptions } from '../../src/stores/layered.ts';

const source = process.env.HOLDFAST_MODEL_SOURCE ?? new URL('../../src/', import.meta.url).href;
const { layeredStore } = (await import(`${source}stores/layered.ts`)) as typeof import('../../src/stores/layered.ts');
const { memoryStore } = (await import(`${source}stores/memory.ts`)) as typeof import('../../src/stores/memory.ts');
const { StoreUnreachableError } = (await import(
  `${source}core/errors.ts`
)) as typeof import('../../src/core/errors.ts');

export const STARTS_AT: number = Date.UTC(2030, 0, 1);
export const LEASE_MS = 500;

/** How a call goes wrong: before it did anything, or after it did everything. */
export type Fault = 'before' | 'after' | null;

/** A call that waits for its turn. */
export interface WaitingCall {
  readonly process: number;
  readonly layer: 'front' | 'back';
  readonly name: string;
  readonly run: (fault: Fault) => Promise<void>;
}

interface Timer {
  readonly process: number;
  readonly at: number;
  readonly run: () => void;
}

export interface World {
  readonly stores: readonly LayeredStore[];
  readonly back: TransferableStore;
  readonly waiting: readonly WaitingCall[];
  /** Milliseconds since {@link STARTS_AT}. */
  elapsed(): number;
  /** The next thing a process waits for by the clock, or null. */
  nextTimer(): number | null;
  pass(milliseconds: number): Promise<void>;
  run(call: WaitingCall, fault: Fault): Promise<void>;
  /** The process does nothing any more; what it has sent may still arrive. */
  crash(process: number): void;
  isDown(process: number): boolean;
  /** The process stands still: its timers wait, and are late afterwards. */
  pause(process: number): void;
  resume(process: number): Promise<void>;
  isPaused(process: number): boolean;
  /** What is in the front is gone: FLUSHALL. */
  flush(): void;
  /** The front has lost what it held under the id, as a cache does that is full. */
  evict(id: string): Promise<void>;
  /** The front as it is now, for {@link goBack}. */
  remember(): Promise<void>;
  /** The front is as it was when it was remembered: a failover, or a restart from an older file. */
  goBack(): Promise<void>;
  /** Every call to the front by this process fails from now on, or no more. */
  cut(process: number, layer: 'front' | 'back', isCut: boolean): void;
  /** This process reaches another server in front than the others: an empty one, or one that is a copy as of now. */
  divert(process: number, isCopy: boolean): Promise<void>;
  /** This process reaches the same server as the others again, over a new connection. */
  rejoin(process: number): void;
  /** How many things each namespace of the servers in front holds, those that hold none left out. */
  held(): Promise<ReadonlyMap<string, number>>;
  settled(): Promise<void>;
}

export function createWorld(processes: number, options: Partial<LayeredStoreOptions> = {}): World {
  let now = STARTS_AT;
  let seed = 0;
  const interruptions: number[] = Array(processes).fill(0);
  /** The server in front that a process reaches. */
  const server: number[] = Array(processes).fill(0);
  const clock = () => now;
  const back = memoryStore({ clock });
  let fronts = new Map<string, TransferableStore>();
  let remembered = new Map<string, TransferableStore>();
  const waiting: WaitingCall[] = [];
  const timers: Timer[] = [];
  const down = new Set<number>();
  const paused = new Set<number>();
  const cuts = new Set<string>();

  /** Never the same twice; the count is at the end, because the front of an id is the user's home. */
  function counted(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    seed++;
    for (let index = 0; index < Math.min(length, 4); index++) bytes[length - 1 - index] = seed >>> (8 * index);
    return bytes;
  }

  function front(process: number, namespace: string): TransferableStore {
    const key = `${server[process]} ${namespace}`;
    let store = fronts.get(key);
    if (store === undefined) {
      store = memoryStore({ clock });
      fronts.set(key, store);
    }
    return store;
  }

  function gate(process: number, layer: 'front' | 'back', inner: () => TransferableStore): Front {
    const wait =
      (name: string) =>
      (...args: unknown[]): Promise<never> =>
        new Promise((resolve, reject) => {
          const call = async (fault: Fault): Promise<void> => {
            const answer = (run: () => void) => {
              if (!down.has(process)) run();
            };
            const failed = cuts.has(`${layer}${process}`) ? 'before' : fault;
            const error = new StoreUnreachableError(`planted: ${name} failed ${failed}`);
            if (failed === 'before') return answer(() => reject(error));
            const store = inner() as unknown as Record<string, (...given: unknown[]) => never>;
            const result = await store[name]?.(...args);
            answer(() => (failed === 'after' ? reject(error) : resolve(result as never)));
          };
          waiting.push({ process, layer, name, run: call });
        });
    const gated = Object.fromEntries(CALLS.map((name) => [name, wait(name)])) as unknown as TransferableStore;
    return Object.defineProperty({ ...gated, kind: 'memory', close: () => undefined }, 'interruptions', {
      get: () => interruptions[process],
    });
  }

  async function copyOf(stores: Map<string, TransferableStore>): Promise<Map<string, TransferableStore>> {
    const copies = new Map<string, TransferableStore>();
    for (const [namespace, store] of stores) {
      const copy = memoryStore({ clock });
      const { entries } = await store.scan(null, 10_000);
      for (const entry of entries) {
        if ('record' in entry) await copy.put(entry.record);
        else await copy.bury(entry.id, entry.tombstone);
      }
      copies.set(namespace, copy);
    }
    return copies;
  }

  const stores = Array.from({ length: processes }, (_, process) =>
    layeredStore({
      leaseMs: LEASE_MS,
      ...options,
      clock,
      pace: {
        now: () => now - STARTS_AT,
        after(milliseconds, run) {
          const timer = { process, at: now + milliseconds, run: () => (down.has(process) ? undefined : run()) };
          timers.push(timer);
          return () => {
            const index = timers.indexOf(timer);
            if (index >= 0) timers.splice(index, 1);
          };
        },
        pause(milliseconds) {
          return new Promise((resolve) => void this.after(milliseconds, resolve));
        },
      },
      randomBytes: counted,
      front: (namespace) => gate(process, 'front', () => front(process, namespace)),
      back: gate(process, 'back', () => back),
    }),
  );

  function ring(): Promise<void> {
    for (const timer of timers.filter(({ at, process }) => at <= now && !paused.has(process))) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
    return settled();
  }

  return {
    stores,
    back,
    waiting,
    elapsed: () => now - STARTS_AT,
    nextTimer() {
      const next = timers.filter(({ process }) => !paused.has(process)).map(({ at }) => at);
      return next.length === 0 ? null : Math.max(0, Math.min(...next) - now);
    },
    pass(milliseconds) {
      now += milliseconds;
      return ring();
    },
    async run(call, fault) {
      waiting.splice(waiting.indexOf(call), 1);
      await call.run(fault);
      await settled();
    },
    crash: (process) => void down.add(process),
    isDown: (process) => down.has(process),
    pause: (process) => void paused.add(process),
    resume(process) {
      paused.delete(process);
      return ring();
    },
    isPaused: (process) => paused.has(process),
    flush() {
      fronts = new Map();
    },
    async evict(id) {
      for (const store of fronts.values()) await store.delete(id);
    },
    async remember() {
      remembered = await copyOf(fronts);
    },
    async goBack() {
      fronts = await copyOf(remembered);
      for (const process of interruptions.keys()) interruptions[process] = (interruptions[process] ?? 0) + 1;
    },
    async divert(process, isCopy) {
      server[process] = process + 1;
      for (const [key, store] of isCopy ? await copyOf(fronts) : []) {
        if (key.startsWith('0 ')) fronts.set(key.replace(/^0/, String(process + 1)), store);
      }
    },
    rejoin(process) {
      server[process] = 0;
      interruptions[process] = (interruptions[process] ?? 0) + 1;
    },
    cut(process, layer, isCut) {
      if (isCut) cuts.add(`${layer}${process}`);
      else cuts.delete(`${layer}${process}`);
    },
    async held() {
      const held = new Map<string, number>();
      for (const [key, store] of fronts) {
        const { entries } = await store.scan(null, 10_000);
        if (entries.length > 0) held.set(key, entries.length);
      }
      return held;
    },
    settled,
  };
}

const CALLS = [
  'read',
  'create',
  'update',
  'touch',
  'move',
  'take',
  'takeByUser',
  'delete',
  'listByUser',
  'count',
  'sweep',
  'announceKeys',
  'listKeyAnnouncements',
  'health',
  'scan',
  'put',
  'bury',
] as const;

/** Lets everything run that does not wait for a layer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
