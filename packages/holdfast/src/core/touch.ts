/** Notes that a session was used, at most once per refresh window and once at a time. */
import type { EngineContext } from './context.ts';
import { refreshWindowMs } from './policy.ts';
import { expiryOf, type SessionRecord } from './record.ts';

/** Whether the session's use has to be noted again. */
export function isTouchDue(record: SessionRecord, now: number): boolean {
  return now - record.lastSeenAt >= refreshWindowMs(record.idleSeconds);
}

export interface Touches {
  /** The record with its new times where they were due and could be written, else as it is. Never throws. */
  touch(record: SessionRecord): Promise<SessionRecord>;
}

export function createTouches(context: EngineContext): Touches {
  const underway = new Map<string, Promise<boolean>>();

  async function write(record: SessionRecord, now: number, expiresAt: number): Promise<boolean> {
    try {
      return await context.writing('touch', () => context.store.touch(record.id, now, expiresAt));
    } catch {
      // The guard has reported it. The person is signed in either way; the next request tries again.
      return false;
    } finally {
      underway.delete(record.id);
    }
  }

  return {
    async touch(record) {
      const now = context.clock();
      if (!isTouchDue(record, now)) return record;
      const expiresAt = expiryOf(now, record.idleSeconds, record.absoluteExpiresAt);
      let writing = underway.get(record.id);
      if (writing === undefined) {
        writing = write(record, now, expiresAt);
        underway.set(record.id, writing);
      }
      return (await writing) ? { ...record, lastSeenAt: now, expiresAt } : record;
    },
  };
}
