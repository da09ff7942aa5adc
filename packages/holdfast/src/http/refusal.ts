/** The problem document that answers a request which cannot be served as it is: what 401, 403 and 503 look like. */
import type { Gone, NotSignedIn, Unreachable } from '../core/outcomes.ts';
import { PROBLEM_TYPE, REASON_HEADER } from '../protocol/names.ts';
import { type ProblemDocument, problemDocument } from '../protocol/problems.ts';
import { REASONS } from '../protocol/reasons.ts';
import type { CsrfVerdict } from './exchange.ts';

/** What an application may have to turn a request down for. */
export type Refusable = NotSignedIn | Gone | Unreachable | Extract<CsrfVerdict, { readonly allowed: false }>;

/** An error answer without a framework. */
export interface Refusal {
  readonly status: number;
  /** Names in lower case, `content-type` and `cache-control` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly document: ProblemDocument;
}

/** Not signed in or gone: 401 with the reason. Unreachable: 503 with Retry-After. Refused by CSRF protection: 403. */
export function refusalOf(why: Refusable): Refusal {
  if (!('status' in why)) return refusal(problemDocument('forbidden-origin', { detail: why.detail }), {});
  const { reason } = why;
  if (why.status === 'unreachable') {
    const detail = 'Nobody has been signed out. Try again in a moment.';
    return refusal(problemDocument('store-unreachable', { detail, reason }), {
      [REASON_HEADER]: reason,
      'retry-after': String(why.retryAfterSeconds),
    });
  }
  const detail = `Not signed in: ${REASONS[reason]}.`;
  return refusal(problemDocument('not-signed-in', { detail, reason }), { [REASON_HEADER]: reason });
}

/** The answer to a failure in the application's own code; says nothing of it to the client. */
export function failureRefusal(): Refusal {
  return refusal(problemDocument('internal-error'), {});
}

/** Headers that describe an answer's body or promise its effect: they go when another answer takes its place. */
export function belongsToAnswer(header: string): boolean {
  return ANSWER_HEADERS.has(header) || header.startsWith('content-');
}

const ANSWER_HEADERS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'etag',
  'expires',
  'last-modified',
  'link',
  'location',
  'refresh',
  'set-cookie',
  'trailer',
  'transfer-encoding',
]);

function refusal(document: ProblemDocument, headers: Record<string, string>): Refusal {
  return {
    status: document.status,
    headers: { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store', ...headers },
    document,
  };
}
