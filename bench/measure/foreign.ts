/** How much of the measured cores went to programs that are none of ours while something was measured. */
import { busySeconds, cpuSeconds } from './proc.ts';

/** Started before a measurement; answers afterwards. */
export interface Watch {
  /** Share of the cores' time, 0 to 1, that was neither idle nor spent by the runner, its children or the given processes. */
  foreignShare(): number;
  /** Seconds that the given processes spent. */
  ownSeconds(): readonly number[];
}

/** `pids` are the processes that run throughout; those that the runner starts and waits for meanwhile count as its own. */
export function watchCores(cores: readonly number[], pids: readonly number[]): Watch {
  const own = (): number => cpuSeconds('self', true) + pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const started = performance.now();
  const busyBefore = busySeconds(cores);
  const ownBefore = own();
  const each = pids.map((pid) => cpuSeconds(pid));
  return {
    foreignShare() {
      const available = ((performance.now() - started) / 1000) * cores.length;
      const foreign = busySeconds(cores) - busyBefore - (own() - ownBefore);
      return Math.min(1, Math.max(0, foreign / available));
    },
    ownSeconds: () => pids.map((pid, i) => cpuSeconds(pid) - (each[i] as number)),
  };
}
