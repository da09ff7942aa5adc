/** The store's operations as statements and transactions. */
import { statSync } from 'node:fs';
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/crypto.ts';
import { HoldfastError } from '../../core/errors.ts';
import { expiryReason, RETENTION_MS, type SessionRecord, TOMBSTONE_MS, type Tombstone } from '../../core/record.ts';
import type {
  Awaitable,
  CreateResult,
  ExpiredSession,
  KeyAnnouncement,
  Move,
  MoveResult,
  ReadResult,
  RecordChange,
  SessionLimit,
  StoreCounts,
  StoreHealth,
  Swept,
  TakeResult,
  UpdateResult,
} from '../../core/store.ts';
import type { ScanBatch, StoredEntry, TransferableStore } from '../../core/transfer.ts';
import { applyChange } from '../apply-change.ts';
import { mergeCopy } from '../merge-copy.ts';
import { idsBehind, pointerTo } from '../pointer.ts';
import { allRows, type Connection, firstRow } from './connection.ts';
import { RetryQueue } from './retry-queue.ts';
import { fromRow, type Row, toRow, toStrings } from './row.ts';
import { type DurableStatements, prepareDurable, prepareQuick, type QuickStatements } from './statements.ts';
import { TicketTable } from './ticket-table.ts';

export interface SqliteStoreParts {
  readonly file: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** For what may be lost in a power cut without harm. */
  readonly quick: Connection;
  /** For what must not. */
  readonly durable: Connection;
}

/**
 * Two connections, because how far a commit is pushed to the disk belongs to the connection. A sign-in or sign-out that
 * was acknowledged must hold after a power cut (`durable`: one fsync, about a millisecond). The rest may fall back by
 * some moments then: a touch makes the session look a little older, a lost confirmation is proved again by the tag of
 * the token that comes next (`store-regressed`), and data are where they were before. Neither loses anything when the
 * process alone is killed, since what was written is with the operating system by then. The log is one file: a durable
 * commit takes all quick ones before it to the disk as well.
 */
export class SqliteStore implements TransferableStore {
  readonly kind = 'sqlite';
  readonly tickets: TicketTable;
  readonly #file: string;
  readonly #inode: number;
  readonly #clock: Clock;
  readonly #quick: Connection;
  readonly #durable: Connection;
  readonly #statements: QuickStatements;
  readonly #durableStatements: DurableStatements;
  readonly #read: StatementSync;
  readonly #reads: RetryQueue;
  readonly #writes: RetryQueue;
  #closed = false;

  constructor(parts: SqliteStoreParts) {
    this.#file = parts.file;
    this.#inode = statSync(parts.file).ino;
    this.#clock = parts.clock;
    this.#quick = parts.quick;
    this.#durable = parts.durable;
    this.#statements = prepareQuick(parts.quick);
    this.#durableStatements = prepareDurable(parts.durable);
    this.#read = this.#statements.read;
    // Readers do not wait for writers in a log, so they must not stand in line behind them here either.
    this.#reads = new RetryQueue(parts.file, parts.deadlineMs);
    this.#writes = new RetryQueue(parts.file, parts.deadlineMs);
    const { clock, quick, durable } = parts;
    this.tickets = new TicketTable({ clock, quick, durable, reads: this.#reads, writes: this.#writes });
  }

  read(id: string): Awaitable<ReadResult> {
    try {
      return fromRow(firstRow(this.#read, id), this.#clock());
    } catch (error) {
      return this.#reads.recover(error, () => fromRow(firstRow(this.#read, id), this.#clock()));
    }
  }

  create(record: SessionRecord, limit?: SessionLimit): Awaitable<CreateResult> {
    assertText(record);
    const row = toRow(record);
    return this.#writes.run(() =>
      this.#durable.transaction((): CreateResult => {
        const { insert, read } = this.#durableStatements;
        const now = this.#clock();
        if (fromRow(firstRow(read, record.id), now).status !== 'absent') return { status: 'exists' };
        const evicted = this.#makeRoom(record.userId, limit, now);
        if (evicted === null) return { status: 'limit-reached' };
        insert.run(...row);
        return { status: 'created', evicted };
      }),
    );
  }

  update(id: string, change: RecordChange): Awaitable<UpdateResult> {
    return this.#writes.run(() =>
      this.#quick.transaction((): UpdateResult => {
        const found = fromRow(firstRow(this.#read, id), this.#clock());
        if (found.status !== 'live') return found;
        if (change.ifVersion !== undefined && change.ifVersion !== found.record.version) {
          return { status: 'conflict', record: found.record };
        }
        const record = applyChange(found.record, change);
        this.#statements.replace.run(...toRow(record));
        return { status: 'updated', record };
      }),
    );
  }

