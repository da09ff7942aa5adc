/** Whether what is known of a session may be answered without asking what a touch may have written since. */
import { expiredBecause, type SessionRecord } from '../../core/record.ts';
import { isTouchDue } from '../../core/touch.ts';

/** Neither over nor due for a touch: then its times as the backend has them by now say the same. */
export function isFresh(record: SessionRecord, now: number): boolean {
  return expiredBecause(record, now) === null && !isTouchDue(record, now);
}
