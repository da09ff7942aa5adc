/** The clock and the timers, as one small port, so that tests decide what time it is. */

export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after that many milliseconds, unless the returned function is called first. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
