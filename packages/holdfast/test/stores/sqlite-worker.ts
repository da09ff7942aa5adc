/** Another process on the session file: `node sqlite-worker.ts <task> <directory> [arguments]`, answering lines on stdout. */
import { writeSync } from 'node:fs';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

const [task, directory = '', ...args] = process.argv.slice(2);
const now = Date.UTC(2030, 0, 1);
const store = sqliteStore({ directory, clock: () => now, deadlineMs: 20_000 });

/** Straight into the pipe: what was said before a kill has been said. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      // The pipe is full until the reader has caught up.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Sets this process's own key of one record, many times, and checks each answer. */
async function hammer(id: string, key: string, rounds: number): Promise<void> {
  for (let value = 1; value <= rounds; value++) {
    const updated = await store.update(id, { set: { [key]: value } });
    if (updated.status !== 'updated' || updated.record.data[key] !== value) throw new Error(`${key} lost ${value}`);
  }
}

/** Many callers at once for each id; says which ids they won. */
async function takeAll(callers: number, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const takes = Array.from({ length: callers }, async () => store.take(id, { reason: 'already-used', at: now }));
    for (const taken of await Promise.all(takes)) if (taken.status === 'taken') say(id);
  }
}

/** Creates, updates and ends sessions until it is killed; says what was acknowledged, once it was. */
async function writeForever(name: string): Promise<void> {
  for (let n = 0; ; n++) {
    const id = `${name}-${n}`;
    await store.create(sampleRecord({ id, userId: name }));
    say(`created ${id}`);
    for (let value = 1; value <= 3; value++) {
      await store.update(id, { set: { value } });
      say(`set ${id} ${value}`);
    }
    if (n % 2 === 1) {
      await store.take(id, { reason: 'signed-out', at: now });
      say(`ended ${id}`);
    }
  }
}

if (task === 'hammer') {
  const [id = '', key = '', rounds = '0'] = args;
  await hammer(id, key, Number(rounds));
} else if (task === 'take') {
  const [callers = '0', ...ids] = args;
  await takeAll(Number(callers), ids);
} else if (task === 'write') {
  await writeForever(args[0] ?? '');
} else {
  throw new Error(`unknown task ${task}`);
}
await store.close();
