/** Runs operations at once where possible, and in order, without blocking the event loop, while another process holds the lock. */
import type { Awaitable } from '../../core/store.ts';
import { closed, isBusy, toFailure } from './failure.ts';

interface Waiting {
  readonly attempt: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly until: number;
}

const LONGEST_PAUSE_MS = 20;
/** Longest stretch of waiting operations done in one turn of the event loop. */
const TURN_MS = 10;

/**
 * One operation at a time asks for the lock; the others wait behind it in the order they came. If each tried for itself,
 * a hundred of them would block the event loop for a hundred busy timeouts.
 */
export class RetryQueue {
  readonly #file: string;
  readonly #deadlineMs: number;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failures = 0;

  constructor(file: string, deadlineMs: number) {
    this.#file = file;
    this.#deadlineMs = deadlineMs;
  }

  /** The operation's answer: at once, or as a promise that settles before the deadline has passed. */
  run<T>(attempt: () => T): Awaitable<T> {
    if (this.#waiting.length > 0) return this.#enqueue(attempt);
    try {
      return attempt();
    } catch (error) {
      return this.recover(error, attempt);
    }
  }

  /** For an operation that was just tried and failed: waits its turn if the lock was held, else throws what failed. */
  recover<T>(error: unknown, attempt: () => T): Awaitable<T> {
    if (!isBusy(error)) throw toFailure(error, this.#file);
    return this.#enqueue(attempt);
  }

  /** Nothing waits any longer: each gets the answer that the store was closed. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { reject } of this.#waiting.splice(0)) reject(closed(this.#file));
  }

  #enqueue<T>(attempt: () => T): Promise<T> {
    // Real time, not the injected clock: this measures how long a real lock keeps a real caller waiting.
    const until = performance.now() + this.#deadlineMs;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ attempt, resolve: resolve as (value: unknown) => void, reject, until });
      if (this.#timer === null) this.#pause();
    });
  }

  /** Longer after each failure and never twice the same, so that waiting processes do not meet again and again. */
  #pause(): void {
    const head = this.#waiting[0];
    if (head === undefined) return;
    const longest = Math.min(LONGEST_PAUSE_MS, 2 ** this.#failures);
    const left = Math.max(0, head.until - performance.now());
    this.#timer = setTimeout(() => this.#turn(), Math.min(left, longest * (0.5 + Math.random() / 2)));
  }

  #turn(): void {
    this.#timer = null;
    const start = performance.now();
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      try {
        head.resolve(head.attempt());
        this.#failures = 0;
      } catch (error) {
        const busy = isBusy(error);
        if (busy) this.#failures++;
        if (busy && performance.now() < head.until) {
          this.#pause();
          return;
        }
        head.reject(toFailure(error, this.#file));
        // The lock is still held, so whoever waited for as long has waited in vain, too.
        if (busy) this.#rejectOverdue(error);
      }
      this.#waiting.shift();
      if (performance.now() - start > TURN_MS) {
        this.#pause();
        return;
      }
    }
  }

  #rejectOverdue(error: unknown): void {
    const now = performance.now();
    while ((this.#waiting[1]?.until ?? Number.POSITIVE_INFINITY) <= now) {
      this.#waiting.splice(1, 1)[0]?.reject(toFailure(error, this.#file));
    }
  }
}
