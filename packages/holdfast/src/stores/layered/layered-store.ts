/**
 * The layered store. The back is the truth and every verdict but "live" is asked there; the front holds copies. What keeps
 * them true:
 *
 * - A tombstone in the front is a *barrier*: it sends everybody to the back and lets no copy in. An end leaves it before the
 *   back is told (whoever dies between the two has ended nothing, and nobody is misled) and once more after (the front may
 *   have been emptied in between).
 * - A copy goes in with a *ticket* (front.ts), never by overwriting, so that what was under way across an end and a flush
 *   finds its ticket gone.
 * - An update is repeated on the copy before it is acknowledged. When that fails the front is *suspended* (trust.ts).
 *
 * What each operation costs while both layers are healthy, in calls (those in brackets nobody waits for). Besides, each
 * process that has traffic asks register and mark about four times a second.
 *
 * | operation                     | front      | back    |
 * |-------------------------------|------------|---------|
 * | read, copy in front           | 1          | 0       |
 * | read, no copy                 | 1 (+ 3)    | 1 (+ 1) |
 * | read, ended                   | 1          | 1       |
 * | create                        | 1 (+ 2)    | 1       |
 * | create, n give way            | 1+2n (+ 2) | 4+n     |
 * | update                        | 1          | 1       |
 * | update, no copy               | 4          | 2       |
 * | touch                         | 1 (+ 1)    | 1 (+ 1) |
 * | move                          | 2 (+ 3)    | 1 (+ 1) |
 * | take, delete                  | 2          | 1       |
 * | takeByUser, n sessions        | 1+3n       | 3+n     |
 */
import type { Clock } from '../../core/crypto.ts';
import type { SessionRecord, Tombstone } from '../../core/record.ts';
import type {
  Awaitable,
  CreateResult,
  FieldChanges,
  KeyAnnouncement,
  Move,
  MoveResult,
  ReadResult,
  RecordChange,
  SessionLimit,
  StoreCounts,
  StoreFinding,
  StoreHealth,
  Swept,
  TakeResult,
  UpdateResult,
} from '../../core/store.ts';
import type { TicketStore } from '../../core/ticket-store.ts';
import type { ScanBatch, TransferableStore } from '../../core/transfer.ts';
import { copyJson } from '../apply-change.ts';
import type { CacheStats } from '../cache/record-cache.ts';
import { letGo } from './connector.ts';
import { Copier } from './copier.ts';
import { endUser, makeRoom } from './ending-many.ts';
import { FRONT_NOT_IN_USE, findCache } from './findings.ts';
import type { Front } from './front.ts';
import type { Pace } from './pace.ts';
import { Reading } from './reading.ts';
import { RESERVED_ID, Register } from './register.ts';
import { leaveTrace, tryTo } from './trace.ts';
import { Trust } from './trust.ts';

/** A store over two layers. */
export interface LayeredStore extends TransferableStore {
  /** The figures of the front's cache; null while it has none. */
  cacheStats(): CacheStats | null;
}

export interface LayersOptions {
  readonly front: (namespace: string) => Awaitable<Front>;
  readonly back: TransferableStore;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly leaseMs: number;
  readonly frontDeadlineMs: number;
  readonly withoutBackMs: number;
}

export class Layers implements LayeredStore {
  readonly kind = 'layered';
  /** One-time sessions are in the back alone: each is read and used once, so a copy in the front would save nothing. */
  readonly tickets?: TicketStore;
  readonly #back: TransferableStore;
  readonly #clock: Clock;
  readonly #trust: Trust;
  readonly #copier: Copier;
  readonly #reading: Reading;
  #sweeping = false;

  constructor(options: LayersOptions) {
    const { front, back, clock } = options;
    this.#back = back;
    if (back.tickets !== undefined) this.tickets = back.tickets;
    this.#clock = clock;
    this.#trust = new Trust({ ...options, connect: front, register: new Register(back, clock) });
    this.#copier = new Copier(options, this.#trust);
    this.#reading = new Reading({ back, clock, trust: this.#trust, copier: this.#copier });
  }

