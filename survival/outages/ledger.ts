/** The account of a drill: every answer is counted, and what must not happen is written down with when, who and what. */

/** What an answer means for the person who asked. */
export type Verdict =
  | { readonly is: 'served' }
  /** "Not signed in", and why. */
  | { readonly is: 'refused'; readonly reason: string }
  /** 503. */
  | { readonly is: 'unreachable' }
  /** The connection broke, or there was no answer within the client's patience. */
  | { readonly is: 'unanswered'; readonly why: string }
  /** Any other status. */
  | { readonly is: 'unexpected'; readonly what: string };

export type Phase = 'before' | 'during' | 'after';

/** What must not happen. */
export const FAULTS = {
  signOuts: 'told "not signed in" without having signed out',
  resurrections: 'let in with the tokens of a session whose end had been acknowledged',
  lostData: 'an acknowledged value was missing',
  doubles: 'two requests were both told that they had ended the same session',
  touchedCookies: 'an answer 503 set or cleared a cookie',
  wrongPerson: 'answered as somebody else',
  unexpected: 'an answer that is neither yes, no nor 503',
} as const;
export type Fault = keyof typeof FAULTS;

export interface Incident {
  readonly fault: Fault;
  /** Seconds since the load began. */
  readonly at: number;
  readonly phase: Phase;
  readonly detail: string;
}

export interface Answers {
  readonly served: number;
  readonly refused: number;
  readonly unreachable: number;
  readonly unanswered: number;
  readonly unexpected: number;
}

const INCIDENTS_KEPT = 40;

export class Ledger {
  phase: Phase = 'before';
  readonly answers: { -readonly [Name in keyof Answers]: number } = {
    served: 0,
    refused: 0,
    unreachable: 0,
    unanswered: 0,
    unexpected: 0,
  };
  readonly incidents: Incident[] = [];
  readonly counts: Record<Fault, number> = {
    signOuts: 0,
    resurrections: 0,
    lostData: 0,
    doubles: 0,
    touchedCookies: 0,
    wrongPerson: 0,
    unexpected: 0,
  };
  readonly #times: Readonly<Record<Phase, number[]>> = { before: [], during: [], after: [] };
  readonly #startedAt = performance.now();
  #answeredAt = performance.now();
  #servedAt = performance.now();
  #longestSilenceMs = 0;
  #longestUnservedMs = 0;
  #lateEndMs = 0;
  #lateDataMs = 0;
  #unclaimedEnds = 0;
  readonly #unanswered = new Map<string, number>();
  #mendedAt = Number.POSITIVE_INFINITY;
  #firstServedMs: number | null = null;
  #lastTurnedAwayMs = 0;

  blame(fault: Fault, detail: string): void {
    this.counts[fault] += 1;
    if (this.incidents.length >= INCIDENTS_KEPT) return;
    const at = Math.round(performance.now() - this.#startedAt) / 1000;
    this.incidents.push({ fault, at, phase: this.phase, detail });
  }

  /** An answer to somebody who asked in this phase and at this moment of `performance.now()`. */
  answered(verdict: Verdict, phase: Phase, sentAt: number): void {
    const now = performance.now();
    this.answers[verdict.is] += 1;
    const isTurnedAway = verdict.is === 'unreachable' || verdict.is === 'unanswered';
    if (sentAt >= this.#mendedAt) {
      if (isTurnedAway) this.#lastTurnedAwayMs = Math.max(this.#lastTurnedAwayMs, sentAt - this.#mendedAt);
      else this.#firstServedMs ??= now - this.#mendedAt;
    }
    if (verdict.is === 'unanswered') {
      const why = `${phase}: ${verdict.why}`;
      this.#unanswered.set(why, (this.#unanswered.get(why) ?? 0) + 1);
      return;
    }
    this.#times[phase].push(now - sentAt);
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, now - this.#answeredAt);
    this.#answeredAt = now;
    if (verdict.is === 'unreachable') return;
    this.#longestUnservedMs = Math.max(this.#longestUnservedMs, now - this.#servedAt);
    this.#servedAt = now;
  }

  /** The backend is back: from now on recovery is ours. */
  mended(): void {
    this.#mendedAt = performance.now();
  }

  /** A sign-out was acknowledged and nobody was told to have ended it: a try whose answer was lost did. */
  unclaimedEnd(): void {
    this.#unclaimedEnds += 1;
  }

  /** What came before was the start: it is no measure of how the system answers. */
  warm(): void {
    this.#times.before.length = 0;
    this.#longestSilenceMs = 0;
    this.#longestUnservedMs = 0;
  }

  /** Nobody asks for a while: that is no silence of the system's. */
  pauseEnded(): void {
    this.#answeredAt = performance.now();
    this.#servedAt = this.#answeredAt;
  }

  /** A process still let somebody in so long after the acknowledged end, within what a cache may take. */
  lateEnd(ms: number): void {
    this.#lateEndMs = Math.max(this.#lateEndMs, ms);
  }

  /** The same for an acknowledged value that was not seen yet. */
  lateData(ms: number): void {
    this.#lateDataMs = Math.max(this.#lateDataMs, ms);
  }

  get figures() {
    return {
      longestSilenceMs: Math.round(this.#longestSilenceMs),
      longestUnservedMs: Math.round(this.#longestUnservedMs),
      lateEndMs: Math.round(this.#lateEndMs),
      lateDataMs: Math.round(this.#lateDataMs),
      unclaimedEnds: this.#unclaimedEnds,
      unanswered: Object.fromEntries(this.#unanswered),
      firstServedMs: this.#firstServedMs === null ? null : Math.round(this.#firstServedMs),
      lastTurnedAwayMs: Math.round(this.#lastTurnedAwayMs),
      p99Ms: {
        before: percentile(this.#times.before, 0.99),
        during: percentile(this.#times.during, 0.99),
        after: percentile(this.#times.after, 0.99),
      },
    };
  }
}

/** Null where nothing was measured; else with one decimal. */
function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : Math.round(value * 10) / 10;
}
