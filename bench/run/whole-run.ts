/** A run from beginning to end: everything started, measured in turns, drilled, and stopped again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureBytes } from '../bytes/measure-bytes.ts';
import type { DrillEntry } from '../drills/drill.ts';
import { DRILLS } from '../drills/index.ts';
import { describeMachine, versionsOf } from '../measure/machine.ts';
import { postgresVersion } from '../measure/postgres-facts.ts';
import { redisVersion } from '../measure/redis-facts.ts';
import type { Options } from '../options.ts';
import { compareProfiles } from '../profile/compare.ts';
import { missedPairs } from '../report/targets.ts';
import type { Drill, Profile, Results, SystemResult } from '../results.ts';
import type { System } from '../system.ts';
import { SYSTEMS } from '../systems.ts';
import { type Backends, startBackends } from './backends.ts';
import { buildPackages } from './built.ts';
import { LOAD_CORE, measureRounds, type RoundPlan, type RoundsOutcome, SERVER_CORE } from './rounds.ts';
import { Subject } from './subject.ts';
import { MissingToolError, needPeers, needTools } from './tools.ts';

export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const FULL: RoundPlan = {
  rounds: 5,
  warmUpSeconds: 2,
  throughputSeconds: 4,
  latencySeconds: 3,
  connections: 64,
  ratePerSecond: 2000,
  foreignLimit: 0.1,
  repeatShare: 0.25,
};
const QUICK: RoundPlan = {
  ...FULL,
  rounds: 3,
  warmUpSeconds: 1,
  throughputSeconds: 1,
  latencySeconds: 1,
  repeatShare: 0,
};

interface Run {
  readonly options: Options;
  readonly scratch: string;
  readonly backends: Backends;
  readonly say: (line: string) => void;
}

/** Throws MissingToolError when the machine lacks something. */
export async function runBench(options: Options, say: (line: string) => void): Promise<Results> {
  const systems = chosenSystems(options);
  const drills = chosenDrills(options);
  needMachine();
  buildPackages(ROOT);
  if (systems.some(({ needs }) => needs.peers)) needPeers(ROOT);
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
  const needs = [...systems, ...drills].map((each) => each.needs);
  const backends = await startBackends(LOAD_CORE, {
    redis: needs.some(({ redis }) => redis),
    postgres: needs.some(({ postgres }) => postgres),
  });
  const run: Run = { options, scratch, backends, say };
  try {
    const { redis, postgres } = backends;
    const machine = describeMachine(
      redis === null ? null : await redisVersion(redis.port),
      postgres === null ? null : await postgresVersion(postgres),
    );
    const plan = { ...(options.quick ? QUICK : FULL), ...(options.rounds === null ? {} : { rounds: options.rounds }) };
    const { outcome, results } = await measureSystems(systems, plan, run);
    const measured: Results = {
      date: new Date().toISOString(),
      quick: options.quick,
      machine,
      versions: versionsOf(ROOT),
      setup: plan,
      repeated: outcome.repeated,
      disturbed: outcome.disturbed,
      systems: results,
      drills: await measureDrills(drills, run),
      bytes: options.bytes ? await measureBytes({ root: ROOT, scratch, quick: options.quick, say }) : [],
    };
    return options.profiles ? { ...measured, profiles: await explain(measured, run) } : measured;
  } finally {
    await backends.stop();
  }
}

async function measureSystems(
  systems: readonly System[],
  plan: RoundPlan,
  { options, scratch, backends, say }: Run,
): Promise<{ outcome: RoundsOutcome; results: SystemResult[] }> {
  const subjects: Subject[] = [];
  const idle = new Map<Subject, number>();
  try {
    for (const system of systems) {
      const subject = await Subject.start(system, { root: ROOT, scratch, backends, cores: String(SERVER_CORE) });
      subjects.push(subject);
      await new Promise((resolve) => setTimeout(resolve, 500));
      idle.set(subject, subject.residentBytes());
      await subject.signIn(options.quick ? 200 : 1000);
      say(
        `${system.name.padEnd(26)} ready after ${Math.round(subject.readyMs)} ms, ${mebibytes(idle.get(subject))} MiB, ` +
          `${subject.sessions} sessions, answers of ${subject.bodyBytes} bytes`,
      );
    }
    const outcome = await measureRounds(subjects, plan, () => backends.pids, say);
    const results = subjects.map((subject) => ({
      name: subject.system.name,
      title: subject.system.title,
      group: subject.system.group,
      section: subject.system.section,
      sessions: subject.sessions,
      bodyBytes: subject.bodyBytes,
      readyMs: Math.round(subject.readyMs),
      idleMiB: mebibytes(idle.get(subject)),
      loadedMiB: mebibytes(outcome.loadedBytes.get(subject)),
      rounds: outcome.rounds.get(subject) ?? [],
    }));
    return { outcome, results };
  } finally {
    for (const subject of subjects) await subject.stop();
  }
}

async function measureDrills(
  entries: readonly DrillEntry[],
  { options, scratch, backends, say }: Run,
): Promise<Drill[]> {
  const { quick } = options;
  const length = quick ? { seconds: 1, rounds: 2 } : { seconds: 3, rounds: 5 };
  const drills: Drill[] = [];
  for (const { run } of entries) {
    for (const result of [await run({ root: ROOT, scratch, backends, quick, ...length })].flat()) {
      say(`${result.name}: ${result.value} (${result.detail})`);
      drills.push(result);
    }
  }
  return drills;
}

/** A missed target is explained by a profile, made in the same run. */
async function explain(results: Results, { options, scratch, backends, say }: Run): Promise<Profile[]> {
  const profiles: Profile[] = [];
  for (const pair of missedPairs(results)) {
    say(`profile of ${pair.ours} beside ${pair.floor}`);
    const length = options.quick ? { seconds: 2, sessions: 200 } : { seconds: 5, sessions: 1000 };
    profiles.push(await compareProfiles(pair, { root: ROOT, scratch, backends, ...length }));
  }
  return profiles;
}

function chosenSystems({ only, quick, drillsOnly }: Options): readonly System[] {
  const unknown = only.filter((name) => !SYSTEMS.some((system) => system.name === name));
  if (unknown.length > 0) throw new MissingToolError(`there is no system ${unknown.join(', ')}; see --list`);
  if (drillsOnly !== null) return [];
  return SYSTEMS.filter((system) => (only.length > 0 ? only.includes(system.name) : !quick || system.quick));
}

function chosenDrills({ drills, drillsOnly, quick }: Options): readonly DrillEntry[] {
  const unknown = (drillsOnly ?? []).filter((name) => !DRILLS.some((drill) => drill.name === name));
  if (unknown.length > 0) throw new MissingToolError(`there is no drill ${unknown.join(', ')}; see --list`);
  if (drillsOnly !== null) return DRILLS.filter(({ name }) => drillsOnly.includes(name));
  return drills ? DRILLS.filter((drill) => !quick || drill.quick) : [];
}

function needMachine(): void {
  if (process.platform !== 'linux')
    throw new MissingToolError('the benchmarks read /proc and use taskset: run them on Linux');
  if (availableParallelism() < 2)
    throw new MissingToolError('two cores are needed: one for the server, one for the load');
  needTools(['taskset', 'wrk']);
}

function mebibytes(bytes = 0): number {
  return Math.round(bytes / 2 ** 20);
}
