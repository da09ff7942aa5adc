/** Sessions in this process's memory: for tests. A restart signs everybody out, which is what the library exists to end. */
import type { Clock } from '../core/crypto.ts';
import { StoreUnreachableError } from '../core/errors.ts';
import { expiryReason, RETENTION_MS, type SessionRecord, TOMBSTONE_MS, type Tombstone } from '../core/record.ts';
import type {
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
} from '../core/store.ts';
import type { ScanBatch, StoredEntry, TransferableStore } from '../core/transfer.ts';
import { applyChange, copyJson } from './apply-change.ts';
import { MemoryTickets } from './memory-tickets.ts';
import { mergeCopy } from './merge-copy.ts';
import { idsBehind, pointerTo } from './pointer.ts';

/** What {@link memoryStore} takes. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Told once, at creation, when NODE_ENV is `production`. Default `process.emitWarning`. */
  readonly warn?: (message: string) => void;
}

type Kept = Exclude<ReadResult, { status: 'absent' | 'undecodable' }>;

/** A store that forgets everything when the process ends. */
export function memoryStore(options: MemoryStoreOptions = {}): TransferableStore {
  if (process.env.NODE_ENV === 'production') {
    const warn = options.warn ?? ((message: string) => process.emitWarning(message, { code: 'HOLDFAST_MEMORY_STORE' }));
    warn(
      'memoryStore() is in use in production: every restart signs everybody out, and no other process sees these ' +
        'sessions. Use sqliteStore() for one host, or a shared store for several.',
    );
  }
  return new MemoryStore(options.clock ?? Date.now);
}

