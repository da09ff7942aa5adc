/** The store's operations as statements and transactions. */
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import { RETENTION_MS, type SessionRecord, TOMBSTONE_MS, type Tombstone } from '../../core/record.ts';
import { homeOfId, homeOfUser } from '../../core/session-id.ts';
import type {
  Awaitable,
  CreateResult,
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
import type { ScanBatch, StoredEntry, TransferableStore } from '../../core/transfer.ts';
import { isFresh } from '../cache/is-fresh.ts';
import type { CacheStats, RecordCache } from '../cache/record-cache.ts';
import { compareAndSet } from './compare-and-set.ts';
import type { Database, Run } from './database.ts';
import type { Row } from './driver.ts';
import type { InvalidationChannel } from './invalidation-channel.ts';
import { ReadBatch } from './read-batch.ts';
import { decodeText, dueAt, encodeText, fromRow, isTexts, parseJson, READ_COLUMNS, toExpired, toRow } from './row.ts';
import { LOCK_CLASS } from './schema.ts';
import type { Statements } from './statements.ts';

/** What a {@link PostgresStore} can do beyond every store. */
export interface PostgresStore extends TransferableStore {
  readonly kind: 'postgres';
  readonly tickets: TicketStore;
  /** Figures of the cache in process; null without one. */
  cacheStats(): CacheStats | null;
  close(): Promise<void>;
}

export interface PostgresStoreParts {
  readonly database: Database;
  readonly statements: Statements;
  readonly tickets: TicketStore;
  readonly clock: Clock;
  readonly connections: number;
  readonly cache: RecordCache | null;
  readonly channel: InvalidationChannel | null;
  readonly inspect: () => Promise<readonly StoreFinding[]>;
}

/** Counting looks at every row, and is asked for once at the start and now and then by people. */
const COUNT_TIMEOUT_MS = 30_000;

export class SessionsInPostgres implements PostgresStore {
  readonly kind = 'postgres';
  readonly tickets: TicketStore;
  readonly #database: Database;
  readonly #sql: Statements;
  readonly #clock: Clock;
  readonly #reads: ReadBatch;
  readonly #cache: RecordCache | null;
  readonly #channel: InvalidationChannel | null;
  readonly #inspect: () => Promise<readonly StoreFinding[]>;
  #closing: Promise<void> | null = null;

  constructor(parts: PostgresStoreParts) {
    const { database, statements, tickets, clock, connections, cache, channel, inspect } = parts;
    this.tickets = tickets;
    this.#database = database;
    this.#sql = statements;
    this.#clock = clock;
    this.#cache = cache;
    this.#channel = channel;
    this.#inspect = inspect;
    this.#reads = new ReadBatch((ids) => this.#ask(ids), connections);
  }

  read(id: string): Awaitable<ReadResult> {
    const known = this.#closing === null ? this.#cache?.get(id) : undefined;
    // Whether it is over or has to be touched is for the database to say: another process may have moved the times.
    if (known !== undefined && isFresh(known.record, this.#clock())) return known;
    return this.#readStored(id);
  }

  lastKnown(id: string): SessionRecord | undefined {
    return this.#closing === null ? this.#cache?.lastKnown(id) : undefined;
  }

  async create(record: SessionRecord, limit?: SessionLimit): Promise<CreateResult> {
    const { userId } = record;
    if (limit === undefined || userId === null) {
      const rows = await this.#database.query(this.#sql.insert, [...toRow(record), this.#clock()]);
      return rows.length === 1 ? { status: 'created', evicted: [] } : { status: 'exists' };
    }
    return await this.#writing(record.id, () =>
      this.#forUser(userId, (run) => this.#createWithin(run, record, userId, limit)),
    );
  }

  update(id: string, change: RecordChange): Promise<UpdateResult> {
    return this.#writing(id, () =>
      compareAndSet(
        {
          query: (values) => this.#database.query(this.#sql.replace, values),
          read: async () => fromRow((await this.#ask([encodeText(id)]))[0], this.#clock()),
          clock: this.#clock,
        },
        this.#cache?.get(id),
        change,
      ),
    );
  }

  async touch(id: string, lastSeenAt: number, expiresAt: number): Promise<boolean> {
    const values = [encodeText(id), lastSeenAt, expiresAt, this.#clock(), null];
    const isThere = (await this.#database.query(this.#sql.touch, values)).length === 1;
    if (isThere) this.#cache?.touched(id, lastSeenAt, expiresAt);
    return isThere;
  }

  move(id: string, { ifVersion, next, pointerExpiresAt }: Move): Promise<MoveResult> {
    return this.#writing(id, async (): Promise<MoveResult> => {
      const now = this.#clock();
      const home = next.userId === null ? homeOfId(next.id) : homeOfUser(next.userId);
      const pointer = [pointerExpiresAt, dueAt(pointerExpiresAt + RETENTION_MS)];
      const values = [...toRow(next), now, encodeText(id), ifVersion, home, ...pointer];
      const [old, added] = ((await this.#database.query(this.#sql.move, values))[0] as Row).map(Number);
      if (added === 1) return { status: 'moved' };
      if (old === 1) return { status: 'exists' };
      const found = fromRow((await this.#ask([encodeText(id)]))[0], this.#clock());
      return found.status === 'live' ? { status: 'conflict', record: found.record } : found;
    });
  }

  take(id: string, tombstone: Tombstone): Promise<TakeResult> {
    return this.#writing(id, async (): Promise<TakeResult> => {
      const now = this.#clock();
      const row = (await this.#database.query(this.#sql.take, [encodeText(id), ...toEnd(tombstone), now]))[0];
      const found = fromRow(row, now);
      if (found.status !== 'live') return found;
      if (row?.[READ_COLUMNS.length] == null)
        throw new StoreUnreachableError('a session could not be ended: try again');
      return { status: 'taken', record: found.record };
    });
  }

  async takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): Promise<readonly SessionRecord[]> {
    let taken: readonly SessionRecord[] = [];
    try {
      taken = await this.#forUser(userId, async (run) => {
        const now = this.#clock();
        const except = exceptId === undefined ? null : encodeText(exceptId);
        const values = [encodeText(userId), ...toEnd(tombstone), now, except];
        return liveRecords(await run(this.#sql.takeByUser, values), now);
      });
      return taken;
    } finally {
      this.#cache?.invalidate(homeOfUser(userId));
      for (const { id } of taken) this.#cache?.invalidateId(id);
    }
  }

  async delete(id: string): Promise<void> {
    await this.#writing(id, () => this.#database.query(this.#sql.erase, [encodeText(id)]));
  }

  async listByUser(userId: string): Promise<readonly SessionRecord[]> {
    const now = this.#clock();
    return liveRecords(await this.#database.read(this.#sql.ofUser, [encodeText(userId), now]), now);
  }

  async count(): Promise<StoreCounts> {
    const rows = await this.#database.transaction(
      'SELECT 1',
      (run) => run(this.#sql.count, [this.#clock()]),
      COUNT_TIMEOUT_MS,
    );
    let sessions = 0;
    const byKey = new Map<string, number>();
    for (const [keyId, previousKeyId, amount] of rows) {
      sessions += Number(amount);
      for (const key of new Set([keyId, previousKeyId])) {
        if (key != null) byKey.set(decodeText(key), (byKey.get(decodeText(key)) ?? 0) + Number(amount));
      }
    }
    return { sessions, byKey: Object.fromEntries(byKey) };
  }

  async sweep(limit: number): Promise<Swept> {
    const now = this.#clock();
    const rows = await this.#database.query(this.#sql.sweep, [now, limit]);
    // Only when all that can go has gone: putting off is what a busy sweep has no time for.
    if (rows.length < limit) await this.#database.query(this.#sql.putOff, [now, limit]);
    return { removed: rows.length, expired: rows.flatMap(toExpired) };
  }

  async announceKeys({ instance, keyIds, at }: KeyAnnouncement): Promise<void> {
    const values = [encodeText(instance), JSON.stringify(keyIds), at, at - TOMBSTONE_MS];
    await this.#database.query(this.#sql.announce, values);
  }

  async listKeyAnnouncements(since: number): Promise<readonly KeyAnnouncement[]> {
    const rows = await this.#database.read(this.#sql.announcements, [since]);
    return rows.flatMap(([instance, text, at]) => {
      const keyIds = parseJson(text);
      return isTexts(keyIds) ? [{ instance: decodeText(String(instance)), keyIds, at: Number(at) }] : [];
    });
  }

  async health(): Promise<StoreHealth> {
    try {
      await this.#database.query(this.#sql.probe, [this.#clock()]);
      return { healthy: true, message: `${this.#database.name} can be read and written` };
    } catch (error) {
      return { healthy: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  inspect(): Promise<readonly StoreFinding[]> {
    return this.#inspect();
  }

  async scan(cursor: string | null, limit: number): Promise<ScanBatch> {
    const now = this.#clock();
    const rows = await this.#database.read(this.#sql.scan, [cursor ?? '', limit]);
    const found = rows.map((row) => ({ id: decodeText(String(row[0])), ...fromRow(row, now) }));
    return {
      entries: found.flatMap((entry): StoredEntry[] => {
        if (entry.status === 'live') return [{ id: entry.id, record: entry.record }];
        return entry.status === 'ended' ? [{ id: entry.id, tombstone: entry.tombstone }] : [];
      }),
      undecodable: found.filter(({ status }) => status === 'undecodable').length,
      // As it is stored, because that is the order in which it is scanned.
      next: rows.length < limit ? null : (rows.at(-1)?.[0] ?? null),
    };
  }

  put(record: SessionRecord): Promise<boolean> {
    return this.#writing(record.id, async () => {
      const now = this.#clock();
      if ((await this.#database.query(this.#sql.put, [...toRow(record), now])).length === 1) return true;
      // What is there has this version or a higher one, or is none.
      const { id, lastSeenAt, expiresAt, version } = record;
      const values = [encodeText(id), lastSeenAt, expiresAt, now, version];
      return (await this.#database.query(this.#sql.touch, values)).length === 1;
    });
  }

  async bury(id: string, tombstone: Tombstone): Promise<void> {
    const values = [encodeText(id), ...toEnd(tombstone), this.#clock()];
    await this.#writing(id, () => this.#database.query(this.#sql.bury, values));
  }

  cacheStats(): CacheStats | null {
    return this.#cache?.stats() ?? null;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#channel?.close();
    await this.#database.close();
  }

  async #readStored(id: string): Promise<ReadResult> {
    const cache = this.#cache;
    if (cache === null) return fromRow(await this.#reads.read(encodeText(id)), this.#clock());
    // Taken before the read is sent: a write that is told of from now on makes its answer too old to be kept.
    const ticket = cache.ticket(id);
    const found = fromRow(await this.#reads.read(encodeText(id)), this.#clock());
    if (found.status === 'live') cache.keep(found, ticket);
    return found;
  }

  #ask(ids: readonly string[]): Promise<readonly Row[]> {
    if (ids.length === 1) return this.#database.read(this.#sql.read, ids);
    return this.#database.read(this.#sql.readMany, [ids]);
  }

  /** Makes what the cache knows worthless when the write is done, also when nobody can say whether it is. */
  async #writing<T>(id: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } finally {
      this.#cache?.invalidateId(id);
    }
  }

  /** Nothing else counts, ends or moves the user's sessions meanwhile. */
  #forUser<T>(userId: string, work: (run: Run) => Promise<T>): Promise<T> {
    return this.#database.transaction(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${homeOfUser(userId)})`, work);
  }

  async #createWithin(run: Run, record: SessionRecord, userId: string, limit: SessionLimit): Promise<CreateResult> {
    const now = this.#clock();
    const rows = await run(this.#sql.lockOthers, [encodeText(userId), now, encodeText(record.id)]);
    if (rows[0]?.[0] === 't') return { status: 'exists' };
    // Without others there is one row of nulls behind that answer.
    const others = liveRecords(
      rows.map((row) => row.slice(1)).filter((row) => row[0] !== null && row.length === READ_COLUMNS.length),
      now,
    );
    const tooMany = others.length + 1 - limit.max;
    if (limit.max < 1 || (tooMany > 0 && limit.onLimit === 'refuse')) return { status: 'limit-reached' };
    const evicted = tooMany > 0 ? others.slice(-tooMany).reverse() : [];
    const values = [...toRow(record), now];
    const added =
      evicted.length === 0
        ? await run(this.#sql.insert, values)
        : await run(this.#sql.insertAndEvict, [
            ...values,
            evicted.map(({ id }) => encodeText(id)),
            dueAt(now + TOMBSTONE_MS),
          ]);
    if (added.length === 0) return { status: 'exists' };
    return { status: 'created', evicted };
  }
}

/** Reason, time and the step in which a tombstone goes. */
function toEnd({ reason, at }: Tombstone): readonly [string, number, number] {
  return [reason, at, dueAt(at + TOMBSTONE_MS)];
}

function liveRecords(rows: readonly Row[], now: number): readonly SessionRecord[] {
  return rows.flatMap((row) => {
    const found = fromRow(row, now);
    return found.status === 'live' ? [found.record] : [];
  });
}
