/** Ends sessions, each exactly once, whatever else is in flight. */
import type { EndReason, Reason } from '../protocol/reasons.ts';
import { type EngineContext, toUnreachable } from './context.ts';
import type { EndOutcome } from './outcomes.ts';
import { expiredBecause, type SessionRecord } from './record.ts';

/** Ends one session; with `userId`, only when it is that user's. A session whose id was rotated ends under both ids. */
export async function endSession(
  context: EngineContext,
  id: string,
  reason: EndReason,
  userId: string | undefined,
): Promise<EndOutcome> {
  try {
    return { status: 'ended', ended: (await end(context, id, reason, userId)) === 'now' ? 1 : 0 };
  } catch (error) {
    return toUnreachable(error);
  }
}

/** Ends all sessions of a user, but `exceptId` if given, also when that id was rotated meanwhile. */
export async function endAllSessions(
  context: EngineContext,
  userId: string,
  reason: EndReason,
  exceptId: string | undefined,
): Promise<EndOutcome> {
  const at = context.clock();
  try {
    const taken = await context.writing('takeByUser', () => context.store.takeByUser(userId, { reason, at }, exceptId));
    const ended = taken.filter((record) => record.movedTo === null && tellEnded(context, record, reason, at) === null);
    return { status: 'ended', ended: ended.length };
  } catch (error) {
    return toUnreachable(error);
  }
}

/** Ends a session whose superseded token was used; answers the reason it ended with, which may be an earlier one. */
export async function endReused(context: EngineContext, id: string): Promise<Reason> {
  const ended = await end(context, id, 'reused', undefined);
  return ended === 'now' ? 'reused' : ended;
}

/** A session that a call of ours took out of the store. */
export interface Taken {
  readonly record: SessionRecord;
  /** Set when it had expired, and so was over before. */
  readonly expired: Reason | null;
}

/** Ends the session under the id, also when the id was rotated; a text says why there was nothing to end. */
export async function takeSession(context: EngineContext, id: string, reason: EndReason): Promise<Taken | Reason> {
  const at = context.clock();
  const taken = await context.writing('take', () => context.store.take(id, { reason, at }));
  if (taken.status === 'ended') return taken.tombstone.reason;
  if (taken.status !== 'taken') return 'not-found';
  const { record } = taken;
  if (record.movedTo !== null) return takeSession(context, record.movedTo, reason);
  return { record, expired: tellEnded(context, record, reason, at) };
}

/** Tells the reason that the session really ended for; answers that of its expiry, or null when it was alive. */
function tellEnded(
  context: EngineContext,
  record: SessionRecord,
  reason: EndReason,
  at: number,
): 'expired-idle' | 'expired-absolute' | null {
  const expired = expiredBecause(record, at);
  const { id: sessionId, userId } = record;
  context.emit({ type: 'session-ended', sessionId, userId, reason: expired ?? reason, at });
  return expired;
}

/** `now` when this very call ended the session, else why there was nothing to end. Throws StoreUnreachableError. */
async function end(
  context: EngineContext,
  id: string,
  reason: EndReason,
  userId: string | undefined,
): Promise<Reason | 'now'> {
  const read = await context.reading('read', () => context.store.read(id));
  if (read.status === 'ended') return read.tombstone.reason;
  if (read.status !== 'live' || (userId !== undefined && read.record.userId !== userId)) return 'not-found';
  // A pointer stays as it is and leads to the tombstone: were it taken first and the store failed then, a second try
  // under this id would find an end and leave the session alive.
  if (read.record.movedTo !== null) return end(context, read.record.movedTo, reason, userId);
  const taken = await takeSession(context, id, reason);
  return typeof taken === 'string' ? taken : (taken.expired ?? 'now');
}
