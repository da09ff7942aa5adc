/** The answer to a front end's one question, for applications that serve it themselves: who is signed in, or why nobody is. */
import type { NotSignedIn, SignedIn, Unreachable, UserSession } from '../core/outcomes.ts';
import type { Sessions } from '../core/sessions.ts';
import type { InvalidAnswer, ValidAnswer, ValidateAnswer } from '../protocol/validate.ts';
import type { Exchange } from './exchange.ts';

/** What the page is told of a person: any JSON object with an `id`. Null where the account is gone, which ends the session. */
export type UserOf<U extends { readonly id: string }> = (session: UserSession) => U | null | Promise<U | null>;

/**
 * The body for status 200. `user` is what the page is told of the person and is not looked at when nobody is signed in;
 * `now` is the server's clock in milliseconds since 1970. An outage has no such body, because it would read as "signed
 * out": answer it by `auth.problem`. Throws a TypeError when it is given one all the same.
 */
export function validateAnswer<U extends { readonly id: string }>(
  resolution: SignedIn,
  user: U,
  now?: number,
): ValidAnswer<U>;
export function validateAnswer(resolution: NotSignedIn): InvalidAnswer;
export function validateAnswer<U extends { readonly id: string }>(
  resolution: SignedIn | NotSignedIn,
  user: U,
  now?: number,
): ValidateAnswer<U>;
export function validateAnswer(
  resolution: SignedIn | NotSignedIn,
  user?: { readonly id: string },
  now: number = Date.now(),
): ValidateAnswer {
  if (resolution.status === 'not-signed-in') return { valid: false, reason: resolution.reason };
  if (resolution.status !== 'signed-in') throw new TypeError('An outage is never an answer: use auth.problem.');
  if (typeof user?.id !== 'string') throw new TypeError('The user of a valid answer needs an id.');
  const { session } = resolution;
  return {
    valid: true,
    user,
    session: {
      id: session.id,
      created_at: toTime(session.createdAt),
      expires_at: toTime(session.absoluteExpiresAt),
      idle_expires_at: toTime(session.expiresAt),
      authenticated_at: toTime(session.authenticatedAt ?? session.createdAt),
      amr: session.amr,
    },
    now: toTime(now),
  };
}

/** What the bindings share: resolves the request, looks the person up, and answers the body or the outage. */
export async function decideValidate<U extends { readonly id: string }>(
  auth: Exchange,
  sessions: Sessions,
  userOf: UserOf<U>,
): Promise<ValidateAnswer<U> | Unreachable> {
  // The question changes nothing, though it may be a POST.
  const resolution = await auth.resolve({ readOnly: true });
  if (resolution.status === 'unreachable') return resolution;
  if (resolution.status === 'not-signed-in') return validateAnswer(resolution);
  const user = await userOf(resolution.session);
  if (user !== null) return validateAnswer(resolution, user);
  // The account is gone and its session was left over: end it, so that it is not asked about again.
  const outcome = await sessions.end(resolution.session.id, 'revoked');
  return outcome.status === 'unreachable' ? outcome : { valid: false, reason: 'revoked' };
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
