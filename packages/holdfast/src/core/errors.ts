/** The one error class of the library and the table of its codes; "not signed in" is never an error. */

/** Every code with what it means and what to do about it. */
export const ERRORS = {
  'store-unreachable': {
    message: 'the session store did not answer',
    fix: 'check that the store is running and reachable; sessions are kept, requests should be answered 503',
  },
  'invalid-option': { message: 'an option has a value that cannot work', fix: 'see the option named in the message' },
  'invalid-secret': {
    message: 'a session secret is missing or too weak',
    fix: 'set SESSION_SECRET to the output of: holdfast keys generate',
  },
  'invalid-data': {
    message: 'session data must be JSON under ordinary keys',
    fix: 'use plain JSON values and keys other than __proto__, constructor and prototype',
  },
  'data-too-large': {
    message: 'the session holds too much data',
    fix: 'keep an id in the session and the data elsewhere',
  },
  'store-unusable': {
    message: 'the session store cannot be used as it is configured',
    fix: 'follow the sentence in the message',
  },
  'cookie-too-large': {
    message: 'a cookie of more than 4096 bytes would be dropped by browsers without a word',
    fix: 'shorten the cookie name',
  },
} as const;

/** One of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** What the library throws: a failure or a programming mistake, with a stable `code`. Branch on `code`, not on text. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ?? `${ERRORS[code].message}: ${ERRORS[code].fix}`, options);
    this.name = 'HoldfastError';
    this.code = code;
  }
}

/** The only error a store may throw: its backend failed, so nobody knows whether the session is there. */
export class StoreUnreachableError extends HoldfastError {
  /** When to try again, in seconds. */
  readonly retryAfterSeconds: number;

  constructor(detail?: string, options?: { cause?: unknown; retryAfterSeconds?: number }) {
    super('store-unreachable', detail, options);
    this.name = 'StoreUnreachableError';
    this.retryAfterSeconds = options?.retryAfterSeconds ?? 1;
  }
}
