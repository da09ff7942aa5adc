/**
 * What one-time sessions cost on a Redis, beside plain commands with the same bytes: `ticket-load.ts <url> <tickets> <rounds>`.
 * Writes a line of JSON for each figure. All in one process and in turns, so that what drifts drifts for both.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { createTickets } from 'holdfast/tickets';
import { createClient } from 'redis';

/** How many are under way at a time. */
const AT_ONCE = 64;
const RATE = 2000;
const TTL_MS = 1_800_000;
const KEPT_MS = String(TTL_MS + 600_000);
const ORIGIN = 'https://shop.example.com';

export interface TicketFact {
  readonly name: string;
  /** Operations per second, or microseconds. */
  readonly value: number;
}

const [url = '', count = '0', roundCount = '0'] = process.argv.slice(2);
const tickets = Number(count);
const say = (fact: TicketFact): void => void process.stdout.write(`${JSON.stringify(fact)}\n`);

const client = createClient({ url, RESP: 3 });
await client.connect();
const store = await redisStore({ url, cache: false });
const engine = createTickets({
  store,
  secrets: generateSecret(),
  policy: { maxTickets: 100_000_000 },
  sweepSeconds: 0,
});
const kept = store.tickets;
/** As many bytes as a ticket with one origin. */
const bytes = randomBytes(28);
const none = { openedAt: null, usedAt: null, origins: [ORIGIN], payload: '' };
const use = { origin: ORIGIN, proof: null, repeatMs: 10_000 };
const past = (): number => Date.now();

type Step = (index: number) => Promise<unknown>;

interface Pair {
  readonly name: string;
  readonly make: Step;
  readonly use: Step;
}

/** Each makes what it uses under keys of its own. */
function pairs(): readonly Pair[] {
  const keys = Array.from({ length: tickets }, () => randomUUID());
  const plain = keys.map((key) => `auth_session:plain-${key.slice(6)}`);
  const ids: string[] = [];
  return [
    {
      name: 'plain',
      make: (index) => client.sendCommand(['SET', plain[index] ?? '', bytes, 'PX', KEPT_MS]),
      use: (index) => client.sendCommand(['GETDEL', plain[index] ?? '']),
    },
    {
      name: 'store',
      async make(index) {
        const createdAt = past();
        const ticket = { key: keys[index] ?? '', createdAt, expiresAt: createdAt + TTL_MS, ...none };
        expect((await kept.create(ticket, 100_000_000, createdAt)).status, 'created');
      },
      use: async (index) =>
        expect((await kept.consume([keys[index] ?? ''], { at: past(), ...use })).status, 'consumed'),
    },
    {
      name: 'library',
      async make(index) {
        const made = await engine.create({ origins: [ORIGIN] });
        expect(made.status, 'created');
        if (made.status === 'created') ids[index] = made.id;
      },
      use: async (index) => expect((await engine.consume(ids[index] ?? '', { origin: ORIGIN })).status, 'consumed'),
    },
  ];
}

function expect(status: string, wanted: string): void {
  if (status !== wanted) throw new Error(`${status} instead of ${wanted}`);
}

/** Processor time so far of this process and of Redis, in microseconds. */
async function spent(): Promise<{ readonly ours: number; readonly redis: number }> {
  const { user, system } = process.cpuUsage();
  const info = String(await client.sendCommand(['INFO', 'cpu']));
  const of = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]) * 1e6;
  return { ours: user + system, redis: of('used_cpu_user') + of('used_cpu_sys') };
}

/** Also of the processor time that each takes, which says something on a busy machine as well. */
async function rate(name: string, step: Step): Promise<void> {
  const before = await spent();
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tickets) await step(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const milliseconds = performance.now() - started;
  const after = await spent();
  say({ name, value: Math.round((tickets * 1000) / milliseconds) });
  say({ name: `${name} µs`, value: round((after.ours - before.ours) / tickets) });
  say({ name: `${name} µs of Redis`, value: round((after.redis - before.redis) / tickets) });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Starts what is due, whether or not what was started before has ended: nothing is left out because something hung. */
async function p99(steps: readonly Step[]): Promise<number[]> {
  const times: number[][] = steps.map(() => []);
  const running: Promise<unknown>[] = [];
  const started = performance.now();
  // Each step takes its turn at the whole rate, so all of them see the same machine.
  for (let sent = 0; sent < tickets * steps.length; ) {
    const due = Math.min(Math.floor(((performance.now() - started) * RATE) / 1000), tickets * steps.length);
    for (; sent < due; sent++) {
      const turn = sent % steps.length;
      const from = started + (sent * 1000) / RATE;
      const step = steps[turn] as Step;
      running.push(step(Math.floor(sent / steps.length)).then(() => times[turn]?.push(performance.now() - from)));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  return times.map((list) => {
    list.sort((a, b) => a - b);
    return Math.round((list[Math.floor(list.length * 0.99)] ?? Number.NaN) * 1000);
  });
}

for (let turn = 0; turn < Number(roundCount); turn++) {
  const all = pairs();
  for (const { name, make } of all) await rate(`${name} make`, make);
  for (const pair of all) await rate(`${pair.name} use`, pair.use);
  const [plain, , library] = pairs();
  const trip: Step = () => client.sendCommand(['PING']);
  if (plain === undefined || library === undefined) continue;
  const [ping, made] = await p99([trip, library.make]);
  say({ name: 'trip beside make p99', value: ping ?? Number.NaN });
  say({ name: 'library make p99', value: made ?? Number.NaN });
  const [pong, used] = await p99([trip, library.use]);
  say({ name: 'trip beside use p99', value: pong ?? Number.NaN });
  say({ name: 'library use p99', value: used ?? Number.NaN });
}
engine.close();
await store.close();
client.destroy();
