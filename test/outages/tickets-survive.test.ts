/** One-time sessions are used once, by four processes that fight for each of them while Redis is killed and restarted. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { createTickets, type Tickets } from 'holdfast/tickets';
import { type RedisServer, startRedis } from '../services/redis.ts';
import { waitUntil } from '../services/wait-until.ts';

const WORKER = fileURLToPath(new URL('./tickets-worker.ts', import.meta.url));
/** 10,000 take some minutes. */
const TICKETS = Number(process.env.HOLDFAST_TICKETS ?? 500);
const PROCESSES = 4;
const CALLERS = 64;
const KILLS = 3;

interface Worker {
  readonly lines: string[];
  readonly finished: Promise<void>;
}

/** Starts a process with the secret and the ids; both are told to nobody else. */
function startWorker(context: TestContext, args: readonly string[], input: readonly string[]): Worker {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, ['-C', 'holdfast-source', WORKER, ...args]);
  context.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const complaint = text(child.stderr);
  const finished = once(child, 'close').then(async ([status]) => {
    assert.equal(status, 0, await complaint);
  });
  // It is waited for later; until then a failure is nobody's.
  finished.catch(() => undefined);
  child.stdin.end(input.join('\n'));
  return { lines, finished };
}

async function ticketsOn(context: TestContext, redis: RedisServer, secrets: string): Promise<Tickets> {
  const store = await redisStore({ url: redis.url, cache: false });
  const policy = { maxTickets: 1_000_000 };
  const tickets = createTickets({ store, secrets, policy, deadlineMs: 60_000, sweepSeconds: 0 });
  context.after(async () => {
    tickets.close();
    await store.close();
  });
  return tickets;
}

async function make(tickets: Tickets): Promise<string> {
  const made = await tickets.create();
  assert.ok(made.status === 'created');
  return made.id;
}

test(`of ${CALLERS} callers in ${PROCESSES} processes exactly one uses each ticket, while Redis is killed`, async (t) => {
  // Only then is everything kept that was answered.
  const redis = await startRedis({ appendonly: true, appendfsync: 'always' });
  t.after(() => redis.stop());
  const secret = generateSecret();
  const tickets = await ticketsOn(t, redis, secret);
  const ids: string[] = [];
  while (ids.length < TICKETS) ids.push(...(await Promise.all(Array.from({ length: 50 }, () => make(tickets)))));

  const args = ['use', redis.url, String(CALLERS / PROCESSES)];
  const workers = Array.from({ length: PROCESSES }, () => startWorker(t, args, [secret, ...ids]));
  const doneBy = (worker: Worker): number => worker.lines.filter((line) => line.startsWith('done ')).length;
  for (let kill = 1; kill <= KILLS; kill++) {
    // Far enough behind the kill before that whoever lost an answer then has it by now.
    const share = (TICKETS * kill) / (KILLS + 1);
    await waitUntil(`every process had used ${share}`, () => workers.every((worker) => doneBy(worker) >= share), {
      deadlineMs: 60_000 + 20 * TICKETS,
    });
    await redis.kill();
    await redis.restart();
  }
  await Promise.all(workers.map(({ finished }) => finished));

  const all = workers.flatMap(({ lines }) => lines);
  const won = all.filter((line) => line.startsWith('won ')).map((line) => line.slice(4));
  assert.ok(all.includes('unreachable'), 'no process noticed that Redis was away');
  assert.deepEqual(won.sort(), [...ids].sort());
  t.diagnostic(`${all.filter((line) => line.startsWith('repeated ')).length} lost answers were given again`);
  const expected = { live: 0, used: ids.length, totalCreated: ids.length, totalUsed: ids.length };
  const figures = await waitUntil('the figures were told', async () => {
    const told = await tickets.figures();
    return told.status === 'counted' && told;
  });
  assert.deepEqual(figures, { status: 'counted', ...expected, maxTickets: 1_000_000 });
  assert.deepEqual(await tickets.recount(), figures);
});

test('whoever asks again while Redis hangs gets the answer, though every attempt arrived', async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const store = await redisStore({ url: redis.url, cache: false });
  // The deadline and the time for repetitions that everybody has.
  const tickets = createTickets({ store, secrets: generateSecret(), sweepSeconds: 0 });
  t.after(async () => {
    redis.resume();
    tickets.close();
    await store.close();
  });
  const id = await make(tickets);
  const mine = { idempotencyKey: 'mine' };

  redis.pause();
  // Both are given up, and are executed when Redis wakes.
  for (const attempt of [1, 2]) {
    assert.equal((await tickets.consume(id, mine)).status, 'unreachable', `attempt ${attempt}`);
  }
  redis.resume();
  const answer = await waitUntil('Redis answered', async () => {
    const told = await tickets.consume(id, mine);
    return told.status !== 'unreachable' && told;
  });
  assert.ok(answer.status === 'consumed' && answer.repeated, JSON.stringify(answer));
  assert.deepEqual(await tickets.consume(id, mine), answer);
  assert.deepEqual(await tickets.consume(id, { idempotencyKey: 'another' }), {
    status: 'refused',
    reason: 'already-used',
  });
  const figures = await tickets.figures();
  assert.ok(figures.status === 'counted' && figures.totalUsed === 1 && figures.live === 0);
});

test(`${PROCESSES} processes that make tickets at once make as many as are allowed`, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const secret = generateSecret();
  const tickets = await ticketsOn(t, redis, secret);
  const workers = Array.from({ length: PROCESSES }, () => startWorker(t, ['make', redis.url, '400', '777'], [secret]));
  await Promise.all(workers.map(({ finished }) => finished));
  const all = workers.flatMap(({ lines }) => lines);
  assert.equal(all.filter((line) => line === 'created').length, 777);
  assert.equal(all.filter((line) => line === 'limit-reached').length, PROCESSES * 400 - 777);
  const figures = await tickets.figures();
  assert.ok(figures.status === 'counted');
  assert.equal(figures.live, 777);
  assert.deepEqual(await tickets.recount(), figures);
});
