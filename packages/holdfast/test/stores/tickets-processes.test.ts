/** Several processes make and use the same one-time sessions: never more than allowed, and each used once. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Store } from '../../src/core/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { START } from '../../src/testing/store/harness.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';
import { sqliteDirectory } from './sqlite-directory.ts';

const WORKER = fileURLToPath(new URL('./tickets-worker.ts', import.meta.url));
const PROCESSES = 4;
const CALLERS = 64;
/** Some more by hand: HOLDFAST_TICKETS=10000. */
const TICKETS = Number(process.env.HOLDFAST_TICKETS ?? 200);

const server = await ownServer();
const clock = (): number => START;

test(`${PROCESSES} processes on SQLite make what is allowed, and of ${CALLERS} callers one uses each`, async (context) => {
  const directory = sqliteDirectory(context);
  await contest(context, directory.open({ clock }), ['sqlite', directory.path]);
});

test(`${PROCESSES} processes on PostgreSQL make what is allowed, and of ${CALLERS} callers one uses each`, async (context) => {
  const schema = newSchema();
  const store = await postgresStore({ url: server.url, schema, clock, cache: false });
  context.after(() => store.close());
  await contest(context, store, ['postgres', `${server.url} ${schema}`]);
});

async function contest(context: TestContext, store: Store, where: readonly string[]): Promise<void> {
  const each = Math.ceil((TICKETS * 1.25) / PROCESSES);
  const making = performance.now();
  const keys = await together(context, ['make', ...where, `${each}`, `${TICKETS}`]);
  assert.equal(new Set(keys).size, TICKETS);
  assert.equal(keys.length, TICKETS, 'as many as are allowed, and none more');
  const made = { live: TICKETS, used: 0, totalCreated: TICKETS, totalUsed: 0 };
  assert.deepEqual(await store.tickets?.figures(START), made);

  const using = performance.now();
  const winners = await together(context, ['use', ...where, `${CALLERS / PROCESSES}`], keys);
  const done = performance.now();
  assert.deepEqual([...winners].sort(), [...keys].sort());
  const used = { live: 0, used: TICKETS, totalCreated: TICKETS, totalUsed: TICKETS };
  assert.deepEqual(await store.tickets?.figures(START), used);
  assert.deepEqual(await store.tickets?.recount(START), used);
  context.diagnostic(
    `${TICKETS} made in ${Math.round(using - making)} ms, ${TICKETS * CALLERS} calls to use them in ${Math.round(done - using)} ms`,
  );
}

/** Starts the processes, lets them begin when all are ready, and answers all lines that they wrote. */
async function together(
  context: TestContext,
  args: readonly string[],
  input: readonly string[] = [],
): Promise<readonly string[]> {
  const workers = Array.from({ length: PROCESSES }, () => start(context, args));
  await Promise.all(workers.map(({ ready }) => ready));
  for (const { child } of workers) child.stdin.end(input.join('\n'));
  return (await Promise.all(workers.map(({ lines }) => lines))).flat();
}

interface Worker {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ready: Promise<void>;
  readonly lines: Promise<readonly string[]>;
}

function start(context: TestContext, args: readonly string[]): Worker {
  const child = spawn(process.execPath, [WORKER, ...args]);
  context.after(() => child.kill('SIGKILL'));
  const said: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const ready = Promise.withResolvers<void>();
  reader.on('line', (line) => {
    if (line === 'ready') ready.resolve();
    else said.push(line);
  });
  const lines = Promise.all([text(child.stderr), once(reader, 'close'), once(child, 'exit')]).then(
    ([errors, , [code]]) => {
      assert.equal(code, 0, errors);
      return said;
    },
  );
  // Whoever ends before it was ready has failed.
  lines.then(() => ready.resolve(), ready.reject);
  return { child, ready: ready.promise, lines };
}
