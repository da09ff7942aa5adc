/** All results of a run, as they are kept in JSON and turned into pages. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import type { SystemKind } from '../adapter.ts';
import type { Drill } from '../drills/drill.ts';
import type { Result } from './run-drill.ts';

export interface ReportedSystem {
  readonly id: string;
  readonly title: string;
  readonly ours: boolean;
  readonly setting: string;
  readonly version: string;
}

export interface ReportedDrill {
  readonly id: string;
  readonly title: string;
  readonly does: string;
}

export interface Report {
  readonly ranAt: string;
  readonly quick: boolean;
  readonly machine: {
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly system: string;
    readonly node: string;
  };
  readonly systems: readonly ReportedSystem[];
  readonly drills: readonly ReportedDrill[];
  readonly results: readonly Result[];
}

/** What there is of a report so far; null when there is none. */
export function readReport(path: string): Report | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : null;
}

/**
 * Adds results to what is in the file: a run of a few drills renews those and keeps the rest, except for results of
 * another version of a system.
 */
export function addResults(
  path: string,
  run: {
    readonly quick: boolean;
    readonly kinds: readonly SystemKind[];
    readonly drills: readonly Drill[];
    readonly results: readonly Result[];
    /** All systems and drills that there are, in the order of the report. */
    readonly allKinds: readonly SystemKind[];
  },
): Report {
  const former = readReport(path);
  const renewed = new Set(run.results.map(keyOf));
  const versions = new Map(run.kinds.map((kind) => [kind.id, kind.version()]));
  const isCurrent = (id: string): boolean => {
    const version = versions.get(id);
    return version === undefined || former?.systems.find((each) => each.id === id)?.version === version;
  };
  const drillIds = new Set(run.drills.map(({ id }) => id));
  const kept = (former?.results ?? []).filter(
    (result) => !renewed.has(keyOf(result)) && isCurrent(result.system) && drillIds.has(result.drill),
  );
  const results = [...kept, ...run.results];
  const systems = run.allKinds
    .filter((kind) => results.some(({ system }) => system === kind.id))
    .map((kind) => ({
      id: kind.id,
      title: kind.title,
      ours: kind.ours,
      setting: kind.setting,
      version: versions.get(kind.id) ?? former?.systems.find(({ id }) => id === kind.id)?.version ?? 'unknown',
    }));
  const order = (list: readonly { readonly id: string }[], id: string): number =>
    list.findIndex((each) => each.id === id);
  results.sort(
    (a, b) =>
      order(systems, a.system) - order(systems, b.system) || order(run.drills, a.drill) - order(run.drills, b.drill),
  );
  const report: Report = {
    ranAt: new Date().toISOString(),
    quick: run.quick,
    machine: {
      cpus: cpus().length,
      memoryGiB: Math.round(totalmem() / 1024 ** 3),
      system: type(),
      node: process.version,
    },
    systems,
    drills: run.drills.map(({ id, title, does }) => ({ id, title, does })),
    results,
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${path}.new`, path);
  return report;
}

/** The result of a drill on a system; undefined where it was not run. */
export function resultOf(report: Report, system: string, drill: string): Result | undefined {
  return report.results.find((result) => result.system === system && result.drill === drill);
}

function keyOf({ system, drill }: Pick<Result, 'system' | 'drill'>): string {
  return `${system}/${drill}`;
}
