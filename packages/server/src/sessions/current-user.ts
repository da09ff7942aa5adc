/** Who is behind a request: the session and the account it belongs to, or the answer that says why there is none. */
import type { FastifyRequest } from 'fastify';
import type { Reason, Sessions, UserSession } from 'holdfast';
import { REASONS } from 'holdfast/protocol';
import type { User } from '../accounts/user.ts';
import type { Users } from '../accounts/users.ts';
import { ProblemError, unreachable } from '../ops/problem-error.ts';

/** Somebody, or the reason for nobody. */
export type CurrentUser =
  | { readonly status: 'signed-in'; readonly user: User; readonly session: UserSession }
  | { readonly status: 'not-signed-in'; readonly reason: Reason };

/** A request that changes nothing though its method could: where that was chosen, what was last known answers it too. */
export const READ_ONLY = { readOnly: true } as const;

/** Throws the 503 when the session store or the accounts cannot tell. */
export async function currentUser(
  request: FastifyRequest,
  users: Users,
  sessions: Sessions,
  options?: typeof READ_ONLY,
): Promise<CurrentUser> {
  const resolution = await request.exchange.resolve(options);
  if (resolution.status === 'unreachable') throw unreachable(resolution.retryAfterSeconds);
  if (resolution.status === 'not-signed-in') return { status: 'not-signed-in', reason: resolution.reason };
  const { session } = resolution;
  const found = users.byId(session.userId);
  const user = found instanceof Promise ? await found : found;
  if (user !== null) return { status: 'signed-in', user, session };
  // The account is gone and its session was left over: end it, so that it is not asked about again.
  const outcome = await sessions.end(session.id, 'revoked');
  if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
  return { status: 'not-signed-in', reason: 'revoked' };
}

/** The same for routes that need somebody: throws 401 otherwise. */
export async function requireUser(
  request: FastifyRequest,
  users: Users,
  sessions: Sessions,
): Promise<{ readonly user: User; readonly session: UserSession }> {
  const current = await currentUser(request, users, sessions);
  if (current.status === 'signed-in') return current;
  throw new ProblemError('not-signed-in', { reason: current.reason, detail: `${sentence(REASONS[current.reason])}.` });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
