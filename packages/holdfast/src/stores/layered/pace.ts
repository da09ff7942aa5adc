/** Time as the layered store needs it: what has passed, not what the calendar says; and how long to wait for a layer. */
import { StoreUnreachableError } from '../../core/errors.ts';

/** A clock that is never set, and timers by it. */
export interface Pace {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Calls `run` once after that many milliseconds, unless the returned function is called first. */
  after(milliseconds: number, run: () => void): () => void;
}

/** `performance.now()` and timers that do not keep a process alive. */
export const systemPace: Pace = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly due: number;
  /** Null once it was answered. */
  giveUp: (() => void) | null;
}

/** The same deadline for many calls, with one timer for all: a timer per call would cost more than the call. */
export class Patience {
  readonly #pace: Pace;
  readonly #milliseconds: number;
  readonly #layer: string;
  #waiting: Waiting[] = [];
  #head = 0;
  #cancel: (() => void) | null = null;

  constructor(pace: Pace, milliseconds: number, layer: string) {
    this.#pace = pace;
    this.#milliseconds = milliseconds;
    this.#layer = layer;
  }

  /** The answer, or StoreUnreachableError when it does not come in time. */
  within<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        due: this.#pace.now() + this.#milliseconds,
        giveUp: () =>
          reject(new StoreUnreachableError(`the ${this.#layer} did not answer within ${this.#milliseconds} ms`)),
      };
      this.#waiting.push(waiting);
      if (this.#cancel === null) this.#wake(this.#milliseconds);
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

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wake(milliseconds: number): void {
    this.#cancel = this.#pace.after(milliseconds, () => {
      this.#cancel = null;
      const now = this.#pace.now();
      for (;;) {
        const first = this.#waiting[this.#head];
        if (first === undefined) {
          this.#waiting = [];
          this.#head = 0;
          return;
        }
        if (first.giveUp !== null && first.due > now) {
          this.#waiting = this.#waiting.slice(this.#head);
          this.#head = 0;
          return this.#wake(first.due - now);
        }
        this.#head++;
        first.giveUp?.();
      }
    });
  }
}
