/** Runs one drill on one system, and cleans up after it whatever happened. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isApplicable, type System, type SystemKind } from '../adapter.ts';
import { type BrowserWindow, openChromium } from '../drills/chromium.ts';
import type { Drill, Stage } from '../drills/drill.ts';
import { removeAtExit } from '../process/leftovers.ts';
import { Visitor } from '../visitor/visitor.ts';
import { Evidence, type EvidenceRecord } from './evidence.ts';
import type { Outcome } from './outcome.ts';

/** What one drill on one system came to. */
export interface Result {
  readonly system: string;
  readonly drill: string;
  readonly outcome: Outcome;
  readonly evidence: EvidenceRecord;
  readonly tookMs: number;
}

export interface RunOptions {
  /** Reduced rounds: shows that everything works, proves less. */
  readonly quick: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

const QUICK_DIVISOR = 10;
const QUICK_LEAST_ROUNDS = 5;
const OUTPUT_KEPT = 600;

export async function runDrill(drill: Drill, kind: SystemKind, options: RunOptions): Promise<Result> {
  const startedAt = performance.now();
  const evidence = new Evidence();
  const clearing: (() => Promise<void> | void)[] = [];
  let outcome: Outcome;
  let system: System | null = null;
  try {
    system = await kind.create();
    outcome = await drill.run(makeStage(system));
  } catch (error) {
    outcome = { result: 'failed', why: error instanceof Error ? error.message : String(error) };
    const said = (system?.output ?? '').trim().slice(-OUTPUT_KEPT);
    if (said !== '') evidence.note(`the system wrote at the end: ${said}`);
  } finally {
    for (const clear of clearing.reverse()) await clear();
    await system?.dispose();
  }
  const tookMs = Math.round(performance.now() - startedAt);
  return { system: kind.id, drill: drill.id, outcome, evidence: evidence.record(), tookMs };

  function makeStage(system: System): Stage {
    let offsetSeconds = 0;
    const clock = (): number => Date.now() + offsetSeconds * 1000;
    const directory = mkdtempSync(join(tmpdir(), 'survival-drill-'));
    const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    const forget = removeAtExit(remove);
    clearing.push(() => {
      remove();
      forget();
    });
    return {
      system,
      evidence,
      rounds: (full, quick = Math.min(full, Math.max(QUICK_LEAST_ROUNDS, full / QUICK_DIVISOR))) =>
        options.quick ? quick : full,
      seconds: (full) => (options.quick ? Math.max(1, full / 5) : full),
      visitor: (jar) => new Visitor({ system, evidence, clock }, jar),
      async browser(profile) {
        const path = join(directory, profile);
        const window: BrowserWindow = await openChromium(path, `http://localhost:${system.port}`, system.routes);
        clearing.push(() => window.close());
        return window;
      },
      directory: () => directory,
      progress: (done, of) => options.onProgress?.(done, of),
      async passTime(seconds) {
        offsetSeconds += seconds;
        return isApplicable(await system.setClock(offsetSeconds));
      },
      afterwards: (clear) => void clearing.push(clear),
    };
  }
}
