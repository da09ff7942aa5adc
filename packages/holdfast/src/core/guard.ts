/** Puts a deadline and a circuit breaker in front of a store, so that a backend in trouble gives "unreachable", never a hang. */
import type { Clock } from './crypto.ts';
import { StoreUnreachableError } from './errors.ts';
import type { Awaitable } from './store.ts';

/** Timers as the runtime supplies them. */
export interface Timers {
  /** Calls `run` once after that many milliseconds, unless the returned function is called first. */
  after(milliseconds: number, run: () => void): () => void;
}

/** How long one call may take. */
export interface Deadline {
  readonly timers: Timers;
  /** In milliseconds. */
  readonly deadlineMs: number;
}

export interface GuardOptions extends Deadline {
  readonly clock: Clock;
  /** A number in [0, 1), for the jitter of the breaker's probes. */
  readonly random: () => number;
  /** Told of each failure, with the operation's name. */
  readonly onFailure: (operation: string, error: StoreUnreachableError) => void;
}

/** Runs store operations; throws nothing but {@link StoreUnreachableError}. */
export interface Guard {
  <T>(operation: string, call: () => Awaitable<T>): Promise<T>;
  /** The same for the hot path: at once when the store answers at once, and then it throws at once as well. */
  direct<T>(operation: string, call: () => Awaitable<T>): Awaitable<T>;
}

const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_MS = 500;
/** The longest time that people wait for a backend that is back; a dead one costs each process a call per pause. */
const LONGEST_PAUSE_MS = 2000;

/**
 * After five failures in a row calls fail at once for a pause, so that requests do not queue up behind a dead backend;
 * then one call is let through as a probe, and its answer closes the circuit or doubles the pause.
 */
export function createGuard(options: GuardOptions): Guard {
  let failures = 0;
  /** 0 while the circuit is closed. */
  let pauseMs = 0;
  let openUntil = 0;
  let probing = false;

  function pause(milliseconds: number): void {
    pauseMs = milliseconds;
    // Half of the pause is jitter: a fleet must not probe a recovering backend in step.
    openUntil = options.clock() + milliseconds * (0.5 + options.random() / 2);
  }

  function failed(operation: string, thrown: unknown, probe: boolean): StoreUnreachableError {
    if (probe) probing = false;
    if (pauseMs === 0) {
      failures++;
      if (failures >= FAILURES_TO_OPEN) pause(FIRST_PAUSE_MS);
    } else if (probe) {
      // Only a probe tells something new: the calls that were under way when the circuit opened fail for the same reason,
      // and a hundred of them must not stretch an outage of a second to the longest pause.
      pause(Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
    }
    const error = toUnreachableError(operation, thrown);
    options.onFailure(operation, error);
    return error;
  }

  function succeeded(probe: boolean): void {
    failures = 0;
    pauseMs = 0;
    if (probe) probing = false;
  }

  /** Whether the call is a probe; throws while the circuit is open. */
  function enter(): boolean {
    if (pauseMs === 0) return false;
    const wait = openUntil - options.clock();
    // More than the pause: the clock was set back, and nobody may wait until it has caught up.
    if ((wait > 0 && wait <= pauseMs) || probing) {
      throw new StoreUnreachableError('the session store failed repeatedly and is being left alone for a moment', {
        retryAfterSeconds: Math.max(1, Math.ceil(wait / 1000)),
      });
    }
    probing = true;
    return true;
  }

  async function finish<T>(operation: string, answer: PromiseLike<T>, probe: boolean): Promise<T> {
    try {
      const result = await race(operation, answer, options);
      succeeded(probe);
      return result;
    } catch (error) {
      throw failed(operation, error, probe);
    }
  }

  function direct<T>(operation: string, call: () => Awaitable<T>): Awaitable<T> {
    const probe = enter();
    let answer: Awaitable<T>;
    try {
      answer = call();
    } catch (error) {
      throw failed(operation, error, probe);
    }
    if (isPromise(answer)) return finish(operation, answer, probe);
    succeeded(probe);
    return answer;
  }

  const guard = async <T>(operation: string, call: () => Awaitable<T>): Promise<T> => direct(operation, call);
  return Object.assign(guard, { direct });
}

/** Runs one store operation under a deadline alone, so that it is tried also while the circuit is open. */
export async function withinDeadline<T>(operation: string, call: () => Awaitable<T>, deadline: Deadline): Promise<T> {
  const answer = call();
  return isPromise(answer) ? await race(operation, answer, deadline) : answer;
}

function toUnreachableError(operation: string, thrown: unknown): StoreUnreachableError {
  if (thrown instanceof StoreUnreachableError) return thrown;
  return new StoreUnreachableError(`the session store failed in ${operation}`, { cause: thrown });
}

/** Whether the store has yet to answer. */
export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function race<T>(operation: string, answer: PromiseLike<T>, { timers, deadlineMs }: Deadline): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(deadlineMs, () =>
      reject(new StoreUnreachableError(`the session store did not answer ${operation} within ${deadlineMs} ms`)),
    );
    answer.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}
