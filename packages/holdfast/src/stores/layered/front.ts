/** A front under one namespace: what it is asked for, and how copies get into it without ever reviving a session. */
import type { SessionRecord, Tombstone } from '../../core/record.ts';
import { newSessionId } from '../../core/session-id.ts';
import type { Awaitable, RecordChange } from '../../core/store.ts';
import type { TransferableStore } from '../../core/transfer.ts';
import type { CacheStats } from '../cache/record-cache.ts';
import { RESERVED_ID, reservedRecord } from './register.ts';

/** A store that can be a front. What is beyond `TransferableStore` is optional. */
export interface Front extends TransferableStore {
  /**
   * How often the backend may have gone back to an earlier state without this process being told otherwise: each time that
   * a connection was made anew, unless it is known to lead to the same server process with the same memory. Counts up.
   * Where it is missing, the backend is taken to be one that never forgets single writes.
   */
  readonly interruptions?: number;
  /** Figures of an L1 cache, where the store has one. */
  cacheStats?(): CacheStats | null;
}

/** How long a ticket may lie about when its process died: then the front's sweep removes it. */
const TICKET_MS = 60_000;
/** Rounds against other writers of the same copy. */
const MAX_ROUNDS = 8;
/** Numbers that a mark keeps: more than processes that show one at the same time. */
const MAX_SHOWN = 32;

export class OpenFront {
  readonly store: Front;
  readonly namespace: string;
  /** {@link Front.interruptions} when this process began to know the front. */
  readonly #interruptions: number | undefined;
  constructor(store: Front, namespace: string) {
    this.store = store;
    this.namespace = namespace;
    this.#interruptions = store.interruptions;
  }

  /** Whether it may have lost something of what this process has seen in it. */
  get interrupted(): boolean {
    return this.store.interruptions !== this.#interruptions;
  }

  /** Leaves the mark by which everybody sees that this is the front, and that it was not emptied since. */
  async mark(shown: number): Promise<void> {
    await this.store.create(reservedRecord(shown, { namespace: this.namespace, shown: [shown] }));
  }

  /**
   * The numbers that were shown here last (vouching.ts); null when there is no mark. Where `expected` is not among them, they
   * were not read from a cache.
   */
  async look(expected: number): Promise<readonly number[] | null> {
    const read = await this.store.read(RESERVED_ID);
    const shown = read.status === 'live' ? this.#shownBy(read.record) : null;
    if (shown?.includes(expected)) return shown;
    // A change of a version that cannot be is answered with what is there.
    const asked = await this.store.update(RESERVED_ID, { ifVersion: 0 });
    return asked.status === 'conflict' ? this.#shownBy(asked.record) : null;
  }

  /** Adds the number to the mark. False when there is no mark. */
  async show(shown: number): Promise<boolean> {
    let there: readonly number[] = [];
    // The first round finds out what is there, past any cache.
    for (let round = 0, ifVersion = 0; round < MAX_ROUNDS; round++) {
      const set = { shown: [...there, shown].sort((a, b) => b - a).slice(0, MAX_SHOWN) };
      const result = await this.store.update(RESERVED_ID, { ifVersion, set });
      if (result.status === 'updated') return true;
      const now = result.status === 'conflict' ? this.#shownBy(result.record) : null;
      if (result.status !== 'conflict' || now === null) return false;
      there = now;
      ifVersion = result.record.version;
    }
    throw new Error('other processes kept changing the mark');
  }

  /**
   * A permission to copy one session, to be had before the back is asked for it. The copy goes in by moving the ticket to
   * the session's id, in one step of the front. So it fails when a barrier is there; and when the front was emptied since,
   * barriers and all, the ticket is gone with them.
   */
  async ticket(record: SessionRecord, now: number, random: Uint8Array): Promise<SessionRecord> {
    const ticket: SessionRecord = {
      ...record,
      id: newSessionId(random, record.userId, record.id),
      version: 1,
      lastSeenAt: now,
      expiresAt: now + TICKET_MS,
      absoluteExpiresAt: now + TICKET_MS,
      device: {},
      data: {},
      // A pointer is neither listed nor taken.
      movedTo: record.id,
    };
    const { status } = await this.store.create(ticket);
    if (status !== 'created') throw new Error('the random source repeats itself: the ticket exists already');
    return ticket;
  }

  /** Copies what the back said after the ticket was had. False when something is there already. */
  async redeem(ticket: SessionRecord, record: SessionRecord, now: number): Promise<boolean> {
    const moved = await this.store.move(ticket.id, { ifVersion: ticket.version, next: record, pointerExpiresAt: now });
    await this.store.delete(ticket.id);
    return moved.status !== 'exists';
  }

  discard(ticket: SessionRecord): Awaitable<void> {
    return this.store.delete(ticket.id);
  }

  /** From here on everybody who looks here asks the back, and no copy gets in. */
  bar(id: string, tombstone: Tombstone): Awaitable<void> {
    return this.store.bury(id, tombstone);
  }

  /**
   * Repeats a change that the back has made (`record` is what became of it) on a copy of the version before it. A copy of
   * another, older version goes. Where there is none, `copy` brings a fresh one: the place must not stay empty, because an
   * older copy may be under way to it. It answers false when that one has just arrived.
   */
  async repeat(record: SessionRecord, change: RecordChange, copy: () => Promise<boolean>): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const result = await this.store.update(record.id, { ...change, ifVersion: record.version - 1 });
      if (result.status === 'conflict') {
        if (result.record.version >= record.version) return;
        await this.#drop(record.id, result.record.version, record.version);
      } else if (result.status !== 'absent') return;
      if (await copy()) return;
    }
    throw new Error('other processes kept changing the copy');
  }

  /** The same for a record of which nobody knows what it was before. */
  async replace(record: SessionRecord, copy: () => Promise<boolean>): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const read = await this.store.read(record.id);
      if (read.status === 'ended' || read.status === 'undecodable') return;
      if (read.status === 'live' && read.record.version >= record.version) {
        await this.store.touch(record.id, record.lastSeenAt, record.expiresAt);
        return;
      }
      if (read.status === 'live') await this.#drop(record.id, read.record.version, record.version);
      if (await copy()) return;
    }
    throw new Error('other processes kept changing the copy');
  }

  /** Removes a copy that is older than the record. */
  async overtake(record: SessionRecord): Promise<void> {
    const read = await this.store.read(record.id);
    if (read.status === 'live') await this.#drop(record.id, read.record.version, record.version);
  }

  #shownBy({ data: { namespace, shown } }: SessionRecord): readonly number[] | null {
    if (namespace !== this.namespace || !Array.isArray(shown)) return null;
    return shown.filter((each) => typeof each === 'number');
  }

  /** Removes the copy while it is older than `than`, and never a barrier: one that is long over counts as absent. */
  async #drop(id: string, version: number, than: number): Promise<void> {
    for (let round = 0, ifVersion = version; ifVersion < than; round++) {
      if (round === MAX_ROUNDS) throw new Error('other processes kept changing the copy');
      const result = await this.store.update(id, { ifVersion, fields: { expiresAt: 0, absoluteExpiresAt: 0 } });
      if (result.status !== 'conflict') return;
      ifVersion = result.record.version;
    }
  }
}
