/**
 * CPU time per request of one process and of two on the same store, on one core in both cases and at the same rate: with
 * as much load as they can take, one process would answer more requests at each turn of its loop than two with half each.
 * The platform does the same without any store, because even at one rate two loops turn more often than one; that much is
 * nothing that a shared store costs, and is said beside it.
 */
import { runOpenLoop } from '../load/run-open-loop.ts';
import { cpuSeconds } from '../measure/proc.ts';
import { median } from '../report/statistics.ts';
import type { Drill } from '../results.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import { Subject } from '../run/subject.ts';
import { systemOf } from '../systems.ts';
import { CONNECTIONS, type DrillOptions, load } from './drill.ts';

const RATE = 2000;
const FLOOR = 'raw-http';
/** System → name of the target. */
const MEASURED = new Map([
  ['service-sqlite', 'two-processes'],
  ['library-redis', 'two-processes-redis'],
  ['library-redis-l1', 'two-processes-redis-l1'],
]);

/** One system in one or two processes, and its microseconds per request, round by round. */
interface Running {
  readonly subject: Subject;
  readonly own: number[];
  readonly store: number[];
}

export async function drillTwoProcesses(options: DrillOptions): Promise<readonly Drill[]> {
  const running = new Map<string, Running[]>();
  try {
    for (const name of [FLOOR, ...MEASURED.keys()]) {
      const both: Running[] = [];
      running.set(name, both);
      for (const count of [1, 2]) both.push(await start(name, count, options));
    }
    for (let round = 0; round <= options.rounds; round++) {
      for (const each of [...running.values()].flat()) await takeTurn(each, options, round > 0);
    }
  } finally {
    for (const { subject } of [...running.values()].flat()) await subject.stop();
  }
  const floor = growth(running.get(FLOOR) ?? []).toFixed(2);
  return [...MEASURED].map(([system, name]) => {
    const both = running.get(system) ?? [];
    const [one, two] = both.map(({ own }) => median(own).toFixed(1));
    const [storeOne, storeTwo] = both.map(({ store }) => median(store).toFixed(1));
    const { redis, postgres } = systemOf(system).needs;
    const ofStore = redis || postgres ? `; the store's own: ${storeOne} µs, ${storeTwo} µs` : '';
    return {
      name,
      value: Math.round(growth(both) * 100) / 100,
      detail: `${one} µs per request in one process, ${two} µs in two, at ${RATE}/s${ofStore}; raw node:http: ${floor}`,
    };
  });
}

async function start(name: string, count: number, options: DrillOptions): Promise<Running> {
  const subject = await Subject.start(systemOf(name), {
    ...options,
    cores: String(SERVER_CORE),
    ...(name.startsWith('service')
      ? { extraArguments: ['--workers', String(count)] }
      : { extraEnvironment: { BENCH_PROCESSES: String(count) } }),
  });
  await subject.signIn(100);
  return { subject, own: [], store: [] };
}

/** The first turn of each is its warm-up. */
async function takeTurn({ subject, own, store }: Running, options: DrillOptions, counts: boolean): Promise<void> {
  const [pids, stores] = [subject.pids, options.backends.pids];
  const [before, storesBefore] = [spent(pids), spent(stores)];
  const task = { ...load(subject), connections: CONNECTIONS, seconds: options.seconds, rate: RATE };
  const { requests } = await runOpenLoop(LOAD_CORE, task);
  if (!counts) return;
  own.push(((spent(pids) - before) / requests) * 1e6);
  store.push(((spent(stores) - storesBefore) / requests) * 1e6);
}

function growth([one, two]: readonly Running[]): number {
  return median(two?.own ?? []) / median(one?.own ?? []);
}

function spent(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}
