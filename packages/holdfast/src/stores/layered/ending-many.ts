/** Ends several sessions at once: all of a user, or as many as a new one needs room. Each leaves its barrier first. */
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import type { SessionRecord, Tombstone } from '../../core/record.ts';
import type { Awaitable, CreateResult, SessionLimit, TakeResult } from '../../core/store.ts';
import type { TransferableStore } from '../../core/transfer.ts';
import { idsBehind } from '../pointer.ts';
import { leaveTrace } from './trace.ts';
import type { Trust } from './trust.ts';

/** What the layered store lends. */
export interface Ends {
  readonly back: TransferableStore;
  readonly trust: Trust;
  readonly clock: Clock;
  readonly take: (id: string, tombstone: Tombstone) => Promise<TakeResult>;
}

/** Rounds against sign-ins and moves that go on meanwhile. */
const MAX_ROUNDS = 16;
const MAX_EVICTING_ROUNDS = 100;
const MAX_POINTERS = 16;
const AT_ONCE = 64;

/** `takeByUser`: one by one, each behind its barrier, until the back lists nothing more; then what has expired. */
export async function endUser(
  ends: Ends,
  userId: string,
  tombstone: Tombstone,
  exceptId: string | undefined,
): Promise<readonly SessionRecord[]> {
  const { back, trust, take } = ends;
  const ended: SessionRecord[] = [];
  let first = true;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if ((await trust.writable()) === null) break;
    const listed = await back.listByUser(userId);
    // After the list: a session that is in it under an id that was moved to can be traced back from the kept one.
    const kept = await keptIds(back, exceptId);
    if (first) {
      first = false;
      // A process may have died before it told the front of an end. Whoever asks for it again must not find nothing to do.
      await leaveTrace(trust, async (front) => {
        const shown = (await front.store.listByUser(userId)).filter(({ id }) => !kept.has(id));
        await inTurns(shown, ({ id }) => front.bar(id, tombstone));
      });
    }
    const rest = listed.filter(({ id }) => !kept.has(id));
    if (rest.length === 0) break;
    for (const result of await inTurns(rest, ({ id }) => take(id, tombstone))) {
      // A pointer was taken where the session has just moved; it is found under its new id in the next round.
      if (result.status === 'taken' && result.record.movedTo === null) ended.push(result.record);
    }
  }
  const others = await back.takeByUser(userId, tombstone, exceptId);
  if (others.length > 0) await leaveTrace(trust, (front) => inTurns(others, ({ id }) => front.bar(id, tombstone)));
  return [...ended, ...others];
}

/** `create` where the oldest give way: the back refuses, the oldest are taken, and it is tried again. */
export async function makeRoom(ends: Ends, record: SessionRecord, limit: SessionLimit): Promise<CreateResult> {
  const { back, take, clock } = ends;
  const evicted: SessionRecord[] = [];
  for (let round = 0; round < MAX_EVICTING_ROUNDS; round++) {
    const result = await back.create(record, { max: limit.max, onLimit: 'refuse' });
    if (result.status === 'created') return { status: 'created', evicted };
    if (result.status === 'exists') return result;
    if ((await back.read(record.id)).status !== 'absent') return { status: 'exists' };
    const listed = await back.listByUser(record.userId as string);
    const oldest = listed.slice(limit.max - 1).reverse();
    for (const { id } of oldest) {
      const taken = await take(id, { reason: 'limit-reached', at: clock() });
      if (taken.status === 'taken' && taken.record.movedTo === null) evicted.push(taken.record);
    }
  }
  throw new StoreUnreachableError('other sign-ins of the user kept taking the room');
}

/** Not all at once: one person's thousand sessions are no reason for others to wait. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Awaitable<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let first = 0; first < all.length; first += AT_ONCE) {
    results.push(...(await Promise.all(all.slice(first, first + AT_ONCE).map(work))));
  }
  return results;
}

async function keptIds(back: TransferableStore, exceptId: string | undefined): Promise<ReadonlySet<string>> {
  const pointers = new Map<string, string>();
  for (let id = exceptId; id !== undefined && pointers.size < MAX_POINTERS; id = pointers.get(id)) {
    const read = await back.read(id);
    if (read.status === 'live' && read.record.movedTo !== null) pointers.set(id, read.record.movedTo);
  }
  return idsBehind(exceptId, (id) => pointers.get(id) ?? null);
}
