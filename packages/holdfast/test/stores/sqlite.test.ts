/** The SQLite store keeps the contract, also with several handles on one file. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { storeConformance, storeTorture, storeTransfer, type TransferHarness } from '../../src/testing/index.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

let directory = '';

const harness: TransferHarness = {
  open(clock) {
    directory = temporaryDirectory();
    return sqliteStore({ directory, clock });
  },
  reopen: (clock) => sqliteStore({ directory, clock }),
  corrupt(id) {
    const db = new DatabaseSync(join(directory, 'sessions.db'));
    db.prepare('UPDATE sessions SET format = 99 WHERE id = ?').run(id);
    db.close();
  },
  cleanup: () => rmSync(directory, { recursive: true, force: true }),
};

storeConformance('sqlite store: conformance', harness);
storeTransfer('sqlite store: transfer', harness);
storeTorture('sqlite store: torture', harness);
