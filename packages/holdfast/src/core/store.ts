/**
 * The contract between the engine and whatever keeps sessions.
 *
 * - *Absent, expired and undecodable are values.* Only a backend that failed throws, and what it throws is
 *   `StoreUnreachableError` (errors.ts): "no answer" must never look like "no session".
 * - Nothing but `create` inserts: a late write to a session that ended finds nothing to write to.
 * - Each operation is atomic, also against other processes on the same backend, and durable when it returns.
 * - A store neither judges expiry nor extends it by itself. It hands out a record until `expiresAt` + RETENTION_MS by its
 *   own clock (the engine says why it is over), and reports it absent after that, swept or not.
 * - Answers may come at once or as a promise; the engine awaits either.
 * - All ids of one user begin alike (session-id.ts), so a store may keep them together; it may refuse others.
 */
import type { Awaitable } from './awaitable.ts';
import type { Device, Json, SessionRecord, Tombstone } from './record.ts';
import type { TicketStore } from './ticket-store.ts';

export type { Awaitable } from './awaitable.ts';

/** Nothing is stored under the id: never was, was deleted, or was kept for long enough after its end. */
export interface Absent {
  readonly status: 'absent';
}

/** The session ended, and the tombstone says why. */
export interface Ended {
  readonly status: 'ended';
  readonly tombstone: Tombstone;
}

/** The record is there. It may have expired: the engine judges that. */
export interface Live {
  readonly status: 'live';
  readonly record: SessionRecord;
}

/** Something is stored under the id that this version cannot read. Never deleted unasked; counts as absent, with an event. */
export interface Undecodable {
  readonly status: 'undecodable';
  /** What is wrong with it, for the log; holds nothing of the session itself. */
  readonly detail: string;
}

/** The answer of `read`. */
export type ReadResult = Live | Ended | Absent | Undecodable;

/** How many sessions one user may have, and who gives way. */
export interface SessionLimit {
  /** Live, unexpired sessions of the record's user, the new one included. */
  readonly max: number;
  /** `evict-oldest` ends those used longest ago with the reason `limit-reached`; `refuse` creates nothing. */
  readonly onLimit: 'evict-oldest' | 'refuse';
}

/** The answer of `create`. `exists`: the id is taken (by a record or a tombstone) and nothing was written. */
export type CreateResult =
  | { readonly status: 'created'; readonly evicted: readonly SessionRecord[] }
  | { readonly status: 'exists' }
  | { readonly status: 'limit-reached' };

/** The fields of a record that an update may replace. */
export interface FieldChanges {
  readonly generation?: number;
  readonly confirmedIssuedAt?: number;
  readonly keyId?: string;
  readonly previousKeyId?: string | null;
  readonly authenticatedAt?: number;
  readonly amr?: readonly string[];
  readonly device?: Device;
  readonly lastSeenAt?: number;
  readonly idleSeconds?: number;
  readonly absoluteExpiresAt?: number;
  readonly expiresAt?: number;
  readonly movedTo?: string;
}

/** What to change of a record; what is not named stays as it is, also when somebody else changed it meanwhile. */
export interface RecordChange {
  /** Write only when the record still has this version. Without it, the last writer of a key wins. */
  readonly ifVersion?: number;
  readonly fields?: FieldChanges;
  /** Data keys to set. Each replaces the whole value under its key. */
  readonly set?: Readonly<Record<string, Json>>;
  /** Data keys to remove. A key that is not there is no error. */
  readonly unset?: readonly string[];
}

/** The answer of `update`. `conflict`: the version was another one; nothing was written and `record` is what is there. */
export type UpdateResult =
  | { readonly status: 'updated'; readonly record: SessionRecord }
  | { readonly status: 'conflict'; readonly record: SessionRecord }
  | Ended
  | Absent
  | Undecodable;

/** How a session moves to a new id. */
export interface Move {
  /** Move only when the record still has this version. */
  readonly ifVersion: number;
  /** The session under its new id, which is in the same home (session-id.ts) and of the same user. */
  readonly next: SessionRecord;
  /** When the pointer that stays under the old id is over: its `expiresAt` and its `absoluteExpiresAt`. */
  readonly pointerExpiresAt: number;
}

/** The answer of `move`. But for `moved`, nothing was written. `exists`: the new id is taken. */
export type MoveResult =
  | { readonly status: 'moved' }
  | { readonly status: 'conflict'; readonly record: SessionRecord }
  | { readonly status: 'exists' }
  | Ended
  | Absent
  | Undecodable;

/** The answer of `take`: exactly one caller ever gets `taken`. */
export type TakeResult = { readonly status: 'taken'; readonly record: SessionRecord } | Ended | Absent | Undecodable;

