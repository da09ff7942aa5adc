/** What answers show of sessions and accounts: shapes, and how records become them. Times are ISO 8601 in UTC. */
import type { Session } from 'holdfast';
import { type Static, Type } from 'typebox';
import type { User } from '../accounts/user.ts';
import { deviceName } from './device-name.ts';
import { toWireTime } from './wire-time.ts';

const Time = Type.String({ format: 'date-time' });

/** A text or null. Written as one type with two names: a union would be serialised by trying a validator for each part. */
export const TextOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

export const WireUser = Type.Object(
  {
    id: Type.String(),
    email: Type.String({ description: 'As the person typed it.' }),
    name: TextOrNull,
  },
  { description: 'An account.' },
);

export const WireSession = Type.Object(
  {
    id: Type.String({ description: 'A public id, not a credential.' }),
    created_at: Time,
    expires_at: Type.String({ format: 'date-time', description: 'When it ends however busy it is.' }),
    idle_expires_at: Type.String({ format: 'date-time', description: 'When it ends if nobody uses it any more.' }),
    authenticated_at: Type.String({ format: 'date-time', description: 'When the person last proved who they are.' }),
    amr: Type.Array(Type.String(), { description: 'How the person proved who they are (RFC 8176).' }),
  },
  { description: 'A session.' },
);

export const SignedInAnswer = Type.Object(
  { valid: Type.Literal(true), user: WireUser, session: WireSession, now: Time },
  { description: 'Signed in. `now` is the server’s clock.' },
);

export const SignedOutAnswer = Type.Object(
  { valid: Type.Literal(false), reason: Type.String({ description: 'One of the reason codes.' }) },
  { description: 'Not signed in, and why.' },
);

export const UserAndSession = Type.Object({ user: WireUser, session: WireSession, now: Time });

export const WireDevice = Type.Object(
  {
    id: Type.String(),
    created_at: Time,
    last_seen_at: Time,
    expires_at: Time,
    idle_expires_at: Time,
    ip: TextOrNull,
    user_agent: TextOrNull,
    device: Type.String({ description: 'A short name, such as "Chrome on Linux".' }),
    is_current: Type.Boolean(),
  },
  { description: 'One of a person’s own sessions.' },
);

/** The answer about somebody signed in. */
export function toSignedIn(user: User, session: Session): Static<typeof SignedInAnswer> {
  return { valid: true, user: toWireUser(user), session: toWireSession(session), now: toWireTime(Date.now()) };
}

export function toWireUser({ id, email, name }: User): Static<typeof WireUser> {
  return { id, email, name };
}

export function toWireSession(session: Session): Static<typeof WireSession> {
  return {
    id: session.id,
    created_at: toWireTime(session.createdAt),
    expires_at: toWireTime(session.absoluteExpiresAt),
    idle_expires_at: toWireTime(session.expiresAt),
    authenticated_at: toWireTime(session.authenticatedAt ?? session.createdAt),
    amr: [...session.amr],
  };
}

export function toWireDevice(session: Session, currentId: string): Static<typeof WireDevice> {
  return {
    id: session.id,
    created_at: toWireTime(session.createdAt),
    last_seen_at: toWireTime(session.lastSeenAt),
    expires_at: toWireTime(session.absoluteExpiresAt),
    idle_expires_at: toWireTime(session.expiresAt),
    ip: session.device.ip ?? null,
    user_agent: session.device.userAgent ?? null,
    device: deviceName(session.device.userAgent),
    is_current: session.id === currentId,
  };
}
