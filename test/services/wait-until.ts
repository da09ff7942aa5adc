/** Waits for something that another process does, by looking again and again until a deadline. */
import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds; default 10 000. */
  readonly deadlineMs?: number;
  /** Milliseconds between two looks; default 10. */
  readonly everyMs?: number;
}

/** Answers the first value that is neither false nor null; a look that throws counts as "not yet". */
export async function waitUntil<T>(
  what: string,
  look: () => T | false | null | Promise<T | false | null>,
  { deadlineMs = 10_000, everyMs = 10 }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + deadlineMs;
  let trouble: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== false && seen !== null) return seen;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (performance.now() >= end) {
      throw new Error(`Waited ${deadlineMs / 1000} s in vain until ${what}.`, { cause: trouble });
    }
    await pause(everyMs);
  }
}
