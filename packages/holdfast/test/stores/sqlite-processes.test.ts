/** Several processes on one session file, and processes that are killed while they write to it. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Store } from '../../src/core/store.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { sqliteDirectory } from './sqlite-directory.ts';

const WORKER = fileURLToPath(new URL('./sqlite-worker.ts', import.meta.url));
const KILLS = 200;
/** Alive at a time: while one is killed in the middle of a write, the other goes on writing. */
const WRITERS = 2;

test('processes that start together on a new directory and write different keys lose nothing', async (context) => {
  const directory = sqliteDirectory(context);
  const early = [start(context, 'take', directory.path, '1', 'nobody'), start(context, 'take', directory.path, '1')];
  const outputs = early.map(finished);
  const store = directory.open({ clock: () => START });
  assert.deepEqual(await Promise.all(outputs), ['', '']);
  const record = sampleRecord();
  await store.create(record);
  const workers = ['a', 'b'].map((key) => start(context, 'hammer', directory.path, record.id, key, '1000'));
  await Promise.all(workers.map(finished));
  const expected = { ...record, version: 2001, data: { a: 1000, b: 1000 } };
  const read = await store.read(record.id);
  assert.deepEqual(read, { status: 'live', record: expected });
});

test('of 64 takers in four processes exactly one wins each session', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock: () => START });
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) {
    const record = sampleRecord();
    await store.create(record);
    ids.push(record.id);
  }
  const workers = [1, 2, 3, 4].map(() => start(context, 'take', directory.path, '16', ...ids));
  const winners = (await Promise.all(workers.map(finished))).flatMap((lines) => lines.split('\n').filter(Boolean));
  assert.deepEqual(winners.sort(), ids.sort());
});

test(`${KILLS} processes killed while writing lose no acknowledged write`, async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock: () => START });
  let started = 0;
  let acknowledged = 0;
  async function killOneAfterAnother(): Promise<void> {
    while (started < KILLS) {
      const number = started++;
      // From the first write to the fourth session, so that every kind of write is hit, and each run hits the same.
      const worker = start(context, 'write', directory.path, `writer-${number}`);
      const lines = await acknowledgedBefore(1 + ((number * 7) % 19), worker);
      acknowledged += lines.length;
      await assertKept(store, lines);
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, killOneAfterAnother));
  assert.ok(acknowledged >= KILLS);
  await store.close();
  assert.deepEqual({ ...directory.raw().prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
});

function start(context: TestContext, ...args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [WORKER, ...args]);
  context.after(() => child.kill('SIGKILL'));
  return child;
}

/** To be called as soon as the process was started, since its end is told only once. */
async function finished(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  assert.equal(code, 0, errors);
  return output;
}

/** All lines that the process wrote until it was killed, which happens after the given number of them. */
async function acknowledgedBefore(count: number, child: ChildProcessWithoutNullStreams): Promise<readonly string[]> {
  const gone = once(child, 'close');
  const errors = text(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) child.kill('SIGKILL');
  }
  const [, signal] = await gone;
  assert.equal(signal, 'SIGKILL', await errors);
  return lines;
}

/** Each session is where its last acknowledged write left it, or one write further on. */
async function assertKept(store: Store, lines: readonly string[]): Promise<void> {
  const last = new Map<string, string>();
  for (const line of lines) last.set(line.split(' ')[1] ?? '', line);
  for (const [id, line] of last) {
    const [verb, , value = '0'] = line.split(' ');
    const read = await store.read(id);
    if (verb === 'ended') assert.equal(read.status, 'ended', line);
    else if (read.status === 'live') assert.ok(Number(read.record.data.value ?? 0) >= Number(value), line);
    else assert.ok(read.status === 'ended' && value === '3', `${line}, and now ${read.status}`);
  }
}
