/** What a store offers besides `Store` so that sessions can move to another one, or be kept in two at once. */
import type { SessionRecord, Tombstone } from './record.ts';
import type { Awaitable, Store } from './store.ts';

/** One thing a store keeps: a record (pointers left by id rotation included) or a tombstone. */
export type StoredEntry =
  | { readonly id: string; readonly record: SessionRecord }
  | { readonly id: string; readonly tombstone: Tombstone };

/**
 * The id of a record that is no session: what the layered store notes in its back about its front. It stays where it is when
 * sessions are copied, because about another pair of stores it says nothing.
 */
export const FRONT_NOTE_ID = 'AAAAlayeredFrontStateA';

/** One batch of a scan. */
export interface ScanBatch {
  readonly entries: readonly StoredEntry[];
  /** How many things were passed over because this version cannot read them. */
  readonly undecodable: number;
  /** Where the next batch begins; null when this was the last. A short text that can be kept and used after a restart. */
  readonly next: string | null;
}

/**
 * A store whose sessions can be copied. `put` and `bury` are for copies only: they are how one store repeats what happened
 * in another, and the engine never calls them.
 */
export interface TransferableStore extends Store {
  /**
   * Everything that is kept and not yet past its time, in batches of about `limit` (a batch may be empty without being the
   * last). What is there from the first batch to the last is handed out at least once, however busy the store is meanwhile.
   * `cursor` is null for the first batch.
   */
  scan(cursor: string | null, limit: number): Awaitable<ScanBatch>;
  /**
   * Writes a copy of the record unless a tombstone, something undecodable, or a record of a higher version is there. Over a
   * record of the same version only the times move, forward. Answers whether the store now holds this version.
   */
  put(record: SessionRecord): Awaitable<boolean>;
  /**
   * Leaves the tombstone, whatever record is there or nothing at all. A tombstone that is there stays as it is, and so does
   * what cannot be read.
   */
  bury(id: string, tombstone: Tombstone): Awaitable<void>;
}
