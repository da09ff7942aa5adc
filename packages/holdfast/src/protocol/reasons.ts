/** Why a request is not signed in, or why a session ended: one vocabulary for answers, events, metrics and the doctor. */

/** Every reason code and what it means to a person. The order is from least to most telling. */
export const REASONS = {
  'no-token': 'the request carried no session cookie',
  malformed: 'the cookie is not a token of ours',
  'unknown-key': 'the token was signed with a key that is not in the key ring',
  'bad-signature': 'the token was altered, or signed with another key',
  'not-found': 'the store has no such session',
  'ticket-expired': 'the one-time session was not used in time',
  'wrong-origin': 'the one-time session belongs to another site',
  'already-used': 'the one-time session was used before',
  'limit-reached': 'too many sessions; this one gave way',
  'expired-idle': 'nobody used the session for too long',
  'expired-absolute': 'the session reached its longest life',
  'signed-out': 'the person signed out',
  revoked: 'the session was ended by its owner elsewhere, or by an administrator',
  reused: 'a superseded token was used again, so the session was ended as stolen',
  'step-up-required': 'signed in, but this needs a fresher sign-in',
  'store-unreachable': 'the store did not answer, so nobody knows',
} as const;

/** One of {@link REASONS}. */
export type Reason = keyof typeof REASONS;

/** The reasons for which a live session can end; they are what a tombstone holds. */
export type EndReason = Extract<
  Reason,
  | 'signed-out'
  | 'revoked'
  | 'expired-idle'
  | 'expired-absolute'
  | 'reused'
  | 'limit-reached'
  | 'already-used'
  | 'ticket-expired'
>;

const END_REASONS: ReadonlySet<string> = new Set<EndReason>([
  'signed-out',
  'revoked',
  'expired-idle',
  'expired-absolute',
  'reused',
  'limit-reached',
  'already-used',
  'ticket-expired',
]);

/** Whether a stored text is a reason that a tombstone may hold; anything else there is undecodable. */
export function isEndReason(text: unknown): text is EndReason {
  return typeof text === 'string' && END_REASONS.has(text);
}
