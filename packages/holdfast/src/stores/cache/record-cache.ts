/**
 * Records that this process read a moment ago, kept true by the backend's own invalidation messages (L1). Only what says
 * "signed in" is ever answered from here: whatever is missing, ended or over is asked of the backend.
 *
 * The unit of invalidation is the home (core/session-id.ts): each has an epoch, an entry counts only in the epoch it was
 * asked for in, and an invalidation is one increment, however many sessions live there. The same epochs make a read that
 * was under way while its home was invalidated worthless (`ticket` before it is sent, `keep` when it is answered).
 */
import type { Clock } from '../../core/crypto.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { SessionRecord } from '../../core/record.ts';
import { HOMES, homeOfId } from '../../core/session-id.ts';
import type { Live } from '../../core/store.ts';

/** What an application may choose about the cache. */
export interface CacheOptions {
  /** The most records kept; about 1 KB each with a device and little data. Default 20,000. */
  readonly maxEntries?: number;
  /**
   * For how many seconds after the backend fell silent a read that it does not answer may be answered with what was last
   * known. Default 0: never. At most 300. A session that was ended meanwhile is then still let in for that long, so choose
   * it only where an answer matters more than that. Requests that change something are answered 503 all the same.
   */
  readonly staleIfErrorSeconds?: number;
}

/** Figures for metrics; each but `entries` counts up from the start of the process. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Messages that made entries worthless. */
  readonly invalidations: number;
  /** Answers given while the backend did not answer. */
  readonly staleAnswers: number;
  /** Records kept right now, those that will not be answered any more included. */
  readonly entries: number;
  /** Whether entries are answered right now. */
  readonly trusted: boolean;
}

/**
 * How long the channel of invalidations may be silent. It is probed several times as often, so a longer silence means that
 * it is gone, and with it the messages that would have come.
 */
export const TRUST_MS = 1000;

const MAX_STALE_SECONDS = 300;
const DEFAULT_ENTRIES = 20_000;

interface Entry {
  /** Handed out as it is, so that a hit makes no object. */
  answer: Live;
  readonly epoch: number;
}

/** The epoch of a home when a read was sent. */
export type CacheTicket = number;

/** What is wrong with the options, so that a store tells it together with its own. */
export function cacheProblems(options: CacheOptions | false): readonly string[] {
  if (options === false) return [];
  if (typeof options !== 'object' || options === null) return ['cache: an object of options, or false'];
  const { maxEntries = DEFAULT_ENTRIES, staleIfErrorSeconds = 0 } = options;
  const problems: string[] = [];
  if (!(Number.isSafeInteger(maxEntries) && maxEntries >= 2)) problems.push('cache.maxEntries must be 2 or more');
  if (!(staleIfErrorSeconds >= 0 && staleIfErrorSeconds <= MAX_STALE_SECONDS)) {
    problems.push(`cache.staleIfErrorSeconds must be 0 to ${MAX_STALE_SECONDS} seconds`);
  }
  return problems;
}

export class RecordCache {
  readonly #clock: Clock;
  readonly #half: number;
  readonly #staleMs: number;
  readonly #epochs = new Uint32Array(HOMES);
  /** Two generations: what is used moves to the young one, and the old one is dropped whole when the young one is full. */
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #trusted = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  #hits = 0;
  #misses = 0;
  #invalidations = 0;
  #staleAnswers = 0;

  /** Throws `invalid-option`. */
  constructor(clock: Clock, options: CacheOptions = {}) {
    const problems = cacheProblems(options);
    if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
    const { maxEntries = DEFAULT_ENTRIES, staleIfErrorSeconds = 0 } = options;
    this.#clock = clock;
    this.#half = Math.ceil(maxEntries / 2);
    this.#staleMs = staleIfErrorSeconds * 1000;
  }

