/** Changes session data by keys, so that parallel requests undo nothing of each other. */
import { type EngineContext, toUnreachable } from './context.ts';
import { HoldfastError } from './errors.ts';
import { locate } from './locate.ts';
import type { DataDelta, UpdateOutcome } from './outcomes.ts';
import { assertKey, assertStorable, mergeData, sizeOf } from './session-data.ts';
import type { RecordChange } from './store.ts';

/** Throws `invalid-data` or `data-too-large` for what cannot be kept; nothing is written then. */
export async function updateSession(context: EngineContext, id: string, delta: DataDelta): Promise<UpdateOutcome> {
  assertStorable(delta.set ?? {});
  for (const key of delta.unset ?? []) assertKey(key);
  try {
    const located = await locate(context, id, context.clock());
    if (typeof located === 'string') return { status: 'gone', reason: located };
    const current = located.record;
    if (sizeOf(mergeData(current.data, delta.set, delta.unset)) > context.policy.maxDataBytes) {
      throw new HoldfastError(
        'data-too-large',
        `session data is limited to ${context.policy.maxDataBytes} bytes of JSON`,
      );
    }
    const change: RecordChange = {
      ...(delta.ifVersion === undefined ? {} : { ifVersion: delta.ifVersion }),
      ...(delta.set ? { set: delta.set } : {}),
      ...(delta.unset ? { unset: delta.unset } : {}),
    };
    const result = await context.writing('update', () => context.store.update(current.id, change));
    if (result.status === 'ended') return { status: 'gone', reason: result.tombstone.reason };
    if (result.status !== 'updated' && result.status !== 'conflict') return { status: 'gone', reason: 'not-found' };
    // The id was rotated between the read and the write: what was written to the pointer belongs to the session.
    if (result.record.movedTo !== null) return await updateSession(context, result.record.movedTo, delta);
    return { status: result.status, session: result.record };
  } catch (error) {
    return toUnreachable(error);
  }
}
