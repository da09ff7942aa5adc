/** Lets one tab of a browser ask at a time: by Web Locks, or by words between the tabs where there are none. */
import type { Environment } from './types.ts';

/** How long a tab waits for another one: a tab that was frozen while asking keeps its turn until it wakes. */
const LONGEST_WAIT_MS = 3000;
/** How long the others have to object where there are no locks. */
const OBJECTION_MS = 50;

/** The turns of one tab. */
export interface Turns {
  /** Waits for the turn, but not for ever, nor beyond the signal; the answered function ends it. Never rejects. */
  take(signal: AbortSignal): Promise<() => void>;
  /** Waits for as long, or until the signal, or until a turn ends. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Another tab wants its turn under this number, or has it (0), or has had it (infinite). */
  hear(rival: number): void;
}

/** `say` passes a number to the `hear` of the other tabs. */
export function createTurns(name: string, { locks, after, random }: Environment, say: (rival: number) => void): Turns {
  let mine = Infinity;
  let rival = Infinity;
  let heardEnd: () => void = () => {};

  const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const stop = after(milliseconds, resolve);
      heardEnd = () => {
        stop();
        resolve();
      };
      signal.addEventListener('abort', heardEnd);
    });

  return {
    pause,
    take: locks
      ? (signal) =>
          new Promise((resolve) => {
            let isLate = false;
            const goOn = (): void => {
              isLate = true;
              resolve(goOn);
            };
            const stop = after(LONGEST_WAIT_MS, goOn);
            locks
              .request(name, { signal }, () => {
                stop();
                return new Promise<void>((release) => (isLate ? release() : resolve(release)));
              })
              .catch(goOn);
          })
      : async (signal) => {
          mine = random();
          say(mine);
          await pause(OBJECTION_MS, signal);
          // The lower number goes first.
          if (rival < mine) await pause(LONGEST_WAIT_MS, signal);
          rival = Infinity;
          mine = 0;
          return () => {
            mine = Infinity;
            say(mine);
          };
        },
    hear(other) {
      if (other === Infinity) {
        rival = other;
        heardEnd();
      } else {
        rival = Math.min(rival, other);
        // Whoever has the turn, or a better number, says so to those who came later.
        if (mine < other) say(mine);
      }
    },
  };
}
