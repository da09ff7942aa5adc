/** The one table of problem codes, and the RFC 9457 documents that carry them: what every error answer looks like. */
import type { Reason } from './reasons.ts';

/** Every problem code with its HTTP status and its title. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'host-not-allowed': { status: 400, title: 'This host name is not served here' },
  'not-signed-in': { status: 401, title: 'Not signed in' },
  'wrong-credentials': { status: 401, title: 'The e-mail address or the password is wrong' },
  'invalid-api-key': { status: 401, title: 'This needs an API key that is good' },
  'already-used': { status: 401, title: 'The one-time session was used before' },
  'ticket-expired': { status: 401, title: 'The one-time session was not used in time' },
  'wrong-origin': { status: 401, title: 'The one-time session belongs to another site' },
  forbidden: { status: 403, title: 'Signed in, but not allowed' },
  'forbidden-origin': { status: 403, title: 'The request comes from a page that may not send it' },
  'out-of-scope': { status: 403, title: 'The API key, or the account, may not do this for that origin' },
  'not-asked-for': { status: 403, title: 'This is not answered ahead of need' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This address does not answer to that method' },
  'already-registered': { status: 409, title: 'There is an account with this e-mail address' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'validation-failed': { status: 422, title: 'Some fields are wrong' },
  'too-many-requests': { status: 429, title: 'Too many attempts' },
  'limit-reached': { status: 429, title: 'As many one-time sessions as allowed wait to be used' },
  'headers-too-large': { status: 431, title: 'The cookies of this site have grown too large' },
  'internal-error': { status: 500, title: 'Something failed on the server' },
  'bad-gateway': { status: 502, title: 'The service behind this address could not be reached' },
  'store-unreachable': { status: 503, title: 'The session store did not answer' },
  overloaded: { status: 503, title: 'The service is busy' },
  'gateway-timeout': { status: 504, title: 'The service behind this address took too long' },
} as const;

/** One of {@link PROBLEMS}. */
export type ProblemCode = keyof typeof PROBLEMS;

/** What is wrong with one field of a body. */
export interface FieldProblem {
  /** JSON pointer into the body (RFC 6901), e.g. `/email`. */
  readonly pointer: string;
  /** One sentence with the fix. */
  readonly detail: string;
}

/** What a problem may say beyond its code. */
export interface ProblemExtras {
  /** One sentence on this very occurrence, with the fix where there is one. */
  readonly detail?: string;
  /** Why the request is not signed in. */
  readonly reason?: Reason;
  /** Names this occurrence, e.g. the id of the request. */
  readonly instance?: string;
  /** The wrong fields, each named. */
  readonly errors?: readonly FieldProblem[];
}

/** The body of an error answer (RFC 9457, `application/problem+json`). Branch on `code`, not on text. */
export interface ProblemDocument extends ProblemExtras {
  /** `urn:holdfast:problem:<code>`: an absolute name, so that it means the same wherever the answer is read. */
  readonly type: string;
  readonly title: string;
  /** The HTTP status, repeated for readers that only see the body. */
  readonly status: number;
  readonly code: ProblemCode;
}

/**
 * The document for a code; what is not given is left out of it. `status` differs from the table's in one case: a one-time
 * session that is not found is refused like one that was used, with 401.
 */
export function problemDocument(
  code: ProblemCode,
  extras: ProblemExtras = {},
  status: number = PROBLEMS[code].status,
): ProblemDocument {
  const { title } = PROBLEMS[code];
  return {
    type: `urn:holdfast:problem:${code}`,
    title,
    status,
    code,
    ...(extras.detail === undefined ? {} : { detail: extras.detail }),
    ...(extras.reason === undefined ? {} : { reason: extras.reason }),
    ...(extras.instance === undefined ? {} : { instance: extras.instance }),
    ...(extras.errors === undefined ? {} : { errors: extras.errors }),
  };
}
