/** Moves everything from one store to another while people go on using the first; what it promises is at `migrateSessions`. */
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import type { TransferableStore } from '../core/transfer.ts';
import { type Caller, createCaller, type Pause, realPause } from './caller.ts';
import { type MigrationCheckpoint, type MigrationFigures, readCheckpoint } from './checkpoint.ts';
import { type ComparedPass, comparePass, copyPass, type PassProgress } from './passes.ts';

/** What {@link migrateSessions} takes. Both stores stay open. */
export interface MigrateOptions {
  /** Where the sessions are; nothing is written to it. */
  readonly from: TransferableStore;
  /** Where they shall be. */
  readonly to: TransferableStore;
  /** Told after every batch. */
  readonly onProgress?: (progress: MigrationProgress) => void;
  /** Stops it soon; the result then has `finished: false`. */
  readonly signal?: AbortSignal;
  /**
   * Goes on comparing, pass after pass: until this signal is aborted (one more whole pass then begins, so that what was
   * written before the abort is there), or until a pass finds nothing new. Default: one pass after the copying.
   */
  readonly follow?: AbortSignal | 'until-nothing-new';
  /** How long to wait between two passes of `follow`, in milliseconds. Default 1000. */
  readonly pauseMs?: number;
  /** How many entries are read at once. Default 500. */
  readonly batchSize?: number;
  /** How many entries are under way to the target at once. Default 32. */
  readonly inFlight?: number;
  /** Goes on where an earlier run was. Throws `invalid-option` when it cannot be used, with the reason. */
  readonly checkpoint?: unknown;
  /** Only compares: `copied` and `ended` then say what would be written. Default false. */
  readonly dryRun?: boolean;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Waits between tries while a store is unreachable, and between passes. Default: a timer. */
  readonly pause?: Pause;
}

/** Where it is now. */
export interface MigrationProgress {
  readonly phase: 'copying' | 'comparing';
  /** Passes begun, this one included; copying is the first. */
  readonly pass: number;
  /** Live sessions that this pass has come past. */
  readonly sessions: number;
  /** Everything that this pass has come past: sessions, pointers, expired records and tombstones. */
  readonly entries: number;
  /** Live sessions in the source when it began; null when it would not say. */
  readonly expected: number | null;
  readonly figures: MigrationFigures;
  readonly checkpoint: MigrationCheckpoint;
}

/** What came of it. */
export interface MigrationResult extends MigrationFigures {
  /** False when `signal` stopped it; `checkpoint` then says where to go on. */
  readonly finished: boolean;
  /**
   * Whether the last pass, from its beginning to its end, found every record of the source in the target with at least its
   * version and times, and every end as an end.
   */
  readonly verified: boolean;
  readonly passes: number;
  /** What the last pass had to write: changes made in the source meanwhile. */
  readonly changed: number;
  /** Entries of the source that this version cannot read; they stay where they are. */
  readonly undecodable: number;
  /** Entries that the target does not have although they were copied, cannot hold, or holds unreadable. */
  readonly missing: number;
  /** The first twenty of them. */
  readonly missingIds: readonly string[];
  /** Records with the same version and other contents: people wrote to both stores; the target's stay. */
  readonly differing: number;
  /** Live sessions in both at the end; null where a store would not say. */
  readonly counts: { readonly from: number | null; readonly to: number | null };
  readonly checkpoint: MigrationCheckpoint;
}

/**
 * Copies every record, pointer and tombstone, then compares everything and repeats what has changed meanwhile. Ends and
 * higher versions win on both sides, so it can be stopped, resumed and repeated at any time, also with people signed in on
 * both stores. A store that is unreachable is tried again for half a minute; then StoreUnreachableError is thrown, and the
 * checkpoint of the last progress says where to go on. Throws `invalid-option` for a bad option.
 */
export async function migrateSessions(options: MigrateOptions): Promise<MigrationResult> {
  return new Migration(options).run();
}

class Migration {
  readonly #options: MigrateOptions;
  readonly #call: Caller;
  readonly #clock: Clock;
  readonly #figures: { -readonly [Name in keyof MigrationFigures]: number };
  #endsSince: number;
  #copiedAll: boolean;
  #cursor: string | null;
  #passes = 0;
  #expected: number | null = null;

