/** A clock that only the test moves, and the timers that hang on it. */

export interface TestClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly after: (milliseconds: number, run: () => void) => () => void;
  /** Moves the time on, and runs what becomes due, each at its time. */
  advance(milliseconds: number): void;
  /** Sets the clock without any time having passed, as somebody does who corrects it. */
  jump(milliseconds: number): void;
}

export const START: number = Date.UTC(2026, 0, 1);

export function createTestClock(start: number = START): TestClock {
  let passed = 0;
  let shift = start;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => shift + passed,
    after(milliseconds, run) {
      const timer = { at: passed + milliseconds, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(milliseconds) {
      const end = passed + milliseconds;
      for (;;) {
        const [due] = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
        if (due === undefined) break;
        timers.delete(due);
        passed = Math.max(passed, due.at);
        due.run();
      }
      passed = end;
    },
    jump(milliseconds) {
      shift += milliseconds;
    },
  };
}
