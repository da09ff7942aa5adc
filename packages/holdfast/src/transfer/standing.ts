/** Compares what one store keeps with what another has of it. */
import { isDeepStrictEqual } from 'node:util';
import { RETENTION_MS, type SessionRecord, TOMBSTONE_MS } from '../core/record.ts';
import type { ReadResult } from '../core/store.ts';
import type { StoredEntry } from '../core/transfer.ts';

/**
 * `covered`: the other store is at least as far: a higher version, the same with times as late, or an end. `behind`: it
 * lacks something. `unreadable`: what it holds there can be neither read nor replaced.
 */
export type Standing = 'covered' | 'behind' | 'unreadable';

/** How far the other store is with an entry. */
export function standingOf(entry: StoredEntry, found: ReadResult, now: number): Standing {
  if (found.status === 'ended') return 'covered';
  if (found.status === 'undecodable') return 'unreadable';
  // Past its time: a store reports it absent whether it was written or not.
  if (found.status === 'absent') return isLapsed(entry, now) ? 'covered' : 'behind';
  if ('tombstone' in entry) return 'behind';
  return isCopied(entry.record, found.record) ? 'covered' : 'behind';
}

/** Whether the same version has other contents there: two people wrote to the two stores, or one of them loses something. */
export function differs(entry: StoredEntry, found: ReadResult): boolean {
  if (!('record' in entry) || found.status !== 'live' || found.record.version !== entry.record.version) return false;
  const { lastSeenAt, expiresAt } = entry.record;
  return !isDeepStrictEqual({ ...found.record, lastSeenAt, expiresAt }, { ...entry.record });
}

/** Whether the entry is past the time for which stores keep it. */
export function isLapsed(entry: StoredEntry, now: number): boolean {
  if ('tombstone' in entry) return now >= entry.tombstone.at + TOMBSTONE_MS;
  return now >= entry.record.expiresAt + RETENTION_MS;
}

/** Whether the entry is what people call a session: neither over nor a pointer. */
export function isSession(entry: StoredEntry, now: number): boolean {
  return 'record' in entry && entry.record.movedTo === null && entry.record.expiresAt > now;
}

function isCopied(record: SessionRecord, copy: SessionRecord): boolean {
  if (copy.version !== record.version) return copy.version > record.version;
  return copy.lastSeenAt >= record.lastSeenAt && copy.expiresAt >= record.expiresAt;
}
