/** A queue in front of the password hashes: many sign-ins at once must not starve the requests of people signed in. */
import { availableParallelism } from 'node:os';

/** Nothing was hashed: too many wait already. */
export class QueueFullError extends Error {
  /** When to try again, in seconds. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super('too many passwords are being checked');
    this.name = 'QueueFullError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface HashQueueOptions {
  /** Jobs at once. Default one less than the cores, at least one: the event loop keeps a core for everybody else. */
  readonly concurrency?: number;
  /** Jobs that may wait. Default 256, a few seconds' worth. */
  readonly waiting?: number;
}

/** Runs jobs in order, a bounded number at once. */
export interface HashQueue {
  /** Rejects with `QueueFullError` when too many wait. */
  run<T>(job: () => Promise<T>): Promise<T>;
}

/** A queue of its own per process. */
export function createHashQueue(options: HashQueueOptions = {}): HashQueue {
  const concurrency = options.concurrency ?? Math.max(1, availableParallelism() - 1);
  const limit = options.waiting ?? 256;
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async run(job) {
      if (running >= concurrency) {
        if (waiting.length >= limit) throw new QueueFullError(Math.max(1, Math.ceil(limit / concurrency / 50)));
        // Whoever finishes hands its place over, so `running` does not change here.
        await new Promise<void>((go) => waiting.push(go));
      } else {
        running += 1;
      }
      try {
        return await job();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
