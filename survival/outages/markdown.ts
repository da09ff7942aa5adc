/** Turns the figures of the outage drills into the tables of docs/outages.md. */
import type { Fault } from './ledger.ts';
import type { ProcessFigures } from './memory.ts';
import type { BrokenRun, OutageReport } from './report.ts';
import type { OutageResult } from './run-outage.ts';

type Drill = OutageReport['drills'][number];

export function toOutageTables(report: OutageReport): string {
  const { machine, drills, results, broken } = report;
  const rows = drills.flatMap((drill): Row[] => {
    const runs = results.filter((each) => each.drill === drill.id);
    const brokenRuns = broken.filter((each) => each.drill === drill.id);
    return runs.length + brokenRuns.length === 0 ? [] : [{ drill, runs, broken: brokenRuns }];
  });
  const strict = rows.filter(({ drill }) => drill.mayLose === null);
  const lossy = rows.filter(({ drill }) => drill.mayLose !== null);
  const states = new Set([...results, ...broken].map(({ library }) => library)).size;
  return [
    `Measured on ${machine.cpus} cores (${machine.model}), ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, ` +
      `servers, application and crowd on the same machine; ${sum(results, ({ requests }) => requests)} requests in all. ` +
      'Counts are of all kept runs together, times and memory those of the worst run.' +
      (states === 1
        ? ''
        : ' The runs were made while the library was being changed, so they do not all try the same code.'),
    '### Where nothing may be lost',
    judged(strict),
    '### Where the backend itself can lose what it acknowledged',
    judged(lossy),
    ...lossReasons(lossy.map(({ drill }) => drill)),
    '### How long it took, and what it cost',
    costs(rows.filter(({ runs }) => runs.length > 0)),
    '### What happened in each',
    ...rows.map(story),
  ].join('\n\n');
}

interface Row {
  readonly drill: Drill;
  readonly runs: readonly OutageResult[];
  readonly broken: readonly BrokenRun[];
}

function judged(rows: readonly Row[]): string {
  const lines = rows.map(({ drill, runs, broken }) => {
    const requests = sum(runs, (run) => run.requests);
    const unreachable = sum(runs, ({ answers }) => answers.unreachable);
    const bad = runs.filter(({ problems }) => problems.length > 0).length + broken.length;
    const count = (fault: Fault): number => sum(runs, ({ counts }) => counts[fault]);
    const cells = [
      `${bad} of ${runs.length + broken.length}`,
      requests,
      sum(runs, (run) => run.sessionsEnded),
      `${unreachable} (${Math.round((unreachable / Math.max(1, requests)) * 100)} %)`,
      count('signOuts'),
      count('resurrections'),
      count('lostData'),
      count('doubles'),
      count('touchedCookies') + count('wrongPerson') + count('unexpected'),
      sum(runs, ({ processes }) => sum(processes, (each) => each.unhandledRejections)),
    ];
    return `| ${bad === 0 ? '✔' : '✖'} ${drill.title} | ${cells.join(' | ')} |`;
  });
  return [
    '| drill | runs with a problem | requests | sessions ended | 503 | signed out | came back | values lost | ended twice | wrong answers | unhandled |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...lines,
  ].join('\n');
}

function costs(rows: readonly Row[]): string {
  const lines = rows.map(({ drill, runs }) => {
    const worst = (of: (run: OutageResult) => number): number => Math.max(...runs.map(of));
    const p99 = (phase: 'before' | 'during' | 'after'): number => worst(({ figures }) => figures.p99Ms[phase] ?? 0);
    const ofProcesses = (of: (each: ProcessFigures) => number): number =>
      worst(({ processes }) => Math.max(...processes.map(of)));
    const cells = [
      seconds(worst(({ faultSeconds, backendMs }) => faultSeconds * 1000 + backendMs)),
      seconds(worst(({ figures }) => figures.longestSilenceMs)),
      seconds(worst(({ figures }) => figures.longestUnservedMs)),
      seconds(worst(({ figures }) => figures.firstServedMs ?? Number.POSITIVE_INFINITY)),
      seconds(worst(({ figures }) => figures.lastTurnedAwayMs)),
      seconds(worst(({ everybodyServedMs }) => everybodyServedMs ?? Number.POSITIVE_INFINITY)),
      `${p99('before')} / ${p99('during')} / ${p99('after')}`,
      `${ofProcesses(({ rss }) => rss.before)} → ${ofProcesses(({ rss }) => rss.peak)}`,
      `${ofProcesses(({ heap }) => heap.before)} → ${ofProcesses(({ heap }) => heap.after)}`,
      `${ofProcesses((each) => each.mostUnderWay)} → ${ofProcesses((each) => each.underWayAfter)}`,
    ];
    return `| ${drill.title} | ${cells.join(' | ')} |`;
  });
  return [
    '| drill | backend away, s | no answer at all, s | nobody served, s | first served after, s | last 503 after, s | everybody served after, s | p99 before / during / after, ms | RSS before → peak, MiB | heap before → after, MiB | requests under way, most → after |',
    '|---|--:|--:|--:|--:|--:|--:|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function lossReasons(drills: readonly Drill[]): readonly string[] {
  return [...new Set(drills.map(({ mayLose }) => mayLose?.why ?? ''))].filter((why) => why !== '');
}

function story({ drill, runs, broken }: Row): string {
  const regressed = sum(runs, ({ processes }) => sum(processes, ({ events }) => events['store-regressed'] ?? 0));
  const healed =
    regressed === 0
      ? ''
      : ` ${regressed} refreshed tokens were newer than the store remembered (\`store-regressed\`): their people stayed signed in.`;
  const lateEnd = Math.max(0, ...runs.map(({ figures }) => figures.lateEndMs));
  const lateData = Math.max(0, ...runs.map(({ figures }) => figures.lateDataMs));
  const late = [
    ...(lateEnd > 0 ? [`an ended session was let in up to ${lateEnd} ms later`] : []),
    ...(lateData > 0 ? [`a value was unseen for up to ${lateData} ms`] : []),
  ];
  const lag = late.length === 0 ? '' : ` Within the lag that caches may have: ${late.join(', ')}.`;
  const all = [...runs.flatMap(({ ranAt, problems }) => problems.map((why) => ({ ranAt, why }))), ...broken];
  const problems = all.map(({ ranAt, why }) => `\n- ${ranAt}: ${firstLine(why)}`).join('');
  const backend = runs.at(-1)?.backend ?? 'broke off';
  return `**${drill.title}** (\`${drill.id}\`, ${backend}): ${drill.does}${healed}${lag}${problems === '' ? '' : `\n${problems}`}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function seconds(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? (milliseconds / 1000).toFixed(1) : 'never';
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