class MemoryStore implements TransferableStore {
  readonly kind = 'memory';
  readonly tickets: MemoryTickets;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  /** User → ids of that user's records, so that listing does not walk over everybody. */
  readonly #byUser = new Map<string, Set<string>>();
  readonly #announcements = new Map<string, KeyAnnouncement>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.tickets = new MemoryTickets(clock, () => this.#assertOpen());
  }

  read(id: string): ReadResult {
    this.#assertOpen();
    return this.#lookUp(id) ?? { status: 'absent' };
  }

  create(record: SessionRecord, limit?: SessionLimit): CreateResult {
    this.#assertOpen();
    if (this.#lookUp(record.id) !== undefined) return { status: 'exists' };
    const evicted: SessionRecord[] = [];
    if (limit !== undefined && record.userId !== null) {
      const others = this.#sessionsOf(record.userId);
      const tooMany = others.length + 1 - limit.max;
      if (limit.max < 1 || (tooMany > 0 && limit.onLimit === 'refuse')) return { status: 'limit-reached' };
      if (tooMany > 0) evicted.push(...others.slice(-tooMany).reverse());
    }
    const tombstone: Tombstone = { reason: 'limit-reached', at: this.#clock() };
    for (const oldest of evicted) this.#end(oldest, tombstone);
    this.#put(ownCopy(record));
    return { status: 'created', evicted };
  }

  update(id: string, change: RecordChange): UpdateResult {
    this.#assertOpen();
    const found = this.#lookUp(id);
    if (found?.status !== 'live') return found ?? { status: 'absent' };
    if (change.ifVersion !== undefined && change.ifVersion !== found.record.version) {
      return { status: 'conflict', record: found.record };
    }
    const record = frozen(applyChange(found.record, change));
    this.#put(record);
    return { status: 'updated', record };
  }

  touch(id: string, lastSeenAt: number, expiresAt: number): boolean {
    this.#assertOpen();
    const found = this.#lookUp(id);
    if (found?.status !== 'live') return false;
    const { record } = found;
    if (lastSeenAt > record.lastSeenAt || expiresAt > record.expiresAt) {
      this.#put(
        Object.freeze({
          ...record,
          lastSeenAt: Math.max(lastSeenAt, record.lastSeenAt),
          expiresAt: Math.max(expiresAt, record.expiresAt),
        }),
      );
    }
    return true;
  }

  move(id: string, move: Move): MoveResult {
    this.#assertOpen();
    const found = this.#lookUp(id);
    if (found?.status !== 'live') return found ?? { status: 'absent' };
    if (found.record.version !== move.ifVersion) return { status: 'conflict', record: found.record };
    if (this.#lookUp(move.next.id) !== undefined) return { status: 'exists' };
    this.#put(ownCopy(move.next));
    this.#put(frozen(pointerTo(found.record, move)));
    return { status: 'moved' };
  }

  take(id: string, tombstone: Tombstone): TakeResult {
    this.#assertOpen();
    const found = this.#lookUp(id);
    if (found?.status !== 'live') return found ?? { status: 'absent' };
    this.#end(found.record, tombstone);
    return { status: 'taken', record: found.record };
  }

  takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): readonly SessionRecord[] {
    this.#assertOpen();
    // Expired ones too: a touch that is still in flight could otherwise bring one back after "sign out everywhere".
    const kept = idsBehind(exceptId, (id) => this.#movedTo(id));
    const taken = this.#recordsOf(userId).filter((record) => record.movedTo === null && !kept.has(record.id));
    for (const record of taken) this.#end(record, tombstone);
    return taken;
  }

  delete(id: string): void {
    this.#assertOpen();
    this.#forget(id);
  }

  listByUser(userId: string): readonly SessionRecord[] {
    this.#assertOpen();
    return this.#sessionsOf(userId);
  }

  count(): StoreCounts {
    this.#assertOpen();
    const now = this.#clock();
    const byKey = new Map<string, number>();
    let sessions = 0;
    for (const kept of this.#kept.values()) {
      if (kept.status !== 'live' || kept.record.movedTo !== null || kept.record.expiresAt <= now) continue;
      sessions++;
      for (const keyId of new Set([kept.record.keyId, kept.record.previousKeyId])) {
        if (keyId !== null) byKey.set(keyId, (byKey.get(keyId) ?? 0) + 1);
      }
    }
    return { sessions, byKey: Object.fromEntries(byKey) };
  }

  sweep(limit: number): Swept {
    this.#assertOpen();
    const now = this.#clock();
    const expired: ExpiredSession[] = [];
    let removed = 0;
    for (const [id, kept] of this.#kept) {
      if (removed >= limit) break;
      if (now < keptUntil(kept)) continue;
      this.#forget(id);
      removed++;
      if (kept.status !== 'live' || kept.record.movedTo !== null) continue;
      const { userId, expiresAt, absoluteExpiresAt } = kept.record;
      expired.push({ id, userId, reason: expiryReason(expiresAt, absoluteExpiresAt), at: expiresAt });
    }
    return { removed, expired };
  }

  announceKeys(announcement: KeyAnnouncement): void {
    this.#assertOpen();
    for (const [instance, { at }] of this.#announcements) {
      if (at < announcement.at - TOMBSTONE_MS) this.#announcements.delete(instance);
    }
    this.#announcements.set(announcement.instance, { ...announcement, keyIds: [...announcement.keyIds] });
  }

  listKeyAnnouncements(since: number): readonly KeyAnnouncement[] {
    this.#assertOpen();
    return [...this.#announcements.values()].filter(({ at }) => at >= since);
  }

  health(): StoreHealth {
    if (this.#closed) return { healthy: false, message: 'the memory store was closed' };
    return { healthy: true, message: 'sessions are kept in memory and end with this process' };
  }

  scan(cursor: string | null, limit: number): ScanBatch {
    this.#assertOpen();
    // In the order of ids, which what is written meanwhile does not change; a Map's own order moves with every update.
    const ids = [...this.#kept.keys()].filter((id) => cursor === null || id > cursor).sort();
    const entries = ids.slice(0, limit).flatMap((id): StoredEntry[] => {
      const kept = this.#lookUp(id);
      if (kept === undefined) return [];
      return [kept.status === 'live' ? { id, record: kept.record } : { id, tombstone: kept.tombstone }];
    });
    return { entries, undecodable: 0, next: ids.length > limit ? (ids[limit - 1] ?? null) : null };
  }

  put(record: SessionRecord): boolean {
    this.#assertOpen();
    const merged = mergeCopy(this.#lookUp(record.id) ?? { status: 'absent' }, record);
    if (merged === null) return false;
    this.#forget(record.id);
    this.#put(ownCopy(merged));
    return true;
  }

  bury(id: string, tombstone: Tombstone): void {
    this.#assertOpen();
    const kept = this.#lookUp(id);
    if (kept?.status === 'ended') return;
    this.#forget(id);
    this.#kept.set(id, { status: 'ended', tombstone: Object.freeze({ ...tombstone }) });
  }

  close(): void {
    this.#closed = true;
    this.#kept.clear();
    this.#byUser.clear();
    this.#announcements.clear();
    this.tickets.clear();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnreachableError('the memory store was closed');
  }

  #lookUp(id: string): Kept | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined || this.#clock() < keptUntil(kept)) return kept;
    this.#forget(id);
    return undefined;
  }

  #movedTo(id: string): string | null {
    const kept = this.#lookUp(id);
    return kept?.status === 'live' ? kept.record.movedTo : null;
  }

  #recordsOf(userId: string): SessionRecord[] {
    const found = [...(this.#byUser.get(userId) ?? [])].map((id) => this.#lookUp(id));
    return found.flatMap((kept) => (kept?.status === 'live' ? [kept.record] : []));
  }

  /** Live, unexpired, no pointers, the most recently used first. */
  #sessionsOf(userId: string): SessionRecord[] {
    const now = this.#clock();
    return this.#recordsOf(userId)
      .filter((record) => record.movedTo === null && record.expiresAt > now)
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt);
  }

  #put(record: SessionRecord): void {
    this.#kept.set(record.id, { status: 'live', record });
    if (record.userId === null) return;
    const ids = this.#byUser.get(record.userId);
    if (ids === undefined) this.#byUser.set(record.userId, new Set([record.id]));
    else ids.add(record.id);
  }

  #end(record: SessionRecord, tombstone: Tombstone): void {
    this.#forget(record.id);
    this.#kept.set(record.id, { status: 'ended', tombstone: Object.freeze({ ...tombstone }) });
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    if (kept?.status !== 'live' || kept.record.userId === null) return;
    const ids = this.#byUser.get(kept.record.userId);
    ids?.delete(id);
    if (ids?.size === 0) this.#byUser.delete(kept.record.userId);
  }
}

/** From this millisecond on, what is kept counts as absent. */
function keptUntil(kept: Kept): number {
  return kept.status === 'live' ? kept.record.expiresAt + RETENTION_MS : kept.tombstone.at + TOMBSTONE_MS;
}

/** Nothing that the caller holds on to is part of what is kept. */
function ownCopy(record: SessionRecord): SessionRecord {
  return frozen({ ...record, data: copyJson(record.data), device: { ...record.device }, amr: [...record.amr] });
}

/** Records are handed out without a copy, so nobody may be able to change one. */
function frozen(record: SessionRecord): SessionRecord {
  return deepFreeze(record) as SessionRecord;
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
