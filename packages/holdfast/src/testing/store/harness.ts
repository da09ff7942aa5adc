/** How the suites get at a store: whoever wrote one describes it with a harness, and each scenario gets a fresh backend. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../core/crypto.ts';
import type { Awaitable, Store } from '../../core/store.ts';

/**
 * What a store may be unable to do:
 * - `second-handle`: be opened twice on one backend (as by two processes);
 * - `undecodable`: hold something that it cannot read;
 * - `sweep`: leave removal to `sweep`, because the backend expires records by itself.
 */
export type StoreCapability = 'second-handle' | 'undecodable' | 'sweep';

/** A store under test. */
export interface StoreHarness {
  /** A store on a new and empty backend, living by the given clock. */
  open(clock: Clock): Awaitable<Store>;
  /** Another handle on the backend of the last `open`, as another process would have. */
  reopen?(clock: Clock): Awaitable<Store>;
  /** Makes what the last opened backend holds under the id unreadable, behind the store's back. */
  corrupt?(id: string): Awaitable<void>;
  /** Removes the last backend. The stores on it were closed before. */
  cleanup(): Awaitable<void>;
  /** Capability → why this store lacks it. What is neither given nor declared fails the suite. */
  readonly declared?: Partial<Readonly<Record<StoreCapability, string>>>;
}

/** What a scenario works with. */
export interface Fixture {
  readonly store: Store;
  /** The time by which all handles live; scenarios move it. */
  readonly time: { now: number };
  /** One more handle on the same backend; it is closed after the scenario. */
  another(): Promise<Store>;
  corrupt(id: string): Promise<void>;
}

/** Registers one scenario as a test, unless the harness declares that its store cannot do what it needs. */
export type Scenario = (name: string, run: (fixture: Fixture) => Promise<void>, needs?: StoreCapability) => void;

/** The time at which every scenario starts. */
export const START: number = Date.UTC(2030, 0, 1);

/** Scenarios for this harness: each opens its own backend and removes it. */
export function scenarios(harness: StoreHarness): Scenario {
  return (name, run, needs) => {
    if (needs !== undefined && harness.declared?.[needs] !== undefined) return;
    test(name, async () => {
      const time = { now: START };
      const clock: Clock = () => time.now;
      const handles = [await harness.open(clock)];
      const fixture: Fixture = {
        store: handles[0] as Store,
        time,
        async another() {
          assert.ok(harness.reopen, 'the harness has no reopen(), and does not declare second-handle');
          const handle = await harness.reopen(clock);
          handles.push(handle);
          return handle;
        },
        async corrupt(id) {
          assert.ok(harness.corrupt, 'the harness has no corrupt(), and does not declare undecodable');
          await harness.corrupt(id);
        },
      };
      try {
        await run(fixture);
      } finally {
        for (const handle of handles.reverse()) await handle.close();
        await harness.cleanup();
      }
    });
  };
}

/** Fails unless the operation fails as a backend that did not answer. */
export async function assertUnreachable(operation: () => Awaitable<unknown>): Promise<void> {
  await assert.rejects(async () => operation(), { name: 'StoreUnreachableError', code: 'store-unreachable' });
}
