/** The targets that a comparison of throughput does not show: writes per window, hashing beside requests, two processes. */
import { join } from 'node:path';
import { runOpenLoop } from '../load/run-open-loop.ts';
import { runWrk } from '../load/run-wrk.ts';
import { cpuSeconds } from '../measure/proc.ts';
import { median } from '../report/statistics.ts';
import type { Drill } from '../results.ts';
import type { System } from '../system.ts';
import { SYSTEMS } from '../systems.ts';
import { Client } from './client.ts';
import { LOAD_CORE, SERVER_CORE } from './rounds.ts';
import { Subject, type SubjectOptions } from './subject.ts';

type DrillOptions = Omit<SubjectOptions, 'cores'> & {
  /** Seconds of each measurement, and how many of them. */
  readonly seconds: number;
  readonly rounds: number;
};

const CONNECTIONS = 64;
/** Index of a session of an account that none of the measured sessions belongs to: an account has a limit of sessions. */
const OTHER_ACCOUNT = 50_000;

/** Sessions that are read all the time, with a refresh window of five seconds (a fourth of the idle time). */
export async function drillWritesPerWindow(options: DrillOptions): Promise<Drill> {
  const window = 5;
  const subject = await Subject.start(systemOf('library-sqlite'), {
    ...options,
    cores: String(SERVER_CORE),
    extraEnvironment: { BENCH_IDLE_SECONDS: '20' },
  });
  try {
    await subject.signIn(100);
    const before = (await subject.writes()) ?? 0;
    const seconds = options.rounds > 2 ? 2 * window + 1 : window + 1;
    const { requests } = await runWrk(LOAD_CORE, { ...load(subject), connections: CONNECTIONS, seconds });
    const writes = ((await subject.writes()) ?? 0) - before;
    const windows = seconds / window;
    return {
      name: 'writes-per-window',
      value: Math.round((writes / subject.sessions / windows) * 100) / 100,
      detail: `${writes} writes for ${subject.sessions} sessions read ${requests} times in ${windows} windows of ${window} s`,
    };
  } finally {
    await subject.stop();
  }
}

/** What a hundred sign-ins at once do to everybody who is signed in already. Both cores are the service's; the load has one of them. */
export async function drillHashing(options: DrillOptions): Promise<Drill> {
  const subject = await Subject.start(systemOf('service-sqlite'), { ...options, cores: `${SERVER_CORE},${LOAD_CORE}` });
  try {
    await subject.signIn(100);
    const rate = 500;
    const task = { ...load(subject), rate, connections: CONNECTIONS };
    await new Client(subject.origin).signIn(subject.system.signIn?.(OTHER_ACCOUNT) ?? []);
    await runWrk(LOAD_CORE, { ...load(subject), connections: CONNECTIONS, seconds: 2 });
    const calm: number[] = [];
    const busy: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      calm.push((await runOpenLoop(LOAD_CORE, { ...task, seconds: options.seconds })).p99);
      const hashing = keepSigningIn(subject, 100);
      busy.push((await runOpenLoop(LOAD_CORE, { ...task, seconds: options.seconds })).p99);
      await hashing.stop();
    }
    // Throws when somebody was signed out meanwhile: a quick "no" must not count as an answer.
    await subject.refresh();
    return {
      name: 'hashing',
      value: Math.round((median(busy) / median(calm)) * 100) / 100,
      detail: `p99 at ${rate}/s: ${median(calm)} µs idle, ${median(busy)} µs while 100 sign-ins are under way`,
    };
  } finally {
    await subject.stop();
  }
}

/**
 * CPU time per request of one process and of two on the same store, on one core in both cases and at the same rate: with
 * as much load as they can take, one process would answer more requests at each turn of its loop than two with half each.
 */
export async function drillTwoProcesses(options: DrillOptions): Promise<Drill> {
  const rate = 2000;
  const costs: number[][] = [[], []];
  const subjects: Subject[] = [];
  try {
    for (const workers of [1, 2]) {
      subjects.push(
        await Subject.start(systemOf('service-sqlite'), {
          ...options,
          cores: String(SERVER_CORE),
          extraArguments: ['--workers', String(workers)],
        }),
      );
    }
    for (const subject of subjects) await subject.signIn(100);
    for (let round = 0; round <= options.rounds; round++) {
      for (const [index, subject] of subjects.entries()) {
        const pids = subject.pids;
        const spent = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
        const before = spent();
        const task = { ...load(subject), connections: CONNECTIONS, seconds: options.seconds, rate };
        const { requests } = await runOpenLoop(LOAD_CORE, task);
        // The first turn is the warm-up.
        if (round > 0) costs[index]?.push(((spent() - before) / requests) * 1e6);
      }
    }
  } finally {
    for (const subject of subjects) await subject.stop();
  }
  const [one, two] = costs.map(median) as [number, number];
  return {
    name: 'two-processes',
    value: Math.round((two / one) * 100) / 100,
    detail: `${one.toFixed(1)} µs per request in one process, ${two.toFixed(1)} µs in two, at ${rate}/s`,
  };
}

function load(subject: Subject): { port: number; file: string } {
  return { port: subject.port, file: join(subject.directory, 'requests.txt') };
}

/** Keeps the given number of sign-ins under way, with the right password, until it is told to stop. */
function keepSigningIn(subject: Subject, parallel: number): { stop(): Promise<void> } {
  let stopped = false;
  const [step] = subject.system.signIn?.(OTHER_ACCOUNT + 1) ?? [];
  if (step === undefined) throw new Error(`${subject.system.name} has no sign-in`);
  const one = async (): Promise<void> => {
    while (!stopped) {
      const response = await fetch(`${subject.origin}${step.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(step.body),
      });
      await response.arrayBuffer();
    }
  };
  const all = Promise.all(Array.from({ length: parallel }, one));
  return {
    async stop() {
      stopped = true;
      await all;
    },
  };
}

function systemOf(name: string): System {
  const system = SYSTEMS.find((each) => each.name === name);
  if (system === undefined) throw new Error(`there is no system ${name}`);
  return system;
}
