/** A backend that fails as a test plans it: before it does something, after it did, or by never answering. */
import type { Timers } from '../../src/core/guard.ts';

export type Fault = 'fails' | 'hangs' | 'loses its answer';

export interface Faulty {
  /** Does what is called, or what the fault makes of it; `refusal` is what a backend that fails throws. */
  run<T>(fault: Fault | null, call: () => PromiseLike<T> | T, refusal: Error): Promise<T>;
  /** A call that hangs has its deadline passed at once; nothing else passes. */
  readonly timers: Timers;
}

export function plantFaults(): Faulty {
  const deadlines = new Set<() => void>();
  return {
    async run(fault, call, refusal) {
      if (fault === 'fails') throw refusal;
      if (fault === 'hangs') {
        queueMicrotask(() => {
          for (const passed of [...deadlines]) passed();
        });
        return new Promise(() => undefined);
      }
      const result = await call();
      // An ordinary error on purpose: the engine has to take anything that a backend's client may throw.
      if (fault === 'loses its answer') throw new Error('planted: done, but the answer was lost');
      return result;
    },
    timers: {
      after(_milliseconds, passed) {
        deadlines.add(passed);
        return () => deadlines.delete(passed);
      },
    },
  };
}
