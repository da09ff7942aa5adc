/** Reads the answer to the one question. What is not one for certain is none, and least of all "signed out". */
import { isRecord, isText } from './request.ts';
import type { SessionUser, SignedIn, SignedOut } from './types.ts';

/** Any object with a text as `id`, as it is. */
export function readAnyUser(user: unknown): SessionUser | null {
  return isRecord(user) && isText(user.id) ? (user as unknown as SessionUser) : null;
}

/** Somebody, from an answer of `validate` or of a sign-in; null where it does not say who. */
export function readSignedIn<U extends SessionUser>(
  body: unknown,
  readUser: (user: unknown) => U | null,
): SignedIn<U> | null {
  if (!isRecord(body) || !isRecord(body.session) || !isText(body.session.id)) return null;
  const user = readUser(body.user);
  if (user === null) return null;
  const { id, created_at, expires_at, idle_expires_at, authenticated_at, amr } = body.session;
  return {
    status: 'signed-in',
    user,
    session: {
      id,
      createdAt: readTime(created_at),
      expiresAt: readTime(expires_at),
      idleExpiresAt: readTime(idle_expires_at),
      authenticatedAt: readTime(authenticated_at),
      amr: Array.isArray(amr) ? amr.filter(isText) : [],
    },
  };
}

/** The whole answer of `validate`; null where it is none. */
export function readValidate<U extends SessionUser>(
  body: unknown,
  readUser: (user: unknown) => U | null,
): SignedIn<U> | SignedOut | null {
  if (!isRecord(body)) return null;
  if (body.valid === true) return readSignedIn(body, readUser);
  return body.valid === false ? { status: 'signed-out', reason: isText(body.reason) ? body.reason : '' } : null;
}

/** Milliseconds since 1970; null for what is no time. */
export function readTime(value: unknown): number | null {
  return (isText(value) && Date.parse(value)) || null;
}
