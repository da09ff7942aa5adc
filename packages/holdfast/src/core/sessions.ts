/** The session engine. Every method answers a value for everything that can happen; none throws because of the store. */
import type { EndReason } from '../protocol/reasons.ts';
import { type ContextOptions, createContext, toUnreachable } from './context.ts';
import { endAllSessions, endReused, endSession } from './ending.ts';
import { withinDeadline } from './guard.ts';
import { watchHammering } from './hammering.ts';
import { ANNOUNCEMENT_MS, differingRings, type KeyAnnounced, type KeyReport, reportKeys } from './key-canary.ts';
import type {
  DataDelta,
  EndOutcome,
  ListOutcome,
  PresentedTokens,
  Resolution,
  RotateOutcome,
  StartAnonymousOptions,
  StartAnonymousOutcome,
  StartOptions,
  StartOutcome,
  Unreachable,
  UpdateOutcome,
} from './outcomes.ts';
import type { Policy } from './policy.ts';
import { expiredBecause } from './record.ts';
import { resolveTokens } from './resolve.ts';
import { rotateSessionId, startAnonymousSession, startSession } from './starting.ts';
import type { Awaitable, StoreHealth } from './store.ts';
import { createTouches } from './touch.ts';
import { updateSession } from './updating.ts';

/** The engine as applications and bindings see it. */
export interface Sessions {
  /** A new session under a new id, never an upgraded old one (session fixation, OWASP ASVS 5.0 7.2.4). */
  start(options: StartOptions): Promise<StartOutcome>;
  startAnonymous(options?: StartAnonymousOptions): Promise<StartAnonymousOutcome>;
  /**
   * Whose request is this? Reads the store once; refreshes when the access token is due and the refresh token is good.
   * A passive request (prefetch, polling) is answered alike and does not keep an idle session alive.
   */
  resolve(tokens: PresentedTokens, options?: { readonly passive?: boolean }): Promise<Resolution>;
  /**
   * The same for bindings, at once where the store answers at once (embedded, or from its cache): a promise for each
   * request is a good part of what such a request costs.
   */
  resolveDirect(tokens: PresentedTokens, options?: { readonly passive?: boolean }): Awaitable<Resolution>;
  /** Changes single data keys of the session. */
  update(id: string, delta: DataDelta): Promise<UpdateOutcome>;
  /** A new id for the same session, for a change of privilege; requests in flight under the old id are still answered. */
  rotateId(id: string): Promise<RotateOutcome>;
  /** Records a fresh proof of identity (`amr` is added, `authenticatedAt` is now) and rotates the id. */
  stepUp(id: string, amr: readonly string[]): Promise<RotateOutcome>;
  /** Ends one session. With `userId`, only when it is that user's. */
  end(id: string, reason: EndReason, options?: { readonly userId?: string }): Promise<EndOutcome>;
  /** Ends all sessions of a user, but `exceptId` if given. */
  endAll(userId: string, reason: EndReason, options?: { readonly exceptId?: string }): Promise<EndOutcome>;
  /** A user's live sessions, the most recently used first. */
  list(userId: string): Promise<ListOutcome>;
  /**
   * Tells the other processes which keys this one has, and compares with them and with all live sessions. Counting these
   * takes a while where there are many: for the start of a process and for people who ask.
   */
  checkKeys(instance: string): Promise<KeyReport | Unreachable>;
  /** The same without counting, to be repeated every half minute: an announcement counts for two. */
  announceKeys(instance: string): Promise<KeyAnnounced | Unreachable>;
  /** Removes what expired long enough ago, in batches; answers how many went, also when the store fails on the way. */
  sweep(): Promise<number>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/** How many records one step of a sweep removes: small, so that it never holds the store for long. */
const SWEEP_BATCH = 500;

/** Puts an engine together from its parts. Applications use `createSessions` of the package root, which supplies them. */
export function createEngine(options: ContextOptions, policy: Policy): Sessions {
  const context = { ...createContext(options), policy };
  const { store, ring, clock, reading, writing } = context;
  const parts = {
    context,
    touches: createTouches(context),
    hammering: watchHammering(context.emit),
    endReused: (id: string) => endReused(context, id),
  };

  async function list(userId: string): Promise<ListOutcome> {
    try {
      const records = await reading('listByUser', () => store.listByUser(userId));
      const now = clock();
      return { status: 'listed', sessions: records.filter((record) => expiredBecause(record, now) === null) };
    } catch (error) {
      return toUnreachable(error);
    }
  }

  async function announceKeys(instance: string): Promise<KeyAnnounced | Unreachable> {
    try {
      const at = clock();
      // A store that can be read but not written (a full disk) must not keep a process from starting; the guard reports it.
      await writing('announceKeys', () => store.announceKeys({ instance, keyIds: ring.ids, at })).catch(
        () => undefined,
      );
      const others = await reading('listKeyAnnouncements', () => store.listKeyAnnouncements(at - ANNOUNCEMENT_MS));
      return { status: 'announced', keyIds: ring.ids, differing: differingRings(ring.ids, others, instance) };
    } catch (error) {
      return toUnreachable(error);
    }
  }

  async function checkKeys(instance: string): Promise<KeyReport | Unreachable> {
    const announced = await announceKeys(instance);
    if (announced.status === 'unreachable') return announced;
    try {
      return reportKeys(announced, await context.counting('count', () => store.count()));
    } catch (error) {
      return toUnreachable(error);
    }
  }

  async function sweep(): Promise<number> {
    let removed = 0;
    try {
      for (;;) {
        const swept = await writing('sweep', () => store.sweep(SWEEP_BATCH));
        removed += swept.removed;
        for (const { id, userId, reason, at } of swept.expired) {
          context.emit({ type: 'session-ended', sessionId: id, userId, reason, at });
        }
        if (swept.removed < SWEEP_BATCH) return removed;
      }
    } catch {
      // The guard has reported it; what is left goes with the next sweep.
      return removed;
    }
  }

  async function health(): Promise<StoreHealth> {
    try {
      // Past the circuit breaker: whoever asks wants to know how the store is, not how it was.
      return await withinDeadline('health', () => store.health(), context.deadline);
    } catch (error) {
      return { healthy: false, message: error instanceof Error ? error.message : 'the session store failed' };
    }
  }

  return {
    start: (startOptions) => startSession(context, startOptions),
    startAnonymous: (startOptions = {}) => startAnonymousSession(context, startOptions),
    resolve: async (tokens, resolveOptions) => resolveTokens(parts, tokens, resolveOptions?.passive ?? false),
    resolveDirect: (tokens, resolveOptions) => resolveTokens(parts, tokens, resolveOptions?.passive ?? false),
    update: (id, delta) => updateSession(context, id, delta),
    rotateId: (id) => rotateSessionId(context, id),
    stepUp: (id, amr) =>
      rotateSessionId(context, id, (current, now) => ({
        authenticatedAt: now,
        amr: [...new Set([...current.amr, ...amr])],
      })),
    end: (id, reason, endOptions) => endSession(context, id, reason, endOptions?.userId),
    endAll: (userId, reason, endOptions) => endAllSessions(context, userId, reason, endOptions?.exceptId),
    list,
    checkKeys,
    announceKeys,
    sweep,
    health,
    close: async () => store.close(),
  };
}
