/** What a request about a one-time session is refused with. */
import type { Unreachable } from 'holdfast';
import { REASON_HEADER, REASONS, type Reason } from 'holdfast/protocol';
import type { TicketRefusal } from 'holdfast/tickets';
import { ProblemError, unreachable } from '../ops/problem-error.ts';

/** Used, expired, unknown, malformed or another site's: one status and one shape, and the code is the reason. */
export function refused(reason: TicketRefusal): ProblemError {
  const sentence = REASONS[reason];
  const detail = reason === 'not-found' ? 'There is no such one-time session.' : `${capital(sentence)}.`;
  return new ProblemError(reason, { detail, reason }, { [REASON_HEADER]: reason }, 401);
}

/** As many as allowed wait to be used. */
export function limitReached(retryAfterSeconds: number): ProblemError {
  const reason: Reason = 'limit-reached';
  const detail = `Wait until some are used or expire; the first does in ${retryAfterSeconds} seconds at the latest.`;
  return new ProblemError('limit-reached', { detail, reason }, { 'retry-after': String(retryAfterSeconds) });
}

/** The key, or the account, is for other origins. */
export function outOfScope(detail: string): ProblemError {
  return new ProblemError('out-of-scope', { detail });
}

/** One field of a body is wrong in a way that its schema cannot tell. */
export function wrongField(pointer: string, detail: string): ProblemError {
  return new ProblemError('validation-failed', { detail, errors: [{ pointer, detail }] });
}

/** Passes on every answer but the store's silence, which is the 503. */
export function answered<T extends { readonly status: string }>(outcome: T): Exclude<T, Unreachable> {
  if (outcome.status === 'unreachable') throw unreachable((outcome as T & Unreachable).retryAfterSeconds);
  return outcome as Exclude<T, Unreachable>;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