  read(id: string): Awaitable<ReadResult> {
    return this.#reading.read(id);
  }

  lastKnown(id: string): SessionRecord | undefined {
    return this.#trust.current?.store.lastKnown?.(id);
  }

  async create(given: SessionRecord, limit?: SessionLimit): Promise<CreateResult> {
    const record = { ...given, data: copyJson(given.data), device: { ...given.device }, amr: [...given.amr] };
    const ticket = await this.#copier.ticketFor(record);
    const result =
      limit?.onLimit === 'evict-oldest' && limit.max >= 1 && record.userId !== null
        ? await this.#createEvicting(record, limit)
        : await this.#back.create(record, limit);
    this.#copier.settle(ticket, result.status === 'created' ? record : null);
    return result;
  }

  async update(id: string, change: RecordChange): Promise<UpdateResult> {
    const result = await this.#back.update(id, change);
    if (result.status === 'updated') {
      const done = changeAsMade(change, result.record);
      const { record } = result;
      await leaveTrace(this.#trust, (front) => front.repeat(record, done, () => this.#copier.copyTo(front, record)));
    } else await this.#mend(id, result);
    return result;
  }

  async touch(id: string, lastSeenAt: number, expiresAt: number): Promise<boolean> {
    const touched = await this.#back.touch(id, lastSeenAt, expiresAt);
    const front = this.#trust.readable();
    if (front === null) return touched;
    // Without it the front takes the session for older than it is, and whoever finds it over there asks the back.
    await tryTo(this.#trust, front, () => (touched ? front.store.touch(id, lastSeenAt, expiresAt) : undefined));
    // Once per refresh window is often enough to look whether a process has died between the two layers.
    this.#copier.compare(id);
    return touched;
  }

  async move(id: string, move: Move): Promise<MoveResult> {
    // For the front an id that was moved is one that has ended: were its copy to stay, it would outlive the session.
    const barrier: Tombstone = { reason: 'revoked', at: this.#clock() };
    await leaveTrace(this.#trust, (front) => front.bar(id, barrier));
    const result = await this.#back.move(id, move);
    await leaveTrace(this.#trust, (front) => front.bar(id, barrier));
    if (result.status === 'moved') this.#copier.copy(move.next);
    return result;
  }

  async take(id: string, tombstone: Tombstone): Promise<TakeResult> {
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
    const result = await this.#back.take(id, tombstone);
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
    return result;
  }

  async takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): Promise<readonly SessionRecord[]> {
    return endUser(this.#ends, userId, tombstone, exceptId);
  }

  async delete(id: string): Promise<void> {
    const tombstone: Tombstone = { reason: 'revoked', at: this.#clock() };
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
    await this.#back.delete(id);
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
  }

  listByUser(userId: string): Awaitable<readonly SessionRecord[]> {
    return this.#back.listByUser(userId);
  }

  count(): Awaitable<StoreCounts> {
    return this.#back.count();
  }

  sweep(limit: number): Awaitable<Swept> {
    this.#sweepFront(limit);
    return this.#back.sweep(limit);
  }

  announceKeys(announcement: KeyAnnouncement): Awaitable<void> {
    return this.#back.announceKeys(announcement);
  }

  listKeyAnnouncements(since: number): Awaitable<readonly KeyAnnouncement[]> {
    return this.#back.listKeyAnnouncements(since);
  }

  async health(): Promise<StoreHealth> {
    const back = await this.#back.health();
    const front = this.#trust.current;
    const answer = front === null ? null : await this.#trust.within(front.store.health()).catch(() => null);
    const state = front !== null && answer?.healthy !== true ? 'the front does not answer' : this.#trust.describe();
    return { healthy: back.healthy, message: `${back.message}; ${state}` };
  }

  async inspect(): Promise<readonly StoreFinding[]> {
    const back = (await this.#back.inspect?.()) ?? [];
    // Without this, a first request would find the front not connected yet.
    await this.#trust.start();
    // Whatever the front loses is in the back, so nothing about it is a reason not to start.
    const front = (await this.#inspectFront()).map((found): StoreFinding => ({ ...found, severity: 'warning' }));
    return [...back, ...findCache(this.#back), ...front];
  }

  async scan(cursor: string | null, limit: number): Promise<ScanBatch> {
    const batch = await this.#back.scan(cursor, limit);
    return { ...batch, entries: batch.entries.filter(({ id }) => id !== RESERVED_ID) };
  }

  async put(record: SessionRecord): Promise<boolean> {
    // A register that came with a copy of another back says nothing about this one.
    if (record.id === RESERVED_ID) return true;
    const kept = await this.#back.put(record);
    if (!kept) return false;
    await leaveTrace(this.#trust, (front) => front.replace(record, () => this.#copier.copyTo(front, record)));
    return true;
  }

  async bury(id: string, tombstone: Tombstone): Promise<void> {
    if (id === RESERVED_ID) return;
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
    await this.#back.bury(id, tombstone);
    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));
  }

  cacheStats(): CacheStats | null {
    return this.#trust.current?.store.cacheStats?.() ?? null;
  }

  async close(): Promise<void> {
    const front = this.#trust.current;
    this.#trust.close();
    // What the front says to that matters to nobody, and a dead one must not keep the back open.
    await Promise.all([front === null ? undefined : letGo(front), this.#back.close()]);
  }

  /** What the front held is no news, and a slow sweep of it is no failure: only the back tells who has expired. */
  #sweepFront(limit: number): void {
    const front = this.#trust.current;
    if (front === null || this.#sweeping) return;
    this.#sweeping = true;
    const done = (): void => {
      this.#sweeping = false;
    };
    void (async () => front.store.sweep(limit))().then(done, done);
  }

  get #ends() {
    return {
      back: this.#back,
      trust: this.#trust,
      clock: this.#clock,
      take: (id: string, tombstone: Tombstone) => this.take(id, tombstone),
    };
  }

  async #inspectFront(): Promise<readonly StoreFinding[]> {
    const front = this.#trust.current;
    if (front === null) return [FRONT_NOT_IN_USE];
    try {
      return (await front.store.inspect?.()) ?? [];
    } catch {
      return [FRONT_NOT_IN_USE];
    }
  }

  /** No eviction happens in the back without its barrier in the front, so it refuses and each one is taken by itself. */
  async #createEvicting(record: SessionRecord, limit: SessionLimit): Promise<CreateResult> {
    if ((await this.#trust.writable()) === null) return this.#back.create(record, limit);
    return makeRoom(this.#ends, record, limit);
  }

  /** The back has answered what the front may not know, because a process died between the two. */
  async #mend(id: string, truth: Exclude<UpdateResult, { status: 'updated' }>): Promise<void> {
    const front = this.#trust.current;
    if (front === null) return;
    await tryTo(this.#trust, front, () => {
      if (truth.status === 'conflict') return front.overtake(truth.record);
      if (truth.status === 'ended') return front.bar(id, truth.tombstone);
      return front.bar(id, { reason: 'revoked', at: this.#clock() });
    });
  }
}

/** The change with the values that were written, which nobody else holds. */
function changeAsMade({ fields, set, unset }: RecordChange, record: SessionRecord): RecordChange {
  const names = Object.keys(fields ?? {}) as (keyof FieldChanges)[];
  const made = names.filter((name) => fields?.[name] !== undefined).map((name) => [name, record[name]]);
  const keys = Object.keys(set ?? {}).filter((key) => Object.hasOwn(record.data, key));
  return {
    fields: Object.fromEntries(made) as FieldChanges,
    set: Object.fromEntries(keys.map((key) => [key, record.data[key] ?? null])),
    unset: [...(unset ?? [])],
  };
}