/** Live, unexpired sessions (pointers left by id rotation excluded). */
export interface StoreCounts {
  readonly sessions: number;
  /** Key id → how many of them have a token signed with it that may still be in a cookie jar. */
  readonly byKey: Readonly<Record<string, number>>;
}

/** What one process says of its key ring to the others. Fingerprints only, never a secret. */
export interface KeyAnnouncement {
  /** Names the process for the report: host and process id. */
  readonly instance: string;
  /** Key ids, the signing key first. */
  readonly keyIds: readonly string[];
  /** When it last said so. */
  readonly at: number;
}

/** Whether the store can be read and written right now. */
export interface StoreHealth {
  readonly healthy: boolean;
  /** One sentence for an operator. */
  readonly message: string;
}

/** Something about the backend that an operator should know before people depend on it. */
export interface StoreFinding {
  /** `problem`: sessions will be lost or cannot be kept, so production should not start. `warning`: it should be mended. */
  readonly severity: 'problem' | 'warning';
  /** A stable name in kebab case, such as `evicting-policy`. */
  readonly code: string;
  /** What is wrong, one sentence. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly fix: string;
}

/** What a sweep removed. */
export interface Swept {
  /** Records, pointers and tombstones together. */
  readonly removed: number;
  /** The sessions among them that nobody had ended: they had expired. */
  readonly expired: readonly ExpiredSession[];
}

/** A session that ended by itself. */
export interface ExpiredSession {
  readonly id: string;
  readonly userId: string | null;
  readonly reason: 'expired-idle' | 'expired-absolute';
  /** When it was over. */
  readonly at: number;
}

/** Where sessions live. See the top of this file for what every implementation promises. */
export interface Store {
  /** `memory`, `sqlite`, `redis` …: what answers and logs call it. */
  readonly kind: string;
  /** The record under the id. One round trip; the only operation on the hot path. */
  read(id: string): Awaitable<ReadResult>;
  /**
   * For a `read` that failed: what a cache in process last knew of the live session, where the application allowed that and
   * for the bounded time it allowed. The session may have ended meanwhile.
   */
  lastKnown?(id: string): SessionRecord | undefined;
  /** Inserts, never replaces. The limit is enforced in the same atomic step, so parallel sign-ins cannot exceed it. */
  create(record: SessionRecord, limit?: SessionLimit): Awaitable<CreateResult>;
  /** Applies a delta to a live record and adds 1 to its version; never inserts, never revives. */
  update(id: string, change: RecordChange): Awaitable<UpdateResult>;
  /** Moves `lastSeenAt` and `expiresAt` forward, never back, without a new version. False when there is no live record. */
  touch(id: string, lastSeenAt: number, expiresAt: number): Awaitable<boolean>;
  /**
   * Inserts the session under its new id and leaves a pointer to it under the old one (`movedTo`, a version more), in one
   * step: whoever ends the session meanwhile ends it under one id or the other.
   */
  move(id: string, move: Move): Awaitable<MoveResult>;
  /** Reads and ends in one step: the record goes, the tombstone stays for TOMBSTONE_MS. Exactly one caller gets it. */
  take(id: string, tombstone: Tombstone): Awaitable<TakeResult>;
  /**
   * `take` for all sessions of a user, answering those that this call ended. Pointers stay. With `exceptId`, that session
   * stays too, also when the id was moved meanwhile: pointers are followed in the same step.
   */
  takeByUser(userId: string, tombstone: Tombstone, exceptId?: string): Awaitable<readonly SessionRecord[]>;
  /** Erases record and tombstone alike. Erasing what is not there is no error. */
  delete(id: string): Awaitable<void>;
  /** Live, unexpired sessions of a user without pointers, the most recently used first. */
  listByUser(userId: string): Awaitable<readonly SessionRecord[]>;
  count(): Awaitable<StoreCounts>;
  /** Removes up to `limit` records and tombstones that were kept for long enough. No two calls report the same session. */
  sweep(limit: number): Awaitable<Swept>;
  /** Replaces what this instance announced before. */
  announceKeys(announcement: KeyAnnouncement): Awaitable<void>;
  /** Announcements made at or after `since`. */
  listKeyAnnouncements(since: number): Awaitable<readonly KeyAnnouncement[]>;
  /** Tries a write; never throws. */
  health(): Awaitable<StoreHealth>;
  /** One-time sessions, kept beside the others. Where it is missing, the store keeps none. */
  readonly tickets?: TicketStore;
  /** Looks at how the backend is set up; nothing found is an empty list. Where it is missing, there is nothing to check. */
  inspect?(): Awaitable<readonly StoreFinding[]>;
  /** Lets go of files and connections. Using the store afterwards throws `StoreUnreachableError` (errors.ts). */
  close(): Awaitable<void>;
}
