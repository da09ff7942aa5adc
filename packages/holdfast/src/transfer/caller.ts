/** Calls a store while others use it too: with a deadline for each call, and with patience while it is unreachable. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnreachableError } from '../core/errors.ts';
import type { Awaitable } from '../core/store.ts';

/** Waits; rejects when the signal is aborted meanwhile. Injected, so that no test waits for time to pass. */
export type Pause = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** Runs an operation of a store, again and again while the store is unreachable; then its last error is thrown. */
export type Caller = <T>(operation: () => Awaitable<T>) => Awaitable<T>;

export interface CallerOptions {
  /** What is waited between two tries: half a minute in all, as long as a failover or a restart takes. */
  readonly pause?: Pause;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Longer than the engine's: nobody waits for this answer, and a scan's batch may take a while. */
const DEADLINE_MS = 10_000;
const DELAYS_MS = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];

/** The pause of everybody but tests. */
export const realPause: Pause = (milliseconds, signal) =>
  sleep(milliseconds, undefined, signal === undefined ? {} : { signal });

/** Stores that answer at once are answered at once: no promise is made for them. */
export function createCaller({ pause = realPause, signal }: CallerOptions): Caller {
  return function call<T>(operation: () => Awaitable<T>): Awaitable<T> {
    try {
      const answer = operation();
      if (!isPromise(answer)) return answer;
      return withDeadline(answer).catch((error: unknown) => tryAgain(operation, error));
    } catch (error) {
      return tryAgain(operation, error);
    }
  };

  async function tryAgain<T>(operation: () => Awaitable<T>, first: unknown): Promise<T> {
    let error = first;
    for (const delay of DELAYS_MS) {
      if (!(error instanceof StoreUnreachableError) || signal?.aborted === true) break;
      await pause(delay, signal);
      try {
        return await withDeadline(operation());
      } catch (failure) {
        error = failure;
      }
    }
    throw error;
  }
}

/** Whether an answer has to be waited for. */
export function isPromise<T>(answer: Awaitable<T>): answer is PromiseLike<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}

/** A connection that is cut without a word would otherwise keep the whole run waiting for ever. */
async function withDeadline<T>(answer: Awaitable<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new StoreUnreachableError(`the store did not answer within ${DEADLINE_MS / 1000} s`)),
      DEADLINE_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
