/** The stores between which sessions move in tests, each on a backend of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Clock } from '../../src/core/crypto.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { START } from '../../src/testing/store/harness.ts';

/** Opens a new and empty store that is closed and removed after the test. */
export type OpenStore = (test: TestContext, clock?: Clock) => Promise<TransferableStore>;

/** The stores that need no server. */
export const EMBEDDED: Readonly<Record<string, OpenStore>> = {
  memory: async (test, clock = () => START) => {
    const store = memoryStore({ clock });
    test.after(() => store.close());
    return store;
  },
  sqlite: async (test, clock = () => START) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-transfer-'));
    const store = sqliteStore({ directory, clock });
    test.after(async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    });
    return store;
  },
};

/** Every way from one kind to another, to itself too. */
export function pairs<T>(kinds: Readonly<Record<string, T>>): readonly (readonly [string, T, string, T])[] {
  const all = Object.entries(kinds);
  return all.flatMap(([from, openFrom]) => all.map(([to, openTo]) => [from, openFrom, to, openTo] as const));
}
