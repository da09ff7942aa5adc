/** Everything that a store keeps, batch after batch; the next one is read while the last one is worked on. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FRONT_NOTE_ID, type ScanBatch, type TransferableStore } from '../core/transfer.ts';
import type { Caller } from './caller.ts';

export interface BatchesOptions {
  readonly store: TransferableStore;
  readonly call: Caller;
  /** Where to begin; null at the start. */
  readonly cursor: string | null;
  /** About how many entries a batch has. */
  readonly size: number;
}

/** The batches from the cursor to the end. */
export async function* batches({ store, call, cursor, size }: BatchesOptions): AsyncGenerator<ScanBatch, void, void> {
  const scan = async (from: string | null): Promise<ScanBatch> => {
    const batch = await call(() => store.scan(from, size));
    const others = batch.entries.filter(({ id }) => id !== FRONT_NOTE_ID);
    return others.length === batch.entries.length ? batch : { ...batch, entries: others };
  };
  let ahead = scan(cursor);
  for (;;) {
    const batch = await ahead;
    if (batch.next !== null) {
      ahead = scan(batch.next);
      // Whoever leaves before the next batch does not want to hear of its failure.
      ahead.catch(() => undefined);
    }
    yield batch;
    if (batch.next === null) return;
    // Between stores that answer at once nothing else would ever have its turn: no signal, no progress.
    await nextTurn();
  }
}
