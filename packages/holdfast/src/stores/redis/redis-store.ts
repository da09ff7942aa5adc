/**
 * The store's operations, each one script on the keys of one home.
 *
 * All that belongs to a user is in one hash (bucket.ts), so there is no index that could disagree with the records, and
 * every operation is atomic, also in a Cluster. Nothing is judged by Redis's clock, and Redis expires whole buckets alone,
 * a day after everything in them is past its time.
 */
import type { Clock } from '../../core/crypto.ts';
import { HoldfastError, StoreUnreachableError } from '../../core/errors.ts';
import { isPromise } from '../../core/guard.ts';
import type { SessionRecord, Tombstone } from '../../core/record.ts';
import { homeOfId, homeOfUser } from '../../core/session-id.ts';
import type {
  Awaitable,
  CreateResult,
  Ended,
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
import type { CacheStats, RecordCache } from '../cache/record-cache.ts';
import { Announcements } from './announcements.ts';
import { bucketOf, fieldInHome, fieldOfId } from './bucket.ts';
import { BucketWalk } from './bucket-walk.ts';
import { ABSENT, decodeStored } from './decode-record.ts';
import { encodeChange } from './encode-change.ts';
import { encodeRecord, encodeTombstone, encodeTouch } from './encode-record.ts';
import { redisErrorCode } from './failure.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript } from './port.ts';
import { Reader, WRONG_TYPE } from './reader.ts';
import { RedisTickets } from './redis-tickets.ts';
import { toList, toRecords, toStored } from './replies.ts';
import { BURY } from './scripts/bury.ts';
import { CONFIRM_END } from './scripts/confirm-end.ts';
import { CREATE } from './scripts/create.ts';
import { DELETE } from './scripts/delete.ts';
import { LIST_BY_USER } from './scripts/list-by-user.ts';
import { MOVE } from './scripts/move.ts';
import { PUT } from './scripts/put.ts';
import { TAKE } from './scripts/take.ts';
import { TAKE_BY_USER } from './scripts/take-by-user.ts';
import { TOUCH } from './scripts/touch.ts';
import { UPDATE } from './scripts/update.ts';
import { toUserPart } from './user-part.ts';

/** What `redisStore` makes. */
export interface RedisStore extends TransferableStore {
  readonly tickets: TicketStore;
  /** Figures of the cache in process; null where it was turned off. */
  cacheStats(): CacheStats | null;
  inspect(): Promise<readonly StoreFinding[]>;
  /**
   * How often a connection to a primary was lost, or slots of a Cluster went to another node, since the store was opened.
   * What Redis knew then it may know no longer: it may have been restarted from an older state, or a replica has taken over.
   */
  readonly interruptions: number;
}

export interface RedisStoreParts {
  readonly port: RedisPort;
  readonly prefix: string;
  readonly clock: Clock;
  readonly cache: RecordCache | null;
  readonly inspect: () => Promise<readonly StoreFinding[]>;
  readonly interruptions: () => number;
  /** Starts and ends wait for replicas (`waitReplicas`). */
  readonly replicated: boolean;
}

/** For how long after an end its tombstone may not have reached the replicas yet. */
const YOUNG_MS = 60_000;

const NOT_OURS =
  'session ids are made by the engine, in the home of their user (newSessionId): this one is not such an id';

export class BucketStore implements RedisStore {
  readonly kind = 'redis';
  readonly inspect: () => Promise<readonly StoreFinding[]>;
  readonly tickets: TicketStore;
  readonly #port: RedisPort;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #cache: RecordCache | null;
  readonly #reader: Reader;
  readonly #walk: BucketWalk;
  readonly #announcements: Announcements;
  readonly #interruptions: () => number;
  readonly #replicated: boolean;
  #closed = false;

  constructor(parts: RedisStoreParts) {
    const { port, prefix, clock, cache, inspect } = parts;
    this.#interruptions = parts.interruptions;
    this.#replicated = parts.replicated;
    this.#port = port;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#cache = cache;
    this.inspect = inspect;
    this.#reader = new Reader(parts);
    this.#walk = new BucketWalk(port, prefix, clock);
    this.#announcements = new Announcements(port, prefix);
    this.tickets = new RedisTickets(port, prefix, clock);
  }

  get interruptions(): number {
    return this.#interruptions();
  }

  read(id: string): Awaitable<ReadResult> {
    if (this.#closed) return Promise.reject(this.#closedError());
    const answer = this.#reader.read(id);
    if (!this.#replicated || !isPromise(answer)) return answer;
    return answer.then((result) => this.#confirmed(id, result));
  }

  lastKnown(id: string): SessionRecord | undefined {
    return this.#closed ? undefined : this.#cache?.lastKnown(id);
  }

  async create(record: SessionRecord, limit?: SessionLimit): Promise<CreateResult> {
    const { id, userId } = record;
    const field = await this.#ownField(record);
    if (field === null) return { status: 'exists' };
    const home = homeOfId(id);
    const now = this.#now();
    const { head, extras } = encodeRecord(record);
    const user = toUserPart(userId);
    const limited = limit !== undefined && userId !== null;
    const reply = await this.#write(CREATE, home, [
      String(now),
      field,
      head,
      extras,
      String(user.kind),
      user.bytes,
      limited ? String(limit.max) : '',
      limit?.onLimit ?? '',
      encodeTombstone({ reason: 'limit-reached', at: now }),
    ]);
    if (reply === null) throw this.#wrongType(home);
    if (reply[0] === 0) return { status: 'exists' };
    if (reply[0] === 2) return { status: 'limit-reached' };
    return { status: 'created', evicted: toRecords(reply, 1, home, now) };
  }

  async update(id: string, change: RecordChange): Promise<UpdateResult> {
    const field = this.#field(id);
    if (field === null) return ABSENT;
    const home = homeOfId(id);
    const now = this.#now();
    const reply = await this.#write(UPDATE, home, [
      String(now),
      field,
      change.ifVersion === undefined ? '' : String(change.ifVersion),
      ...encodeChange(home, change),
    ]);
    if (reply === null) return WRONG_TYPE;
    if (reply[0] === 1) {
      // What was written may be past its time already; it was found and written nevertheless.
      const written = decodeStored(id, toStored(reply, 1), Number.NEGATIVE_INFINITY);
      return written.status === 'live' ? { status: 'updated', record: written.record } : written;
    }
    const found = decodeStored(id, toStored(reply, 1), now);
    return found.status === 'live' ? { status: 'conflict', record: found.record } : this.#confirmed(id, found);
  }

  async touch(id: string, lastSeenAt: number, expiresAt: number): Promise<boolean> {
    const field = this.#field(id);
    if (field === null) return false;
    const reply = await this.#run(TOUCH, homeOfId(id), [
      String(this.#now()),
      field,
      encodeTouch(lastSeenAt, expiresAt),
    ]);
    if (reply !== 1) return false;
    this.#cache?.touched(id, lastSeenAt, expiresAt);
    return true;
  }

  async move(id: string, move: Move): Promise<MoveResult> {
    const field = this.#field(id);
    if (field === null) return ABSENT;
    const home = homeOfId(id);
    const nextField = fieldInHome(home, move.next.id);
    if (nextField === null) throw new HoldfastError('invalid-option', NOT_OURS);
    const now = this.#now();
    const { next, pointerExpiresAt } = move;
    const { head, extras } = encodeRecord(next);
    const fields = { movedTo: next.id, expiresAt: pointerExpiresAt, absoluteExpiresAt: pointerExpiresAt };
    const reply = await this.#write(MOVE, home, [
      String(now),
      field,
      String(move.ifVersion),
      nextField,
      head,
      extras,
      ...encodeChange(home, { fields }),
    ]);
    if (reply === null) return WRONG_TYPE;
    if (reply[0] === 1) return { status: 'moved' };
    if (reply[0] === 3) return { status: 'exists' };
    const found = decodeStored(id, toStored(reply, 1), now);
    return found.status === 'live' ? { status: 'conflict', record: found.record } : this.#confirmed(id, found);
  }

  async take(id: string, tombstone: Tombstone): Promise<TakeResult> {
    const field = this.#field(id);
    if (field === null) return ABSENT;
    const now = this.#now();
    const reply = await this.#write(TAKE, homeOfId(id), [String(now), field, encodeTombstone(tombstone)], true);
    if (reply === null) return WRONG_TYPE;
    const found = decodeStored(id, toStored(reply, 1), now);
    return found.status === 'live' ? { status: 'taken', record: found.record } : this.#confirmed(id, found);
  }

  async takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): Promise<readonly SessionRecord[]> {
    if (!userId.isWellFormed()) return [];
    const home = homeOfUser(userId);
    const { kind, bytes } = toUserPart(userId);
    const now = this.#now();
    const kept = exceptId === undefined ? null : fieldInHome(home, exceptId);
    const args = [String(now), String(kind), bytes, encodeTombstone(tombstone), kept ?? ''];
    const reply = await this.#write(TAKE_BY_USER, home, args, true);
    // Not "nobody there": lean sessions can still be read when only a key beside them is spoilt.
    if (reply === null) throw this.#wrongType(home);
    return toRecords(reply, 0, home, now);
  }

  async delete(id: string): Promise<void> {
    const field = this.#field(id);
    if (field !== null) await this.#write(DELETE, homeOfId(id), [String(this.#now()), field], true);
  }

  async listByUser(userId: string): Promise<readonly SessionRecord[]> {
    if (!userId.isWellFormed()) return [];
    const home = homeOfUser(userId);
    const { kind, bytes } = toUserPart(userId);
    const now = this.#now();
    const reply = await this.#run(LIST_BY_USER, home, [String(now), String(kind), bytes]);
    if (reply === null) throw this.#wrongType(home);
    return [...toRecords(toList(reply), 0, home, now)].sort(
      (a, b) => b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt,
    );
  }

  async count(): Promise<StoreCounts> {
    return this.#walk.count();
  }

  async sweep(limit: number): Promise<Swept> {
    return this.#walk.sweep(limit);
  }

  async announceKeys(announcement: KeyAnnouncement): Promise<void> {
    await this.#announcements.announce(announcement);
  }

  async listKeyAnnouncements(since: number): Promise<readonly KeyAnnouncement[]> {
    return this.#announcements.list(since);
  }

  async health(): Promise<StoreHealth> {
    const key = `${this.#prefix}:probe`;
    try {
      await this.#port.send(key, ['HSET', key, 'at', String(this.#now())], false);
      return { healthy: true, message: `${this.#port.name} can be read and written` };
    } catch (error) {
      return { healthy: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async scan(cursor: string | null, limit: number): Promise<ScanBatch> {
    return this.#walk.scan(cursor, limit);
  }

  async put(record: SessionRecord): Promise<boolean> {
    const field = await this.#ownField(record);
    if (field === null) return false;
    const { head, extras } = encodeRecord(record);
    const reply = await this.#run(PUT, homeOfId(record.id), [String(this.#now()), field, head, extras]);
    this.#cache?.invalidateId(record.id);
    return reply === 1;
  }

  async bury(id: string, tombstone: Tombstone): Promise<void> {
    const field = this.#field(id);
    if (field === null) return;
    const home = homeOfId(id);
    try {
      await this.#run(BURY, home, [String(this.#now()), field, encodeTombstone(tombstone)]);
    } finally {
      this.#cache?.invalidate(home);
    }
  }

  cacheStats(): CacheStats | null {
    return this.#cache?.stats() ?? null;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cache?.distrust();
    await this.#port.close();
  }

  /**
   * Nobody is told that a session has ended before the replicas know it, where that was chosen: the end may be one whose
   * own wait failed, which its caller was answered as "unreachable" and tries again.
   */
  async #confirmed<T extends { readonly status: string }>(id: string, result: T | Ended): Promise<T | Ended> {
    if (!this.#replicated || !isEnded(result) || this.#now() - result.tombstone.at > YOUNG_MS) return result;
    const field = this.#field(id);
    if (field === null) return result;
    if ((await this.#run(CONFIRM_END, homeOfId(id), [String(this.#now()), field])) === 1) return result;
    // A replica that had never heard of it took over in between, so it may be live again.
    throw new StoreUnreachableError('the end of a session was lost while it was being confirmed: ask again');
  }

  /**
   * Runs a script that answers a list; null where a key of the home holds something else than a hash. What this process
   * keeps of the home is worthless before anybody hears of the write. A write that failed leaves that to Redis's own
   * message, but for an ending: who asked for one must not be let in from memory because nobody knows whether it was done.
   */
  async #write(
    script: RedisScript,
    home: number,
    args: readonly RedisArgument[],
    isEnding = false,
  ): Promise<readonly RedisReply[] | null> {
    try {
      const reply = await this.#run(script, home, args);
      this.#cache?.invalidate(home);
      return reply === null ? null : Array.isArray(reply) ? reply : [];
    } catch (error) {
      if (isEnding) this.#cache?.invalidate(home);
      throw error;
    }
  }

  async #run(script: RedisScript, home: number, args: readonly RedisArgument[]): Promise<RedisReply> {
    const { sessions, touches, extras } = bucketOf(this.#prefix, home);
    try {
      return await this.#port.run(script, [sessions, touches, extras], args);
    } catch (error) {
      if (redisErrorCode(error) === 'WRONGTYPE') return null;
      throw error;
    }
  }

  /** The field of an id; null for what is no id, under which nothing can be. */
  #field(id: string): Buffer | null {
    if (this.#closed) throw this.#closedError();
    return fieldOfId(id);
  }

  /**
   * The field of a record that is to be inserted. Null when it may not be, but something is there already. Throws
   * `invalid-option` for an id outside of its user's home: nobody would find the session under its user.
   */
  async #ownField({ id, userId }: SessionRecord): Promise<Buffer | null> {
    const field = this.#field(id);
    if (field !== null && (userId === null || homeOfUser(userId) === homeOfId(id))) return field;
    const found = await this.read(id);
    if (found.status !== 'absent') return null;
    throw new HoldfastError('invalid-option', NOT_OURS);
  }

  #now(): number {
    return Math.floor(this.#clock());
  }

  #closedError(): StoreUnreachableError {
    return new StoreUnreachableError('the redis store was closed');
  }

  #wrongType(home: number): StoreUnreachableError {
    const { sessions, touches, extras } = bucketOf(this.#prefix, home);
    return new StoreUnreachableError(
      `one of the keys ${sessions}, ${touches}, ${extras} in Redis holds something of another type: rename or delete it`,
    );
  }
}

function isEnded(result: { readonly status: string }): result is Ended {
  return result.status === 'ended';
}
