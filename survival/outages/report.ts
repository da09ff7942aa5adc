/** The figures of all outage drills, as they are kept in JSON. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../systems/repository.ts';
import type { OutageDrill } from './drill.ts';
import type { OutageResult } from './run-outage.ts';

/** A run, and which sources of the library it tried: the first digits of a hash over all of them. */
export interface KeptRun extends OutageResult {
  readonly library?: string;
}

/** A run that broke off: it counts as one that went wrong. */
export interface BrokenRun {
  readonly drill: string;
  readonly ranAt: string;
  readonly why: string;
  readonly library?: string;
}

export interface OutageReport {
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly memoryGiB: number;
    readonly system: string;
    readonly node: string;
  };
  readonly drills: readonly Omit<OutageDrill, 'open'>[];
  /** Every run, the oldest first: what goes wrong now and then must not be hidden by the next run that goes well. */
  readonly results: readonly KeptRun[];
  readonly broken: readonly BrokenRun[];
}

/** What there is so far; null when there is none. */
export function readOutageReport(path: string): OutageReport | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as OutageReport) : null;
}

/** Adds a run to those that there are. Who has changed what is tried starts anew by deleting the file. */
export function keepRun(path: string, run: OutageResult | BrokenRun, all: readonly OutageDrill[]): OutageReport {
  const former = readOutageReport(path);
  const library = libraryHash();
  const results = [...(former?.results ?? []), ...('why' in run ? [] : [{ ...run, library }])];
  const broken = [...(former?.broken ?? []), ...('why' in run ? [{ ...run, library }] : [])];
  const report: OutageReport = {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 1024 ** 3),
      system: `${type()} ${release()}`,
      node: process.version,
    },
    drills: all.map(({ open: _, ...drill }) => drill),
    results,
    broken,
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${withoutPaths(JSON.stringify(report, null, 2))}\n`);
  renameSync(`${path}.new`, path);
  return report;
}

function libraryHash(): string {
  const sources = join(REPOSITORY, 'packages', 'holdfast', 'src');
  const hash = createHash('sha256');
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const name of names.sort()) hash.update(`${name}\n`).update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 8);
}

/** Temporary folders of a run are nobody's business. */
function withoutPaths(text: string): string {
  return text.replaceAll(/\/[^\s":]*\/holdfast-[a-z]+-[^\s":/]*/g, '…');
}
