/** The one answer that every system gives, so that what differs between them is how they know whose request it is. */

/** An address of the same length for every number, because answers must not differ in size. */
export function emailOf(index: number): string {
  return `bench-${String(index).padStart(6, '0')}@example.test`;
}

/** The name that goes with every account. */
export const NAME = 'Grace Hopper';

/** What the service itself sends with an answer about somebody signed in; everybody else sends the same. */
export const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
} as const;

const TIME = '2026-01-01T00:00:00.000Z';

/** The shape and size of the service's answer, made anew for each request. `userId` has 22 characters. */
export function answerFor(userId: string, index = 0) {
  return {
    valid: true,
    user: { id: userId, email: emailOf(index), name: NAME },
    session: {
      id: 'AAAAAAAAAAAAAAAAAAAAAA',
      created_at: TIME,
      expires_at: TIME,
      idle_expires_at: TIME,
      authenticated_at: TIME,
      amr: ['pwd'],
    },
    now: TIME,
  };
}

/** A user's id as the service makes them: 16 bytes as 22 characters of base64url. */
export function userIdOf(index: number): string {
  // The last character holds two bits, so not every one can stand there.
  return `user_${String(index).padStart(16, '0')}A`;
}
