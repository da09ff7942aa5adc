/** Removes expired records now and then, at times of its own in each process. */
import type { Sessions } from '../core/sessions.ts';
import { nodeTimers } from './node.ts';

/** How often, unless the application says otherwise. */
export const SWEEP_SECONDS: number = 300;

/** Starts sweeping every `seconds`, give or take a quarter; the returned function stops it. */
export function startSweeping(sessions: Pick<Sessions, 'sweep'>, seconds: number = SWEEP_SECONDS): () => void {
  if (seconds <= 0) return () => undefined;
  let cancel = schedule();

  function schedule(): () => void {
    // A fleet that sweeps in step would meet at the store's lock.
    const pause = seconds * 1000 * (0.75 + Math.random() / 2);
    return nodeTimers.after(pause, () => {
      // What could not be removed now is removed next time; the engine has reported the failure.
      void sessions.sweep().catch(() => 0);
      cancel = schedule();
    });
  }

  return () => cancel();
}