  touch(id: string, lastSeenAt: number, expiresAt: number): Awaitable<boolean> {
    return this.#writes.run(() => {
      const { changes } = this.#statements.touch.run(lastSeenAt, expiresAt, id, this.#clock() - RETENTION_MS);
      return changes === 1;
    });
  }

  move(id: string, move: Move): Awaitable<MoveResult> {
    assertText(move.next);
    return this.#writes.run(() =>
      this.#durable.transaction((): MoveResult => {
        const { insert, read } = this.#durableStatements;
        const now = this.#clock();
        const found = fromRow(firstRow(read, id), now);
        if (found.status !== 'live') return found;
        if (found.record.version !== move.ifVersion) return { status: 'conflict', record: found.record };
        if (fromRow(firstRow(read, move.next.id), now).status !== 'absent') return { status: 'exists' };
        insert.run(...toRow(move.next));
        insert.run(...toRow(pointerTo(found.record, move)));
        return { status: 'moved' };
      }),
    );
  }

  take(id: string, tombstone: Tombstone): Awaitable<TakeResult> {
    return this.#writes.run(() =>
      this.#durable.transaction((): TakeResult => {
        const found = fromRow(firstRow(this.#durableStatements.read, id), this.#clock());
        if (found.status !== 'live') return found;
        this.#durableStatements.end.run(id, tombstone.reason, tombstone.at);
        return { status: 'taken', record: found.record };
      }),
    );
  }

  takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): Awaitable<readonly SessionRecord[]> {
    return this.#writes.run(() =>
      this.#durable.transaction(() => {
        // Expired ones too: a touch still in flight could otherwise bring one back after "sign out everywhere".
        const rows = allRows(this.#durableStatements.ofUser, userId);
        const now = this.#clock();
        const kept = idsBehind(exceptId, (id) => movedTo(fromRow(firstRow(this.#durableStatements.read, id), now)));
        const taken = liveRecords(rows, now).filter((record) => !kept.has(record.id));
        for (const record of taken) this.#durableStatements.end.run(record.id, tombstone.reason, tombstone.at);
        return taken;
      }),
    );
  }

  delete(id: string): Awaitable<void> {
    return this.#writes.run(() => {
      this.#durableStatements.erase.run(id);
    });
  }

  listByUser(userId: string): Awaitable<readonly SessionRecord[]> {
    return this.#reads.run(() => {
      const now = this.#clock();
      return liveRecords(allRows(this.#statements.ofUser, userId), now).filter((record) => record.expiresAt > now);
    });
  }

  count(): Awaitable<StoreCounts> {
    return this.#reads.run(() => {
      let sessions = 0;
      const byKey = new Map<string, number>();
      for (const [keyId, previousKeyId, amount] of allRows(this.#statements.count, this.#clock())) {
        sessions += Number(amount);
        for (const key of new Set([keyId, previousKeyId])) {
          if (typeof key === 'string') byKey.set(key, (byKey.get(key) ?? 0) + Number(amount));
        }
      }
      return { sessions, byKey: Object.fromEntries(byKey) };
    });
  }

  sweep(limit: number): Awaitable<Swept> {
    return this.#writes.run(() =>
      this.#quick.transaction((): Swept => {
        const now = this.#clock();
        const { sweepRecords, sweepTombstones } = this.#statements;
        const rows = allRows(sweepRecords, now - RETENTION_MS, limit);
        const expired = rows.flatMap(toExpired);
        if (rows.length >= limit) return { removed: rows.length, expired };
        const tombstones = Number(sweepTombstones.run(now - TOMBSTONE_MS, limit - rows.length).changes);
        return { removed: rows.length + tombstones, expired };
      }),
    );
  }

  announceKeys(announcement: KeyAnnouncement): Awaitable<void> {
    const { instance, keyIds, at } = announcement;
    return this.#writes.run(() =>
      this.#quick.transaction(() => {
        // Every restart is a new instance; without this the table would grow by one row each time.
        this.#statements.forgetAnnouncements.run(at - TOMBSTONE_MS);
        this.#statements.announce.run(instance, JSON.stringify(keyIds), at);
      }),
    );
  }

  listKeyAnnouncements(since: number): Awaitable<readonly KeyAnnouncement[]> {
    return this.#reads.run(() =>
      allRows(this.#statements.announcements, since).flatMap(([instance, text, at]) => {
        const keyIds = toStrings(text);
        return keyIds === null ? [] : [{ instance: String(instance), keyIds, at: Number(at) }];
      }),
    );
  }

  async health(): Promise<StoreHealth> {
    try {
      await this.#writes.run(() => this.#statements.probe.run(this.#clock()));
      // The open file goes on working after it was deleted, and every session written to it is lost at the next start.
      if (statSync(this.#file, { throwIfNoEntry: false })?.ino !== this.#inode) {
        return { healthy: false, message: `${this.#file} was moved or deleted while in use: restart this process` };
      }
      return { healthy: true, message: `${this.#file} can be read and written` };
    } catch (error) {
      return { healthy: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  scan(cursor: string | null, limit: number): Awaitable<ScanBatch> {
    return this.#reads.run((): ScanBatch => {
      const now = this.#clock();
      const rows = allRows(this.#statements.scan, cursor ?? '', limit);
      const found = rows.map((row) => ({ id: String(row[0]), ...fromRow(row, now) }));
      return {
        entries: found.flatMap((entry): StoredEntry[] => {
          if (entry.status === 'live') return [{ id: entry.id, record: entry.record }];
          return entry.status === 'ended' ? [{ id: entry.id, tombstone: entry.tombstone }] : [];
        }),
        undecodable: found.filter(({ status }) => status === 'undecodable').length,
        next: rows.length < limit ? null : (found.at(-1)?.id ?? null),
      };
    });
  }

  put(record: SessionRecord): Awaitable<boolean> {
    assertText(record);
    return this.#writes.run(() =>
      this.#quick.transaction(() => {
        const merged = mergeCopy(fromRow(firstRow(this.#read, record.id), this.#clock()), record);
        if (merged === null) return false;
        this.#statements.replace.run(...toRow(merged));
        return true;
      }),
    );
  }

  bury(id: string, tombstone: Tombstone): Awaitable<void> {
    return this.#writes.run(() =>
      this.#durable.transaction(() => {
        const { status } = fromRow(firstRow(this.#durableStatements.read, id), this.#clock());
        if (status === 'ended' || status === 'undecodable') return;
        this.#durableStatements.end.run(id, tombstone.reason, tombstone.at);
      }),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reads.close();
    this.#writes.close();
    this.#quick.close();
    this.#durable.close();
  }

  /** Ends as many of the user's oldest sessions as the limit wants gone; null when it wants the new one refused. */
  #makeRoom(userId: string | null, limit: SessionLimit | undefined, now: number): readonly SessionRecord[] | null {
    if (limit === undefined || userId === null) return [];
    const rows = allRows(this.#durableStatements.ofUser, userId);
    const others = liveRecords(rows, now).filter((record) => record.expiresAt > now);
    const tooMany = others.length + 1 - limit.max;
    if (limit.max < 1 || (tooMany > 0 && limit.onLimit === 'refuse')) return null;
    if (tooMany <= 0) return [];
    const evicted = others.slice(-tooMany).reverse();
    for (const oldest of evicted) this.#durableStatements.end.run(oldest.id, 'limit-reached', now);
    return evicted;
  }
}

function assertText({ userId }: SessionRecord): void {
  if (userId === null || userId.isWellFormed()) return;
  // SQLite would keep U+FFFD in its place, and two such users would share their sessions.
  throw new HoldfastError('invalid-data', 'userId: half a surrogate pair is not text that can be stored');
}

function movedTo(found: ReadResult): string | null {
  return found.status === 'live' ? found.record.movedTo : null;
}

/** A swept record as the engine tells of it; nothing for the pointer that a rotated id left. */
function toExpired([id, userId, expiresAt, absoluteExpiresAt, movedTo]: Row): readonly ExpiredSession[] {
  if (movedTo !== null) return [];
  const reason = expiryReason(Number(expiresAt), Number(absoluteExpiresAt));
  return [{ id: String(id), userId: userId == null ? null : String(userId), reason, at: Number(expiresAt) }];
}

function liveRecords(rows: readonly Row[], now: number): readonly SessionRecord[] {
  return rows.flatMap((row) => {
    const found = fromRow(row, now);
    return found.status === 'live' ? [found.record] : [];
  });
}
