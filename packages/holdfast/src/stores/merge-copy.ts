/** What to write when a copy of a record arrives (`put` of `TransferableStore`): the one meaning for all stores in process. */
import type { SessionRecord } from '../core/record.ts';
import type { ReadResult } from '../core/store.ts';

/** The record to write in place of what was found; null when what is there stays as it is. */
export function mergeCopy(found: ReadResult, copy: SessionRecord): SessionRecord | null {
  if (found.status === 'absent') return copy;
  if (found.status !== 'live' || found.record.version > copy.version) return null;
  const { record } = found;
  if (record.version < copy.version) return copy;
  // The same version: a touch moves times without a new one, so both may be right, and the later is.
  const lastSeenAt = Math.max(record.lastSeenAt, copy.lastSeenAt);
  const expiresAt = Math.max(record.expiresAt, copy.expiresAt);
  if (lastSeenAt === record.lastSeenAt && expiresAt === record.expiresAt) return record;
  return { ...record, lastSeenAt, expiresAt };
}
