/** Sessions that survive, for Node: the engine with Node's cryptography, clock and events. */

import { encodeBase64url } from './core/base64url.ts';
import { keyIdOf as keyIdOfSecret } from './core/key-ring.ts';
import { type PolicyOptions, resolvePolicy } from './core/policy.ts';
import { createEngine, type Sessions } from './core/sessions.ts';
import type { Store } from './core/store.ts';
import { type EngineOptions, resolveEngine } from './runtime/engine-options.ts';
import { nodeCrypto } from './runtime/node.ts';
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
export type { EngineOptions } from './runtime/engine-options.ts';

/** What {@link createSessions} takes. */
export interface SessionsOptions extends EngineOptions {
  /** Where sessions live, e.g. `sqliteStore({ directory: './data' })`. The engine closes it. */
  readonly store: Store;
  /** Lifetimes and limits. */
  readonly policy?: PolicyOptions;
}

/**
 * Makes the engine. Throws `invalid-secret` or `invalid-option` with all problems at once; opens nothing by itself.
 */
export function createSessions(options: SessionsOptions): Sessions {
  const { context, policy } = resolveEngine(options, () => resolvePolicy(options.policy));
  const engine = createEngine(context, policy);
  const stopSweeping = startSweeping(engine, options.sweepSeconds);
  return {
    ...engine,
    close: () => {
      stopSweeping();
      return engine.close();
    },
  };
}

/** A new secret for SESSION_SECRET: 32 random bytes as 43 characters of base64url. */
export function generateSecret(): string {
  return encodeBase64url(nodeCrypto.randomBytes(32));
}

/** The fingerprint of a secret, as it appears in tokens, reports and logs: 8 hex digits. */
export function keyIdOf(secret: string): string {
  return keyIdOfSecret(secret, nodeCrypto);
}
