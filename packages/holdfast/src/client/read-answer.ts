/** Reads the answer to the one question. What is not one for certain is none, and least of all "signed out". */
import { isRecord, isText } from './request.ts';
import type { SessionUser, SignedIn, SignedOut } from './types.ts';

/** Any object with a text as `id`, as it is. */
export function readAnyUser(user: unknown): SessionUser | null {
  return isRecord(user) && isText(user.id) ? (user as unknown as SessionUser) : null;
}

/** The answer of `validate`; null where it is none. An answer of a sign-in is one with `valid: true` put in front. */
export function readValidate<U extends SessionUser>(
  body: unknown,
  readUser: (user: unknown) => U | null,
): SignedIn<U> | SignedOut | null {
  if (!isRecord(body)) return null;
  const { valid, user: claimed, session, reason } = body;
  if (valid === false) return { status: 'signed-out', reason: isText(reason) ? reason : '' };
  if (valid !== true || !isRecord(session) || !isText(session.id)) return null;
  let user: U | null = null;
  try {
    user = readUser(claimed);
  } catch {
    // What the application cannot read is no answer.
  }
  if (!user) return null;
  const { id, created_at, expires_at, idle_expires_at, authenticated_at, amr } = session;
  return {
    status: 'signed-in',
    user,
    session: {
      id,
      createdAt: readTime(created_at),
      expiresAt: readTime(expires_at),
      idleExpiresAt: readTime(idle_expires_at),
      authenticatedAt: readTime(authenticated_at),
      amr: Array.isArray(amr) ? amr : [],
    },
  };
}

/** Milliseconds since 1970; null for what is no time. */
export function readTime(value: unknown): number | null {
  return (isText(value) && Date.parse(value)) || null;
}
