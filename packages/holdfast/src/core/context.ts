/** What the parts of one engine share: the store behind its guards, the keys, the policy, the clock. */
import type { Clock, CryptoPort } from './crypto.ts';
import { StoreUnreachableError } from './errors.ts';
import type { EventSink, SessionEvent } from './events.ts';
import { createGuard, type Deadline, type Guard, type Timers } from './guard.ts';
import type { KeyRing } from './key-ring.ts';
import type { Unreachable } from './outcomes.ts';
import type { Policy } from './policy.ts';
import type { Store } from './store.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** What {@link createContext} needs. */
export interface ContextOptions {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly deadlineMs: number;
  readonly onEvent: EventSink;
}

/** How long counting all sessions may take, in milliseconds. */
const COUNT_MS = 30_000;

/** What engines of every kind share. */
export interface StoreContext {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly verified: VerifiedTokens;
  /** Tells the listeners; never throws. */
  readonly emit: EventSink;
  /** A number in [0, 1) from the CSPRNG. */
  readonly random: () => number;
  /** Guards the reads. Apart from the writes, because a full disk must not close the way to what is stored. */
  readonly reading: Guard;
  readonly writing: Guard;
  /** Guards counting, which takes longer than any other call may where there are a million sessions. */
  readonly counting: Guard;
  /** For the one call that is made past the guards. */
  readonly deadline: Deadline;
}

/** The context of sessions. */
export interface EngineContext extends StoreContext {
  readonly policy: Policy;
}

export function createContext(options: ContextOptions): StoreContext {
  const { store, ring, crypto, clock, timers, deadlineMs } = options;

  function emit(event: SessionEvent): void {
    try {
      const told: unknown = options.onEvent(event);
      // An async listener is allowed by the type; its rejection must not end the process.
      if (told instanceof Promise) told.catch(() => undefined);
    } catch {
      // A listener that fails must not fail the request it is told about.
    }
  }

  function random(): number {
    const bytes = crypto.randomBytes(2);
    return (((bytes[0] as number) << 8) | (bytes[1] as number)) / 65_536;
  }

  function onFailure(operation: string, error: StoreUnreachableError): void {
    emit({ type: 'store-failed', operation, detail: describe(error), at: clock() });
  }

  const guarded = { clock, timers, deadlineMs, random, onFailure };
  return {
    store,
    ring,
    crypto,
    clock,
    verified: new VerifiedTokens(),
    emit,
    random,
    reading: createGuard(guarded),
    writing: createGuard(guarded),
    counting: createGuard({ ...guarded, deadlineMs: Math.max(COUNT_MS, deadlineMs) }),
    deadline: { timers, deadlineMs },
  };
}

/** Turns the one failure that operations may meet into a value; anything else is a programming mistake and stays thrown. */
export function toUnreachable(error: unknown): Unreachable {
  if (!(error instanceof StoreUnreachableError)) throw error;
  return { status: 'unreachable', reason: 'store-unreachable', retryAfterSeconds: error.retryAfterSeconds };
}

function describe(error: StoreUnreachableError): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
