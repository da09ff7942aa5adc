/** What every engine takes on Node, and what is made of it: all that is wrong is told at once. */
import type { ContextOptions } from '../core/context.ts';
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { createKeyRing } from '../core/key-ring.ts';
import { parseSecrets } from '../core/secrets.ts';
import type { Store } from '../core/store.ts';
import { nodeCrypto, nodeTimers, publishEvent } from './node.ts';
import { SWEEP_SECONDS } from './sweeping.ts';

/** What `createSessions` and `createTickets` have in common. */
export interface EngineOptions {
  /** Where it is kept, e.g. `sqliteStore({ directory: './data' })`. */
  readonly store: Store;
  /**
   * The value of SESSION_SECRET, or its secrets as a list, newest first: the first signs, all verify. At least 32 random
   * bytes each. There is no default and never a random one: that would sign everybody out at the next start.
   */
  readonly secrets: string | readonly string[];
  /** Told of everything that happens; also published on the diagnostics channel `holdfast:session`. */
  readonly onEvent?: EventSink;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Bytes from a CSPRNG. Default Node's. For tests only. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** The longest that one store call may take, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
  /** How often what is over is removed, in seconds, give or take a quarter. 0 leaves it to the caller. Default 300. */
  readonly sweepSeconds?: number;
}

const DEADLINE_MS = 1000;
const MAX_DEADLINE_MS = 60_000;
const MAX_SWEEP_SECONDS = 24 * 60 * 60;

/** Throws one error with everything that cannot work: `invalid-secret`, `invalid-option` or what `policyOf` throws. */
export function resolveEngine<P>(
  options: EngineOptions,
  policyOf: () => P,
): { readonly context: ContextOptions; readonly policy: P } {
  const { store, onEvent, deadlineMs = DEADLINE_MS } = options;
  const crypto = options.randomBytes ? { ...nodeCrypto, randomBytes: options.randomBytes } : nodeCrypto;
  const { ring, policy } = allOrNothing({
    ring: () => createKeyRing(toList(options.secrets), crypto),
    policy: policyOf,
    timing: () => assertTiming(options),
  });
  const context = {
    store,
    ring,
    crypto,
    clock: options.clock ?? Date.now,
    timers: nodeTimers,
    deadlineMs,
    onEvent: ((event) => {
      publishEvent(event);
      // Handed back, because an async listener's failure is the engine's to swallow.
      return onEvent?.(event);
    }) as EventSink,
  };
  return { context, policy };
}

/** Runs every part and throws the problems of all together: one start shows everything that is to be mended. */
function allOrNothing<T extends Record<string, unknown>>(parts: { readonly [Name in keyof T]: () => T[Name] }): T {
  const errors: HoldfastError[] = [];
  const made: Partial<T> = {};
  for (const name of Object.keys(parts) as (keyof T)[]) {
    try {
      made[name] = parts[name]();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      errors.push(error);
    }
  }
  const [first] = errors;
  if (first === undefined) return made as T;
  throw new HoldfastError(first.code, errors.map(({ message }) => message).join('\n'));
}

/** An application without types may pass on an environment variable that is not set. */
function toList(secrets: string | readonly string[] | undefined): readonly string[] {
  return typeof secrets === 'object' ? secrets : parseSecrets(secrets ?? '');
}

/** Beyond these, `setTimeout` fires at once: every call would be late, and sweeping would never pause. */
function assertTiming({ deadlineMs = DEADLINE_MS, sweepSeconds = SWEEP_SECONDS }: EngineOptions): void {
  const problems: string[] = [];
  if (!(deadlineMs >= 1 && deadlineMs <= MAX_DEADLINE_MS)) {
    problems.push(`deadlineMs must be 1 to ${MAX_DEADLINE_MS} milliseconds`);
  }
  if (!(sweepSeconds >= 0 && sweepSeconds <= MAX_SWEEP_SECONDS)) {
    problems.push(`sweepSeconds must be 0 to ${MAX_SWEEP_SECONDS} seconds`);
  }
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
}
