/** The two ways through a store: copying everything once, and comparing everything with what the target has. */
import type { Clock } from '../core/crypto.ts';
import type { ScanBatch, StoredEntry, TransferableStore } from '../core/transfer.ts';
import { batches } from './batches.ts';
import type { Caller } from './caller.ts';
import type { MigrationFigures } from './checkpoint.ts';
import { copyEntry } from './copy-entry.ts';
import { inLanes } from './lanes.ts';
import { differs, isLapsed, isSession, standingOf } from './standing.ts';

export interface PassOptions {
  readonly from: TransferableStore;
  readonly to: TransferableStore;
  readonly call: Caller;
  readonly clock: Clock;
  readonly batchSize: number;
  readonly inFlight: number;
  /** Counts what would be written, and writes nothing. */
  readonly dryRun: boolean;
  /** Added to. */
  readonly figures: { -readonly [Name in keyof MigrationFigures]: number };
  stopping(): boolean;
  onBatch(progress: PassProgress): void;
}

export interface PassProgress {
  readonly phase: 'copying' | 'comparing';
  readonly sessions: number;
  readonly entries: number;
  /** Where the next batch begins; null when this was the last. */
  readonly next: string | null;
}

/** What a comparing pass found. */
export interface ComparedPass {
  /** False when it was stopped before its end. */
  readonly whole: boolean;
  readonly changed: number;
  readonly undecodable: number;
  readonly missing: number;
  readonly missingIds: readonly string[];
  readonly differing: number;
}

const MISSING_NAMED = 20;

/** Copies without asking first, which is half the work where the target is empty. Answers whether it came to the end. */
export async function copyPass(options: PassOptions & { readonly cursor: string | null }): Promise<boolean> {
  return walk(options, 'copying', options.cursor, (entry) => copy(options, entry).then(() => undefined));
}

/** Copies only what the target is behind with, and looks again whether it is there then. */
export async function comparePass(options: PassOptions): Promise<ComparedPass> {
  const { from, to, call, clock, dryRun, figures } = options;
  const found = { changed: 0, undecodable: 0, missing: 0, differing: 0 };
  const missingIds: string[] = [];
  const miss = (id: string): void => {
    found.missing++;
    if (missingIds.length < MISSING_NAMED) missingIds.push(id);
  };
  const compare = async (entry: StoredEntry): Promise<void> => {
    const there = await call(() => to.read(entry.id));
    const standing = standingOf(entry, there, clock());
    if (standing === 'unreadable') return miss(entry.id);
    if (standing === 'covered') {
      if (differs(entry, there)) found.differing++;
      return;
    }
    if (dryRun) {
      found.changed++;
      figures['tombstone' in entry ? 'ended' : 'copied']++;
      return;
    }
    await copy(options, entry);
    const then = await call(() => to.read(entry.id));
    if (standingOf(entry, then, clock()) === 'covered') found.changed++;
    else if (await isStillThere(entry)) miss(entry.id);
  };
  /** What the source let go of meanwhile is nothing that the target should have. */
  const isStillThere = async (entry: StoredEntry): Promise<boolean> =>
    !isLapsed(entry, clock()) && (await call(() => from.read(entry.id))).status !== 'absent';
  const count = ({ undecodable }: ScanBatch): void => {
    found.undecodable += undecodable;
  };
  const whole = await walk(options, 'comparing', null, compare, count);
  return { ...found, whole, missingIds };
}

async function copy({ to, call, figures }: PassOptions, entry: StoredEntry): Promise<void> {
  const outcome = await copyEntry(to, call, entry);
  figures[outcome === 'kept' ? 'skipped' : outcome]++;
}

async function walk(
  options: PassOptions,
  phase: PassProgress['phase'],
  cursor: string | null,
  work: (entry: StoredEntry) => Promise<void>,
  also: (batch: ScanBatch) => void = () => {},
): Promise<boolean> {
  const { from, call, clock, batchSize, inFlight, stopping, onBatch } = options;
  let sessions = 0;
  let entries = 0;
  if (stopping()) return false;
  for await (const batch of batches({ store: from, call, cursor, size: batchSize })) {
    await inLanes(batch.entries, inFlight, work, stopping);
    // Some of the batch may not have been begun: the checkpoint stays before it.
    if (stopping()) return false;
    const now = clock();
    sessions += batch.entries.filter((entry) => isSession(entry, now)).length;
    entries += batch.entries.length;
    also(batch);
    onBatch({ phase, sessions, entries, next: batch.next });
  }
  return true;
}
