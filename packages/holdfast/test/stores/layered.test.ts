/** The layered store keeps the contract over memory and over SQLite. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../src/core/crypto.ts';
import { StoreUnreachableError } from '../../src/core/errors.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { storeConformance, storeTorture, storeTransfer, type TransferHarness } from '../../src/testing/index.ts';
import { layeredHandles } from './layered-handles.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

let kept: TransferableStore | undefined;
const overMemory = layeredHandles({
  back(clock, isFirst) {
    if (isFirst || kept === undefined) kept = memoryStore({ clock });
    return closable(kept);
  },
  forget() {
    kept = undefined;
  },
});

let directory = '';
const overSqlite = layeredHandles({
  back(clock: Clock, isFirst) {
    if (isFirst) directory = temporaryDirectory();
    return sqliteStore({ directory, clock });
  },
  forget: () => rmSync(directory, { recursive: true, force: true }),
  corrupt(id) {
    const db = new DatabaseSync(join(directory, 'sessions.db'));
    db.prepare('UPDATE sessions SET format = 99 WHERE id = ?').run(id);
    db.close();
  },
});

const suites: Record<string, TransferHarness> = { memory: overMemory, SQLite: overSqlite };
for (const [name, harness] of Object.entries(suites)) {
  storeConformance(`layered store, memory over ${name}: conformance`, harness);
  storeTransfer(`layered store, memory over ${name}: transfer`, harness);
  storeTorture(`layered store, memory over ${name}: torture`, harness, { rounds: 200, contests: 20 });
}

/** One handle on memory that others share: closing it leaves the memory to them. */
function closable(store: TransferableStore): TransferableStore {
  let closed = false;
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name === 'close') {
        return () => {
          closed = true;
        };
      }
      if (name === 'health' && closed) return () => ({ healthy: false, message: 'the handle was closed' });
      return (...args: unknown[]) => {
        if (closed) throw new StoreUnreachableError('the handle was closed');
        return value.apply(target, args);
      };
    },
  });
}
