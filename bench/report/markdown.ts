/** The results as tables. */
import type { ProfileRow, Results, Round, SystemResult } from '../results.ts';
import { median, spread } from './statistics.ts';
import { judge } from './targets.ts';

/** Systems by throughput, the fastest first. */
export function systemsTable(results: Results): string {
  const limit = results.systems.find(({ name }) => name === 'raw-http');
  const top = limit === undefined ? Number.NaN : middle(limit, 'requestsPerSecond');
  const rows = bySpeed(results.systems).map((system) => {
    const rate = middle(system, 'requestsPerSecond');
    const writes = system.rounds[0]?.writesPerRequest ?? null;
    const name = system.group === 'ours' ? `**${system.title}**` : system.title;
    return [
      system.group === 'floor' ? `floor: ${name}` : name,
      `${thousands(rate)} ± ${Math.round(spread(system.rounds.map((round) => round.requestsPerSecond)) * 100)} %`,
      Number.isNaN(top) ? '–' : (rate / top).toFixed(2),
      middle(system, 'cpuMicroseconds').toFixed(1),
      storeCost(system),
      `${thousands(middle(system, 'p50'))} / ${thousands(middle(system, 'p99'))} / ${thousands(middle(system, 'max'))}`,
      writes === null
        ? '–'
        : String(Math.round(median(system.rounds.map((round) => round.writesPerRequest ?? 0)) * 1000) / 1000),
      `${system.idleMiB} / ${system.loadedMiB}`,
      thousands(system.readyMs),
    ];
  });
  return table(
    [
      'system',
      'requests/s',
      '÷ raw',
      'CPU µs/request',
      'of the store',
      `p50 / p99 / max µs at ${thousands(results.setup.ratePerSecond)}/s`,
      'writes/request',
      'MiB idle / loaded',
      'ready after ms',
    ],
    rows,
  );
}

export function targetsTable(results: Results): string {
  const rows = judge(results).map(({ what, target, measured, met }) => [
    what,
    target,
    measured,
    met === null ? '–' : met ? 'met' : '**not met**',
  ]);
  return table(['what', 'target', 'measured', ''], rows);
}

export function bytesTable({ bytes }: Results): string {
  const rows = bytes.map(({ title, sessions, bytesPerSession, detail = '' }) => [
    title,
    thousands(sessions),
    thousands(bytesPerSession),
    detail,
  ]);
  return table(['store', 'sessions', 'bytes per session', ''], rows);
}

/** Two tables for each pair: by part of the program, and the functions that differ most. */
export function profileTables({ profiles, systems }: Results): string {
  if (profiles === undefined) return 'The run made no profiles.';
  if (profiles.length === 0) return 'No target about throughput or latency was missed.';
  const titleOf = (name: string): string => systems.find((system) => system.name === name)?.title ?? name;
  const line = ({ where, ours, floor }: ProfileRow): string[] => [
    where.replaceAll('|', '\\|'),
    ours.toFixed(2),
    floor.toFixed(2),
    (ours - floor).toFixed(2),
  ];
  return profiles
    .map(({ ours, floor, groups, functions }) => {
      const total: ProfileRow = {
        where: '**all**',
        ours: groups.reduce((sum, row) => sum + row.ours, 0),
        floor: groups.reduce((sum, row) => sum + row.floor, 0),
      };
      const head = (what: string): string[] => [what, ours, floor, 'difference'];
      return [
        `### ${titleOf(ours)} beside ${titleOf(floor)}`,
        table(head('µs per request in'), [total, ...groups].map(line)),
        table(head('where it differs most'), functions.map(line)),
      ].join('\n\n');
    })
    .join('\n\n');
}

/** How the figures came about, in two sentences and a list of versions. */
export function circumstances(results: Results): string {
  const { machine, setup, versions, systems, repeated, disturbed } = results;
  const rounds = `${setup.rounds} rounds${results.quick ? ' (`--quick`)' : ''}`;
  const share = `${Math.round(setup.foreignLimit * 100)} %`;
  const quiet =
    disturbed === 0
      ? `In no counted turn did other programs have more than ${share} of the two cores.`
      : `The machine was not quiet: in ${disturbed} of ${setup.rounds * systems.length} turns other programs had more than ` +
        `${share} of the two cores; these turns are counted, so read the ratios and not the absolute figures.`;
  return [
    `Measured ${results.date.slice(0, 10)} on ${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB, ` +
      `${machine.system}, Node ${machine.node}, SQLite ${machine.sqlite}` +
      `${machine.redis === null ? '' : `, Redis ${machine.redis}`}` +
      `${machine.postgres ? `, PostgreSQL ${machine.postgres}` : ''}, wrk ${machine.wrk}: ${rounds} in turns, ` +
      `${setup.connections} connections, ${setup.throughputSeconds} s of throughput and ${setup.latencySeconds} s at a ` +
      `fixed rate in each turn, after ${setup.warmUpSeconds} s of warming up. ${quiet} Turns repeated: ${repeated}.`,
    '',
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
  ].join('\n');
}

export function bySpeed(systems: readonly SystemResult[]): readonly SystemResult[] {
  return [...systems].sort((a, b) => middle(b, 'requestsPerSecond') - middle(a, 'requestsPerSecond'));
}

/** The median of one figure over the rounds of a system. */
export function middle(
  system: SystemResult,
  figure: Exclude<keyof Round, 'writesPerRequest' | 'storeMicroseconds'>,
): number {
  return median(system.rounds.map((round) => round[figure]));
}

/** CPU time of Redis and PostgreSQL per request. */
function storeCost({ rounds }: SystemResult): string {
  const costs = rounds.map(({ storeMicroseconds }) => storeMicroseconds ?? null).filter((cost) => cost !== null);
  return costs.length === 0 ? '–' : median(costs).toFixed(1);
}

function thousands(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
