/** Writes one entry into a store. */
import { HoldfastError } from '../core/errors.ts';
import type { StoredEntry, TransferableStore } from '../core/transfer.ts';
import type { Caller } from './caller.ts';

/** `kept`: what the store had is newer, or over. `refused`: this store cannot hold such a record. */
export type CopyOutcome = 'copied' | 'ended' | 'kept' | 'refused';

/** What a store throws about one record; anything else is about the store. */
const REFUSALS: readonly string[] = ['invalid-data', 'invalid-option', 'data-too-large'];

/** Puts the record or buries the id; safe to repeat in any order, because versions and ends only go one way. */
export async function copyEntry(to: TransferableStore, call: Caller, entry: StoredEntry): Promise<CopyOutcome> {
  if ('tombstone' in entry) {
    await call(() => to.bury(entry.id, entry.tombstone));
    return 'ended';
  }
  try {
    return (await call(() => to.put(entry.record))) ? 'copied' : 'kept';
  } catch (error) {
    // One odd record shall not keep everybody else from moving.
    if (error instanceof HoldfastError && REFUSALS.includes(error.code)) return 'refused';
    throw error;
  }
}
