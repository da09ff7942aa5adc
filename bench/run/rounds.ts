/** Lets the systems take turns, round after round, and repeats a turn during which the machine was not ours. */
import { runOpenLoop } from '../load/run-open-loop.ts';
import { runWrk } from '../load/run-wrk.ts';
import { watchCores } from '../measure/foreign.ts';
import type { Round } from '../results.ts';
import type { Subject } from './subject.ts';

/** The core of the system under test, and the core of the load and of Redis. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const CORES = [SERVER_CORE, LOAD_CORE];

export interface RoundPlan {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly throughputSeconds: number;
  readonly latencySeconds: number;
  readonly connections: number;
  readonly ratePerSecond: number;
  /** Share of foreign CPU time beyond which a turn is measured again. */
  readonly foreignLimit: number;
  /** How many turns may be repeated in the whole run, as a share of all turns. */
  readonly repeatShare: number;
}

export interface RoundsOutcome {
  readonly rounds: ReadonlyMap<Subject, readonly Round[]>;
  readonly loadedBytes: ReadonlyMap<Subject, number>;
  readonly repeated: number;
  /** Turns that were kept although other programs were busy, because no repeat was left or none was quieter. */
  readonly disturbed: number;
}

export async function measureRounds(
  subjects: readonly Subject[],
  plan: RoundPlan,
  others: () => readonly number[],
  say: (line: string) => void,
): Promise<RoundsOutcome> {
  const rounds = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
  const loadedBytes = new Map<Subject, number>();
  const repeats = Math.ceil(plan.rounds * subjects.length * plan.repeatShare);
  let repeated = 0;
  let disturbed = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    for (const subject of subjects) {
      let best = await takeTurn(subject, plan, others);
      while (best.foreign > plan.foreignLimit && repeated < repeats) {
        repeated++;
        const again = await takeTurn(subject, plan, others);
        if (again.foreign < best.foreign) best = again;
      }
      if (best.foreign > plan.foreignLimit) disturbed++;
      rounds.get(subject)?.push(best);
      loadedBytes.set(subject, Math.max(loadedBytes.get(subject) ?? 0, subject.residentBytes()));
      say(
        `round ${round}/${plan.rounds}  ${subject.system.name.padEnd(22)} ${Math.round(best.requestsPerSecond)} req/s, ` +
          `${best.cpuMicroseconds.toFixed(1)} µs CPU, p50 ${best.p50}, p99 ${best.p99} µs, foreign ${(best.foreign * 100).toFixed(0)} %`,
      );
    }
  }
  return { rounds, loadedBytes, repeated, disturbed };
}

async function takeTurn(subject: Subject, plan: RoundPlan, backends: () => readonly number[]): Promise<Round> {
  const { port, requestFile: file } = subject;
  await subject.refresh();
  const { connections, ratePerSecond: rate } = plan;
  await runWrk(LOAD_CORE, { port, file, connections, seconds: plan.warmUpSeconds });

  const pids = subject.pids;
  const others = backends();
  const busy = watchCores(CORES, [...pids, ...others]);
  const writesBefore = await subject.writes();
  const closed = await runWrk(LOAD_CORE, { port, file, connections, seconds: plan.throughputSeconds });
  const writesAfter = await subject.writes();
  const seconds = busy.ownSeconds();
  const spent = sum(seconds.slice(0, pids.length));
  const { redis, postgres } = subject.system.needs;
  const foreignThen = busy.foreignShare();
  refuseErrors(subject, closed.status, closed.broken);

  const calm = watchCores(CORES, [...pids, ...others]);
  const open = await runOpenLoop(LOAD_CORE, { port, file, rate, seconds: plan.latencySeconds, connections });
  refuseErrors(subject, open.failed, 0);
  return {
    requestsPerSecond: Math.round(closed.requests / (closed.microseconds / 1e6)),
    cpuMicroseconds: Math.round((spent / closed.requests) * 1e7) / 10,
    storeMicroseconds:
      redis || postgres ? Math.round((sum(seconds.slice(pids.length)) / closed.requests) * 1e7) / 10 : null,
    p50: open.p50,
    p99: open.p99,
    max: open.max,
    writesPerRequest:
      writesBefore === null || writesAfter === null ? null : round3((writesAfter - writesBefore) / closed.requests),
    foreign: round3(Math.max(foreignThen, calm.foreignShare())),
  };
}

/** A fast wrong answer is no result. */
function refuseErrors(subject: Subject, refused: number, broken: number): void {
  if (refused + broken === 0) return;
  throw new Error(`${subject.system.name} refused ${refused} requests and broke ${broken} connections under load`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
