/** Where a session's id leads: to the live record, also when the id was rotated a moment ago, or to the reason why nowhere. */
import type { Reason } from '../protocol/reasons.ts';
import type { EngineContext } from './context.ts';
import { expiredBecause, type SessionRecord } from './record.ts';
import type { ReadResult } from './store.ts';

/** A live session. */
export interface Located {
  readonly record: SessionRecord;
  /** What is stored under the id that was asked for, when that is only a pointer; else null. */
  readonly pointer: SessionRecord | null;
}

/**
 * Reads the record under the id (or takes what was `known` to be there a moment ago) and follows the pointers that id rotation leaves, each for as long as it lives. Throws
 * StoreUnreachableError.
 */
export async function locate(
  context: EngineContext,
  id: string,
  now: number,
  known?: ReadResult,
): Promise<Located | Reason> {
  const read = known ?? (await context.reading('read', () => context.store.read(id)));
  if (read.status === 'live') {
    const { record } = read;
    const expired = expiredBecause(record, now);
    if (record.movedTo === null) return expired ?? { record, pointer: null };
    // Not the session is over but its former id, which nobody should hold any more.
    if (expired) return 'revoked';
    const moved = await locate(context, record.movedTo, now);
    return typeof moved === 'string' ? moved : { record: moved.record, pointer: record };
  }
  if (read.status === 'ended') return read.tombstone.reason;
  if (read.status === 'undecodable') {
    context.emit({ type: 'undecodable-record', sessionId: id, detail: read.detail, at: now });
  }
  return 'not-found';
}
