/** Fifty thousand sessions move, and are backed up and restored, without memory growing with their number. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { backupStore, migrateSessions, restoreStore } from '../../src/transfer/index.ts';
import { KEY } from './backed-up.ts';

const SESSIONS = 50_000;
const clock = (): number => START;
/** What the whole of the sessions would take as objects is several times this. */
const ROOM_BYTES = 40_000_000;

test('fifty thousand sessions', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-many-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const open = (name: string) => {
    const store = sqliteStore({ directory, fileName: name, clock });
    t.after(() => store.close());
    return store;
  };
  const [from, moved, restored] = [open('from.db'), open('moved.db'), open('restored.db')];
  for (let n = 0; n < SESSIONS; n++) await from.put(sampleRecord({ userId: randomUUID(), data: { n } }));

  const watch = watchMemory();
  const result = await migrateSessions({ from, to: moved, clock, onProgress: watch.look });
  assert.deepEqual([result.copied, result.verified], [SESSIONS, true]);
  const path = join(directory, 'x.backup');
  await backupStore({
    from,
    to: createWriteStream(path),
    key: KEY,
    clock: () => START + 3600_000,
    onProgress: watch.look,
  });
  const back = await restoreStore({
    from: createReadStream(path),
    to: restored,
    key: KEY,
    clock,
    onProgress: watch.look,
  });
  assert.equal(back.restored, SESSIONS);
  assert.ok(watch.most() < ROOM_BYTES, `${Math.round(watch.most() / 1e6)} MB more were in use`);
});

/** How much more memory is in use than at the beginning, after what is garbage was thrown away. */
function watchMemory(): { look(): void; most(): number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const start = used();
  let most = 0;
  let looks = 0;
  return {
    look() {
      if (++looks % 20 === 0) most = Math.max(most, used() - start);
    },
    most: () => most,
  };
}
