/** What a record looks like after an update: the one meaning of `RecordChange` for stores that compute it in process. */

import type { Json, SessionData, SessionRecord } from '../core/record.ts';
import type { FieldChanges, RecordChange } from '../core/store.ts';

/** The record with the change applied and 1 added to its version. The given record is left as it is. */
export function applyChange(record: SessionRecord, change: RecordChange): SessionRecord {
  return {
    ...record,
    ...named(change.fields),
    // An update never moves a record to another id or owner, whatever an untyped caller passes in.
    id: record.id,
    userId: record.userId,
    createdAt: record.createdAt,
    version: record.version + 1,
    data: applyDelta(record.data, change.set, change.unset),
  };
}

/** A copy that shares nothing with the original and holds exactly what JSON can carry. */
export function copyJson<T extends Json | SessionData>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function applyDelta(data: SessionData, set: RecordChange['set'], unset: RecordChange['unset']): SessionData {
  if (set === undefined && unset === undefined) return data;
  const next: Record<string, Json> = { ...data };
  for (const key of unset ?? []) delete next[key];
  for (const [key, value] of Object.entries(set ?? {})) {
    // Defined, not assigned: `next['__proto__'] = …` would change the prototype instead of adding a key.
    Object.defineProperty(next, key, { value: copyJson(value), writable: true, enumerable: true, configurable: true });
  }
  return next;
}

/** Without the fields that are there but undefined: "not named" and "named undefined" both leave a field alone. */
function named(fields: FieldChanges | undefined): FieldChanges {
  if (fields === undefined) return {};
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
