/** Watches the processes of the application during a drill: memory, requests under way, what Node keeps open. */
import type { AppFigures } from './app-messages.ts';
import type { AppProcess } from './app-process.ts';

const EVERY_MS = 500;

/** Of one process; memory in MiB. */
export interface ProcessFigures {
  readonly rss: { readonly before: number; readonly peak: number; readonly after: number };
  /** Live objects, after garbage was collected. */
  readonly heap: { readonly before: number; readonly after: number };
  readonly mostUnderWay: number;
  readonly underWayAfter: number;
  readonly resources: { readonly before: number; readonly peak: number; readonly after: number };
  readonly unhandledRejections: number;
  readonly warnings: readonly string[];
  readonly events: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

export interface Watch {
  /** The end of the watch, with the figures of each process. */
  stop(): Promise<readonly ProcessFigures[]>;
}

export async function watchProcesses(apps: readonly AppProcess[]): Promise<Watch> {
  const before = await Promise.all(apps.map((app) => app.figures(true)));
  const peaks = before.map(({ rss, resources }) => ({ rss, resources, underWay: 0 }));
  const look = async (app: AppProcess, i: number): Promise<void> => {
    const peak = peaks[i];
    if (app.died !== null || peak === undefined) return;
    const { rss, resources, mostUnderWay } = await app.figures();
    peak.rss = Math.max(peak.rss, rss);
    peak.resources = Math.max(peak.resources, resources);
    peak.underWay = Math.max(peak.underWay, mostUnderWay);
  };
  // A process that a drill has killed does not answer.
  const timer = setInterval(() => void Promise.all(apps.map(look)).catch(() => {}), EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(apps.map(look)).catch(() => {});
      const after = await Promise.all(
        apps.map(async (app, i) => (app.died === null ? app.figures(true) : (before[i] ?? app.figures()))),
      );
      return after.map((figures, i) => summary(before[i] ?? figures, peaks[i], figures));
    },
  };
}

function summary(
  before: AppFigures,
  peak: { readonly rss: number; readonly resources: number; readonly underWay: number } | undefined,
  after: AppFigures,
): ProcessFigures {
  return {
    rss: { before: toMiB(before.rss), peak: toMiB(peak?.rss ?? after.rss), after: toMiB(after.rss) },
    heap: { before: toMiB(before.heapUsed), after: toMiB(after.heapUsed) },
    mostUnderWay: peak?.underWay ?? 0,
    underWayAfter: after.underWay,
    resources: { before: before.resources, peak: peak?.resources ?? after.resources, after: after.resources },
    unhandledRejections: after.unhandledRejections,
    warnings: after.warnings,
    events: after.events,
    failures: after.failures,
  };
}

function toMiB(bytes: number): number {
  return Math.round((bytes / 1024 ** 2) * 10) / 10;
}
