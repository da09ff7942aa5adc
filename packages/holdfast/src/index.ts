/** Sessions that survive, for Node: the engine with Node's cryptography, clock and events. */

import { encodeBase64url } from './core/base64url.ts';
import type { Clock } from './core/crypto.ts';
import { HoldfastError } from './core/errors.ts';
import type { EventSink } from './core/events.ts';
import { createKeyRing, keyIdOf as keyIdOfSecret } from './core/key-ring.ts';
import { type PolicyOptions, resolvePolicy } from './core/policy.ts';
import { parseSecrets } from './core/secrets.ts';
import { createEngine, type Sessions } from './core/sessions.ts';
import type { Store } from './core/store.ts';
import { nodeCrypto, nodeTimers, publishEvent } from './runtime/node.ts';
import { startSweeping } from './runtime/sweeping.ts';

export type { Clock } from './core/crypto.ts';
export { ERRORS, type ErrorCode, HoldfastError, StoreUnreachableError } from './core/errors.ts';
export type { EventSink, SessionEvent } from './core/events.ts';
export type { KeyAnnounced, KeyReport } from './core/key-canary.ts';
export type {
  DataDelta,
  EndOutcome,
  Gone,
  IssuedToken,
  IssuedTokens,
  ListOutcome,
  NotSignedIn,
  PresentedTokens,
  Resolution,
  RotateOutcome,
  SignedIn,
  StartAnonymousOptions,
  StartAnonymousOutcome,
  StartOptions,
  StartOutcome,
  TokenGrant,
  Unreachable,
  UpdateOutcome,
  UserSession,
} from './core/outcomes.ts';
export type { PolicyOptions } from './core/policy.ts';
export type { Device, Json, Session, SessionData, SessionRecord, Tombstone } from './core/record.ts';
export { parseSecrets, secretProblems } from './core/secrets.ts';
export type { Sessions } from './core/sessions.ts';
export type {
  Absent,
  Awaitable,
  CreateResult,
  Ended,
  ExpiredSession,
  FieldChanges,
  KeyAnnouncement,
  Live,
  Move,
  MoveResult,
  ReadResult,
  RecordChange,
  SessionLimit,
  Store,
  StoreCounts,
  StoreFinding,
  StoreHealth,
  Swept,
  TakeResult,
  Undecodable,
  UpdateResult,
} from './core/store.ts';
export type { ScanBatch, StoredEntry, TransferableStore } from './core/transfer.ts';
export { type EndReason, REASONS, type Reason } from './protocol/reasons.ts';

/** What {@link createSessions} takes. */
export interface SessionsOptions {
  /** Where sessions live, e.g. `sqliteStore({ directory: './data' })`. The engine closes it. */
  readonly store: Store;
  /**
   * The value of SESSION_SECRET, or its secrets as a list, newest first: the first signs, all verify. At least 32 random
   * bytes each. There is no default and never a random one: that would sign everybody out at the next start.
   */
  readonly secrets: string | readonly string[];
  /** Lifetimes and limits. */
  readonly policy?: PolicyOptions;
  /** Told of everything that happens; also published on the diagnostics channel `holdfast:session`. */
  readonly onEvent?: EventSink;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Bytes from a CSPRNG. Default Node's. For tests only. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** The longest that one store call may take, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
  /** How often expired records are removed, in seconds, give or take a quarter. 0 leaves it to the caller. Default 300. */
  readonly sweepSeconds?: number;
}

const MAX_DEADLINE_MS = 60_000;
const MAX_SWEEP_SECONDS = 24 * 60 * 60;

/**
 * Makes the engine. Throws `invalid-secret` or `invalid-option` with all problems at once; opens nothing by itself.
 */
export function createSessions(options: SessionsOptions): Sessions {
  const { store, onEvent, deadlineMs = 1000, sweepSeconds = 300 } = options;
  const crypto = options.randomBytes ? { ...nodeCrypto, randomBytes: options.randomBytes } : nodeCrypto;
  const { ring, policy } = allOrNothing({
    ring: () => createKeyRing(toList(options.secrets), crypto),
    policy: () => resolvePolicy(options.policy),
    timing: () => assertTiming(deadlineMs, sweepSeconds),
  });
  const engine = createEngine({
    store,
    ring,
    policy,
    crypto,
    clock: options.clock ?? Date.now,
    timers: nodeTimers,
    deadlineMs,
    onEvent: (event) => {
      publishEvent(event);
      // Handed back, because an async listener's failure is the engine's to swallow.
      return onEvent?.(event);
    },
  });
  const stopSweeping = startSweeping(engine, sweepSeconds);
  return {
    ...engine,
    close: () => {
      stopSweeping();
      return engine.close();
    },
  };
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
function assertTiming(deadlineMs: number, sweepSeconds: number): void {
  const problems: string[] = [];
  if (!(deadlineMs >= 1 && deadlineMs <= MAX_DEADLINE_MS)) {
    problems.push(`deadlineMs must be 1 to ${MAX_DEADLINE_MS} milliseconds`);
  }
  if (!(sweepSeconds >= 0 && sweepSeconds <= MAX_SWEEP_SECONDS)) {
    problems.push(`sweepSeconds must be 0 to ${MAX_SWEEP_SECONDS} seconds`);
  }
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
}

/** A new secret for SESSION_SECRET: 32 random bytes as 43 characters of base64url. */
export function generateSecret(): string {
  return encodeBase64url(nodeCrypto.randomBytes(32));
}

/** The fingerprint of a secret, as it appears in tokens, reports and logs: 8 hex digits. */
export function keyIdOf(secret: string): string {
  return keyIdOfSecret(secret, nodeCrypto);
}
