/**
 * Starts and ends sessions for ten days of an injected clock, sweeping as it goes, and writes at the end of each day what
 * Redis and this process hold: `churner.ts <url> <sessions>`. One in ten is not ended and expires. Needs --expose-gc.
 */
import { createSessions, generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { userIdOf } from '../answer.ts';
import { redisMemory } from '../measure/redis-facts.ts';

/** Bytes at the end of a day. */
export interface ChurnDay {
  readonly day: number;
  readonly redis: number;
  readonly resident: number;
  readonly heap: number;
}

const DAYS = 10;
const STEPS_PER_DAY = 10;
const DAY_MS = 24 * 60 * 60 * 1000;
const AT_ONCE = 256;

const [url = '', count = '0'] = process.argv.slice(2);
let now = Date.now();
const clock = (): number => now;
const sessions = createSessions({
  store: await redisStore({ url, clock }),
  secrets: generateSecret(),
  policy: { idleSeconds: 12 * 60 * 60 },
  clock,
  sweepSeconds: 0,
  // Memory is what is measured here, and a busy machine must not end it.
  deadlineMs: 30_000,
});
const perStep = Math.round(Number(count) / DAYS / STEPS_PER_DAY);
let made = 0;

async function one(): Promise<void> {
  const index = made++;
  const started = await sessions.start({ userId: userIdOf(index) });
  if (started.status !== 'started') throw new Error(started.status);
  if (index % 10 === 0) return;
  const ended = await sessions.end(started.session.id, 'signed-out');
  if (ended.status !== 'ended') throw new Error(ended.status);
}

for (let day = 1; day <= DAYS; day++) {
  for (let step = 0; step < STEPS_PER_DAY; step++) {
    const until = made + perStep;
    const worker = async (): Promise<void> => {
      while (made < until) await one();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    now += DAY_MS / STEPS_PER_DAY;
    await sessions.sweep();
  }
  globalThis.gc?.();
  const { rss: resident, heapUsed: heap } = process.memoryUsage();
  const redis = await redisMemory(Number(new URL(url).port));
  const today: ChurnDay = { day, redis, resident, heap };
  process.stdout.write(`${JSON.stringify(today)}\n`);
}
await sessions.close();
