/** What a session leaves under its former id when it moves to a new one. */
import type { SessionRecord } from '../core/record.ts';
import type { Move } from '../core/store.ts';
import { applyChange } from './apply-change.ts';

/** The pointer in place of the record. Its absolute expiry moves too: a touch still under way moves only the other one. */
export function pointerTo(record: SessionRecord, { next, pointerExpiresAt }: Move): SessionRecord {
  return applyChange(record, {
    fields: { movedTo: next.id, expiresAt: pointerExpiresAt, absoluteExpiresAt: pointerExpiresAt },
  });
}

/** The longest chain of pointers that is followed: id rotations within the half minute that a pointer lives. */
export const MAX_STEPS = 16;

/** The ids that `exceptId` stands for: itself, and every id that the session was moved to since. */
export function idsBehind(exceptId: string | undefined, movedTo: (id: string) => string | null): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let id: string | null = exceptId ?? null; id !== null && ids.size < MAX_STEPS; id = movedTo(id)) ids.add(id);
  return ids;
}
