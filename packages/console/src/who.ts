/** Who is signed in and for how long, read from what the service answers. */
import { isRecord } from './service.ts';

export interface User {
  readonly id: string;
  readonly email: string;
  /** Empty where the person gave none. */
  readonly name: string;
}

/** ISO 8601 times, as the service sent them; null where it sent none. */
export interface SessionTimes {
  readonly id: string;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly idleExpiresAt: string | null;
}

export interface Who {
  readonly user: User;
  readonly session: SessionTimes;
}

/** Null for anything that does not say who: such an answer is no answer, and least of all "signed out". */
export function toWho(body: unknown): Who | null {
  if (!isRecord(body) || !isRecord(body.user) || !isRecord(body.session)) return null;
  const { user, session } = body;
  if (typeof user.id !== 'string' || typeof user.email !== 'string' || typeof session.id !== 'string') return null;
  return {
    user: { id: user.id, email: user.email, name: typeof user.name === 'string' ? user.name : '' },
    session: {
      id: session.id,
      createdAt: toTime(session.created_at),
      expiresAt: toTime(session.expires_at),
      idleExpiresAt: toTime(session.idle_expires_at),
    },
  };
}

function toTime(value: unknown): string | null {
  return typeof value === 'string' && Number.isFinite(Date.parse(value)) ? value : null;
}