  constructor(options: MigrateOptions) {
    const { from, to, batchSize = 500, inFlight = 32, clock = Date.now } = options;
    if (from === to) throw new HoldfastError('invalid-option', 'from, to: these are one and the same store');
    assertCount('batchSize', batchSize);
    assertCount('inFlight', inFlight);
    this.#options = options;
    this.#clock = clock;
    this.#call = createCaller({ signal: options.signal, ...(options.pause && { pause: options.pause }) });
    const begin = options.checkpoint ?? null;
    const checkpoint = begin === null ? null : readCheckpoint(begin, from.kind, to.kind, clock());
    this.#figures = { ...(checkpoint?.figures ?? { copied: 0, ended: 0, skipped: 0, refused: 0 }) };
    this.#endsSince = checkpoint?.endsSince ?? clock();
    this.#copiedAll = checkpoint?.copiedAll ?? false;
    this.#cursor = checkpoint?.cursor ?? null;
  }

  async run(): Promise<MigrationResult> {
    const { signal, dryRun = false } = this.#options;
    try {
      this.#expected = await this.#count(this.#options.from);
      if (!this.#copiedAll && !dryRun) {
        this.#passes++;
        if (!(await copyPass({ ...this.#pass(), cursor: this.#cursor }))) return await this.#result(null);
        this.#copiedAll = true;
        this.#cursor = null;
      }
      return await this.#result(await this.#compareUntilDone());
    } catch (error) {
      // What fails while everything is being stopped is no failure.
      if (signal?.aborted === true) return this.#result(null);
      throw error;
    }
  }

  /** Null when it was stopped. */
  async #compareUntilDone(): Promise<ComparedPass | null> {
    const { follow, signal, pauseMs = 1000, pause = realPause } = this.#options;
    const following = typeof follow === 'object' ? follow : undefined;
    for (;;) {
      const last = following === undefined ? follow === undefined : following.aborted;
      const begun = this.#clock();
      this.#passes++;
      // A pass that is no longer wanted makes room for the last one.
      const stopping = (): boolean => signal?.aborted === true || (!last && following?.aborted === true);
      const pass = await comparePass({ ...this.#pass(), stopping });
      if (signal?.aborted === true) return null;
      if (pass.whole) this.#endsSince = begun;
      if (pass.whole && (last || (following === undefined && pass.changed === 0))) return pass;
      const wake = [signal, following].filter((one) => one !== undefined);
      if (pass.whole) await pause(pauseMs, AbortSignal.any(wake)).catch(ignoreAbort(wake));
    }
  }

  #pass(): Parameters<typeof comparePass>[0] {
    const { from, to, signal, batchSize = 500, inFlight = 32, dryRun = false } = this.#options;
    return {
      from,
      to,
      call: this.#call,
      clock: this.#clock,
      batchSize,
      inFlight,
      dryRun,
      figures: this.#figures,
      stopping: () => signal?.aborted === true,
      onBatch: (progress) => this.#report(progress),
    };
  }

  #report({ phase, sessions, entries, next }: PassProgress): void {
    // Comparing begins anew after a stop: it is quick, and only a whole pass proves anything.
    if (phase === 'copying') this.#cursor = next;
    if (phase === 'copying' && next === null) this.#copiedAll = true;
    this.#options.onProgress?.({
      phase,
      pass: this.#passes,
      sessions,
      entries,
      expected: this.#expected,
      figures: { ...this.#figures },
      checkpoint: this.#checkpoint(),
    });
  }

  #checkpoint(): MigrationCheckpoint {
    return {
      format: 1,
      from: this.#options.from.kind,
      to: this.#options.to.kind,
      endsSince: this.#endsSince,
      copiedAll: this.#copiedAll,
      cursor: this.#cursor,
      figures: { ...this.#figures },
    };
  }

  async #result(pass: ComparedPass | null): Promise<MigrationResult> {
    const { from, to, dryRun = false } = this.#options;
    const [inFrom, inTo] = pass === null ? [null, null] : [await this.#count(from), await this.#count(to)];
    return {
      ...this.#figures,
      finished: pass !== null,
      verified: pass !== null && pass.missing === 0 && (!dryRun || pass.changed === 0),
      passes: this.#passes,
      changed: pass?.changed ?? 0,
      undecodable: pass?.undecodable ?? 0,
      missing: pass?.missing ?? 0,
      missingIds: pass?.missingIds ?? [],
      differing: pass?.differing ?? 0,
      counts: { from: inFrom, to: inTo },
      checkpoint: this.#checkpoint(),
    };
  }

  /** For people only, so a store that does not answer here stops nothing. */
  async #count(store: TransferableStore): Promise<number | null> {
    try {
      return (await store.count()).sessions;
    } catch {
      return null;
    }
  }
}

function assertCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new HoldfastError('invalid-option', `${name}: a whole number from 1 up, not ${value}`);
}

function ignoreAbort(signals: readonly AbortSignal[]): (error: unknown) => void {
  return (error) => {
    if (!signals.some(({ aborted }) => aborted)) throw error;
  };
}
