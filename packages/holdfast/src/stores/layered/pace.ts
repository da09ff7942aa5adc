/** Time as the layered store needs it: what has passed, not what the calendar says; and how long to wait for a layer. */
import { StoreUnreachableError } from '../../core/errors.ts';

/** A clock that is never set, and timers by it. */
export interface Pace {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Calls `run` once after that many milliseconds, unless the returned function is called first. Keeps no process alive. */
  after(milliseconds: number, run: () => void): () => void;
  /** So many milliseconds later. Somebody waits for it, so it keeps the process alive until then. */
  pause(milliseconds: number): Promise<void>;
}

/** `performance.now()` and the runtime's timers. */
export const systemPace: Pace = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** How long after its time a call is given up. */
const GRACE_MS = 10;

interface Waiting {
  due: number;
  isWarned: boolean;
  /** Null once it was answered. */
  giveUp: (() => void) | null;
}

/** The same deadline for many calls, with one timer for all: a timer per call would cost more than the call. */
export class Patience {
  readonly #pace: Pace;
  readonly #milliseconds: number;
  readonly #whose: string;
  #waiting: Waiting[] = [];
  #head = 0;
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(pace: Pace, milliseconds: number, whose: string) {
    this.#pace = pace;
    this.#milliseconds = milliseconds;
    this.#whose = whose;
  }

  /** The answer, or StoreUnreachableError when it does not come in time. */
  within<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        due: this.#pace.now() + this.#milliseconds,
        isWarned: false,
        giveUp: () => reject(this.#silence()),
      };
      if (this.#closed) waiting.giveUp?.();
      else this.#enlist(waiting);
      answer.then(
        (value) => {
          waiting.giveUp = null;
          resolve(value);
        },
        (error: unknown) => {
          waiting.giveUp = null;
          reject(error);
        },
      );
    });
  }

  /** Nobody waits any longer, now or later. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
    for (const { giveUp } of this.#waiting) giveUp?.();
    this.#waiting = [];
    this.#head = 0;
  }

  #silence(): StoreUnreachableError {
    if (this.#closed) return new StoreUnreachableError('the layered store was closed');
    return new StoreUnreachableError(`${this.#whose} did not answer within ${this.#milliseconds} ms`);
  }

  #enlist(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#cancel === null) this.#wake(this.#milliseconds);
  }

  #wake(milliseconds: number): void {
    const expected = this.#pace.now() + milliseconds;
    this.#cancel = this.#pace.after(milliseconds, () => {
      this.#cancel = null;
      const now = this.#pace.now();
      // While the process stood still nobody could hear the layer: that is no silence of the layer.
      if (now - expected > this.#milliseconds / 2) this.#startAnew(now);
      for (;;) {
        const first = this.#waiting[this.#head];
        if (first === undefined) {
          this.#waiting = [];
          this.#head = 0;
          return;
        }
        if (first.giveUp !== null && (first.due > now || !first.isWarned)) break;
        this.#head++;
        first.giveUp?.();
      }
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
      this.#wake(this.#warn(now));
    });
  }

  /** Answers when to look again. Timers come before what arrived meanwhile, so whoever is due is heard once more. */
  #warn(now: number): number {
    let warned = false;
    for (const waiting of this.#waiting) {
      if (waiting.due > now) return warned ? GRACE_MS : waiting.due - now;
      waiting.isWarned = true;
      warned = true;
    }
    return GRACE_MS;
  }

  #startAnew(now: number): void {
    for (const waiting of this.#waiting.slice(this.#head)) waiting.due = now + this.#milliseconds;
  }
}
