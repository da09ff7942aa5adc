/** Works on many things with some of them under way at once. */
import type { Awaitable } from '../core/store.ts';
import { isPromise } from './caller.ts';

/**
 * Runs `work` for each item, at most `inFlight` at once; answers when nothing is under way any more. After a failure, or
 * when `stopping` says so, no further item is begun; the first failure is thrown.
 */
export async function inLanes<T>(
  items: readonly T[],
  inFlight: number,
  work: (item: T) => Awaitable<void>,
  stopping: () => boolean = () => false,
): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    // One iterator for all lanes: each takes the next item that nobody has begun.
    for (const item of rest) {
      try {
        const doing = work(item);
        if (isPromise(doing)) await doing;
      } catch (error) {
        failed = true;
        throw error;
      }
      if (failed || stopping()) return;
    }
  };
  const lanes = Array.from({ length: Math.min(inFlight, items.length) }, lane);
  for (const outcome of await Promise.allSettled(lanes)) if (outcome.status === 'rejected') throw outcome.reason;
}
