/** `npm run bench`: measures floors, peers and ours in one run, in turns, and writes what came of it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureBytes } from './bytes/measure-bytes.ts';
import { describeMachine, versionsOf } from './measure/machine.ts';
import { redisVersion } from './measure/redis-facts.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { PAGE, PICTURE_FILE, pageWith, RESULTS_FILE, readResults } from './report/docs.ts';
import { bytesTable, circumstances, systemsTable, targetsTable } from './report/markdown.ts';
import { drawSvg } from './report/svg.ts';
import type { Drill, Results } from './results.ts';
import { buildPackages } from './run/built.ts';
import { drillHashing, drillTwoProcesses, drillWritesPerWindow } from './run/drills.ts';
import { LOAD_CORE, measureRounds, type RoundPlan, SERVER_CORE } from './run/rounds.ts';
import { Subject } from './run/subject.ts';
import { MissingToolError, needPeers, needProgram, startRedis } from './run/tools.ts';
import type { System } from './system.ts';
import { SYSTEMS } from './systems.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

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

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: Options): Promise<Results> {
  const plan = { ...(options.quick ? QUICK : FULL), ...(options.rounds === null ? {} : { rounds: options.rounds }) };
  const systems = chosen(options);
  needMachine();
  buildPackages(ROOT);
  if (systems.some(({ needs }) => needs.peers)) needPeers(ROOT);
  const scratch = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const redis = systems.some(({ needs }) => needs.redis) ? await startRedis(LOAD_CORE) : null;
  const subjects: Subject[] = [];
  const place = { root: ROOT, scratch, redisPort: redis?.port ?? null };
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
  try {
    const idle = new Map<Subject, number>();
    for (const system of systems) {
      const subject = await Subject.start(system, { ...place, cores: String(SERVER_CORE) });
      subjects.push(subject);
      await new Promise((resolve) => setTimeout(resolve, 500));
      idle.set(subject, subject.residentBytes());
      await subject.signIn(options.quick ? 200 : 1000);
      say(
        `${system.name.padEnd(22)} ready after ${Math.round(subject.readyMs)} ms, ${mebibytes(idle.get(subject))} MiB, ` +
          `${subject.sessions} sessions, answers of ${subject.bodyBytes} bytes`,
      );
    }
    const outcome = await measureRounds(subjects, plan, redis === null ? [] : [redis.child.pid as number], say);
    for (const subject of subjects) await subject.stop();
    const length = options.quick ? { seconds: 1, rounds: 2 } : { seconds: 3, rounds: 5 };
    const drills: Drill[] = [];
    for (const drill of options.drills ? [drillWritesPerWindow, drillHashing, drillTwoProcesses] : []) {
      const result = await drill({ ...place, ...length });
      say(`${result.name}: ${result.value} (${result.detail})`);
      drills.push(result);
    }
    return {
      date: new Date().toISOString(),
      quick: options.quick,
      machine: describeMachine(redis === null ? null : await redisVersion(redis.port)),
      versions: versionsOf(ROOT),
      setup: plan,
      repeated: outcome.repeated,
      disturbed: outcome.disturbed,
      systems: subjects.map((subject) => ({
        name: subject.system.name,
        title: subject.system.title,
        group: subject.system.group,
        sessions: subject.sessions,
        bodyBytes: subject.bodyBytes,
        readyMs: Math.round(subject.readyMs),
        idleMiB: mebibytes(idle.get(subject)),
        loadedMiB: mebibytes(outcome.loadedBytes.get(subject)),
        rounds: outcome.rounds.get(subject) ?? [],
      })),
      drills,
      bytes: options.bytes
        ? await measureBytes({ root: ROOT, scratch, quick: options.quick, redisPort: place.redisPort })
        : [],
    };
  } finally {
    for (const subject of subjects) await subject.stop();
    redis?.child.kill('SIGTERM');
  }
}

function chosen({ only, quick }: Options): readonly System[] {
  const unknown = only.filter((name) => !SYSTEMS.some((system) => system.name === name));
  if (unknown.length > 0) throw new MissingToolError(`there is no system ${unknown.join(', ')}; see --list`);
  return SYSTEMS.filter((system) => (only.length > 0 ? only.includes(system.name) : !quick || system.quick));
}

function needMachine(): void {
  if (process.platform !== 'linux')
    throw new MissingToolError('the benchmarks read /proc and use taskset: run them on Linux');
  if (availableParallelism() < 2)
    throw new MissingToolError('two cores are needed: one for the server, one for the load');
  needProgram('taskset', 'util-linux');
  needProgram('wrk', 'wrk');
}

function mebibytes(bytes = 0): number {
  return Math.round(bytes / 2 ** 20);
}

/** A part of a run, or a quick one, must not take the place of the whole that the page shows. */
function store(results: Results, { quick, only }: Options): void {
  const name = only.length > 0 ? 'partial' : quick ? 'quick' : 'latest';
  const files = [RESULTS_FILE, PICTURE_FILE].map((file) => file.replace('latest', name)) as [string, string];
  mkdirSync(join(ROOT, dirname(RESULTS_FILE)), { recursive: true });
  writeFileSync(join(ROOT, files[0]), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(ROOT, files[1]), drawSvg(results));
  say(`\nwritten: ${files.join(', ')}`);
}

function writePage(results: Results): void {
  const file = join(ROOT, PAGE);
  writeFileSync(file, pageWith(readFileSync(file, 'utf8'), results));
  say(`written: ${PAGE}`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) say(HELP);
  else if (options.list) for (const { name, title } of SYSTEMS) say(`${name.padEnd(22)} ${title}`);
  else if (options.docsOnly) writePage(readResults(ROOT));
  else {
    const results = await run(options);
    say(`\n${circumstances(results)}\n\n${targetsTable(results)}\n\n${systemsTable(results)}`);
    if (results.bytes.length > 0) say(`\n${bytesTable(results)}`);
    store(results, options);
    if (options.writeDocs) writePage(results);
  }
} catch (error) {
  if (!(error instanceof MissingToolError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