  /** What is known of the session, if it may be answered; costs no promise. */
  get(id: string): Live | undefined {
    if (!this.#trusted || this.#silenceMs() > TRUST_MS) {
      this.#misses++;
      return undefined;
    }
    const entry = this.#find(id);
    if (entry === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    return entry.answer;
  }

  /** Taken before a read is sent. */
  ticket(id: string): CacheTicket {
    return this.#epochs[homeOfId(id)] as number;
  }

  /**
   * Keeps what the read answered, unless its home was invalidated since the ticket was taken. What is kept is handed out
   * again and again, so from then on nobody can change it.
   */
  keep(answer: Live, ticket: CacheTicket): void {
    const { id, movedTo } = answer.record;
    // Pointers live for half a minute and lead to another home's record: not worth a place.
    if (!this.#trusted || movedTo !== null || this.#epochs[homeOfId(id)] !== ticket) return;
    deepFreeze(answer);
    this.#place(id, { answer, epoch: ticket });
  }

  /** This process moved the session's times; others learn it when they find them due. */
  touched(id: string, lastSeenAt: number, expiresAt: number): void {
    const entry = this.#find(id);
    if (entry === undefined) return;
    const { record } = entry.answer;
    const times = {
      lastSeenAt: Math.max(record.lastSeenAt, lastSeenAt),
      expiresAt: Math.max(record.expiresAt, expiresAt),
    };
    const touched: SessionRecord = { ...record, ...times };
    entry.answer = Object.freeze({ status: 'live', record: Object.freeze(touched) });
  }

  /** Something in this home was written, by whomever. */
  invalidate(home: number): void {
    this.#invalidations++;
    this.#epochs[home] = ((this.#epochs[home] as number) + 1) >>> 0;
  }

  /** {@link invalidate} for the home of a session. */
  invalidateId(id: string): void {
    this.invalidate(homeOfId(id));
  }

  /** Everything may have been written: the backend was flushed, or messages were lost. */
  invalidateAll(): void {
    this.#invalidations++;
    for (let home = 0; home < HOMES; home++) this.#epochs[home] = ((this.#epochs[home] as number) + 1) >>> 0;
    this.#young.clear();
    this.#old.clear();
  }

  /** Messages arrive from now on. What was kept before is worthless, because messages may have been missed. */
  trust(): void {
    this.invalidateAll();
    this.#trusted = true;
    this.heard();
  }

  /** Messages arrive no more: nothing is answered until {@link trust}, but for {@link lastKnown}. */
  distrust(): void {
    this.#trusted = false;
  }

  /** The channel proved alive: every message sent before `at` has arrived. For a probe, that is when it was sent. */
  heard(at: number = this.#clock()): void {
    this.#heardAt = at;
  }

  /** For a read that the backend did not answer: what was last known, where that was chosen and is not too long ago. */
  lastKnown(id: string): SessionRecord | undefined {
    if (this.#staleMs === 0 || this.#silenceMs() > this.#staleMs) return undefined;
    const entry = this.#find(id);
    if (entry === undefined) return undefined;
    this.#staleAnswers++;
    return entry.answer.record;
  }

  stats(): CacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      invalidations: this.#invalidations,
      staleAnswers: this.#staleAnswers,
      entries: this.#young.size + this.#old.size,
      trusted: this.#trusted && this.#silenceMs() <= TRUST_MS,
    };
  }

  /** A clock that was set back says nothing of how long it has been, so that counts as silence as well. */
  #silenceMs(): number {
    return Math.abs(this.#clock() - this.#heardAt);
  }

  #find(id: string): Entry | undefined {
    const young = this.#young.get(id);
    const entry = young ?? this.#old.get(id);
    if (entry === undefined) return undefined;
    if (entry.epoch !== this.#epochs[homeOfId(id)]) {
      this.#young.delete(id);
      this.#old.delete(id);
      return undefined;
    }
    if (young === undefined) this.#place(id, entry);
    return entry;
  }

  #place(id: string, entry: Entry): void {
    this.#old.delete(id);
    this.#young.set(id, entry);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  for (const inner of Object.values(value)) deepFreeze(inner);
  Object.freeze(value);
}
