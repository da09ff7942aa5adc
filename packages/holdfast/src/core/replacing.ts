/** Ends the session that a sign-in came with; an anonymous one leaves its data, also what was written at the last moment. */
import type { EngineContext } from './context.ts';
import { takeSession } from './ending.ts';
import { StoreUnreachableError } from './errors.ts';
import type { Session, SessionData, SessionRecord } from './record.ts';

/**
 * Puts `created` in the former session's place; answers the new session as it is then. `given` is the data that the
 * application chose for it, which wins over what an anonymous session leaves. When the former session cannot be ended the
 * new one is erased again and StoreUnreachableError thrown: two live sessions of one browser would be one too many.
 */
export async function replaceSession(
  context: EngineContext,
  created: SessionRecord,
  former: Session,
  given: SessionData,
): Promise<SessionRecord | 'limit-reached'> {
  try {
    const taken = await takeSession(context, former.id, 'signed-out');
    const gone = typeof taken === 'string' || taken.expired !== null;
    // The limit was widened by the former session; when that was over already, there may be one too many now.
    if (gone && former.userId === created.userId) return await keepLimit(context, created);
    if (typeof taken === 'string' || former.userId !== null) return created;
    return await inherit(context, created, former, taken.record, given);
  } catch (error) {
    await context.writing('delete', () => context.store.delete(created.id)).catch(() => undefined);
    throw error;
  }
}

/** Adds what was written to the anonymous session since the request read it. */
async function inherit(
  context: EngineContext,
  created: SessionRecord,
  former: Session,
  left: SessionRecord,
  given: SessionData,
): Promise<SessionRecord> {
  if (left.version === former.version) return created;
  const set = Object.fromEntries(
    Object.entries(left.data).filter(
      ([key, value]) => !Object.hasOwn(given, key) && JSON.stringify(value) !== JSON.stringify(former.data[key]),
    ),
  );
  const unset = Object.keys(former.data).filter((key) => !Object.hasOwn(given, key) && !Object.hasOwn(left.data, key));
  if (Object.keys(set).length === 0 && unset.length === 0) return created;
  try {
    const updated = await context.writing('update', () => context.store.update(created.id, { set, unset }));
    return updated.status === 'updated' ? updated.record : created;
  } catch (error) {
    if (!(error instanceof StoreUnreachableError)) throw error;
    // The anonymous session is over, so going back would lose all of its data instead of the last write.
    return created;
  }
}

async function keepLimit(context: EngineContext, created: SessionRecord): Promise<SessionRecord | 'limit-reached'> {
  const { maxPerUser, onLimit } = context.policy;
  const records = await context.reading('listByUser', () => context.store.listByUser(created.userId as string));
  const others = records.filter(({ id }) => id !== created.id);
  if (others.length < maxPerUser) return created;
  if (onLimit === 'refuse') {
    await context.writing('delete', () => context.store.delete(created.id));
    return 'limit-reached';
  }
  for (const { id } of others.slice(maxPerUser - 1)) await takeSession(context, id, 'limit-reached');
  return created;
}
