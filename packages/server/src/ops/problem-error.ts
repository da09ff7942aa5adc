/** How a route says no: thrown anywhere, answered as a problem document by the one error handler. */
import {
  PROBLEM_TYPE,
  PROBLEMS,
  type ProblemCode,
  type ProblemExtras,
  problemDocument,
  REASON_HEADER,
} from 'holdfast/protocol';

/** An answer that is an error, with the headers that belong to it. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;

  constructor(
    code: ProblemCode,
    extras: ProblemExtras = {},
    headers: Readonly<Record<string, string>> = {},
    status: number = PROBLEMS[code].status,
  ) {
    super(extras.detail ?? PROBLEMS[code].title);
    this.name = 'ProblemError';
    this.code = code;
    this.extras = extras;
    this.headers = headers;
    this.status = status;
  }
}

/** What of a reply this module uses. */
interface ProblemReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** Answers with the document of a code. Errors are never cached: the next request may fare better. */
export function sendProblem(
  reply: ProblemReply,
  code: ProblemCode,
  extras: ProblemExtras = {},
  headers: Readonly<Record<string, string>> = {},
  status: number = PROBLEMS[code].status,
): void {
  reply.code(status);
  reply.header('content-type', PROBLEM_TYPE);
  reply.header('cache-control', 'no-store');
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  reply.send(JSON.stringify(problemDocument(code, extras, status)));
}

/** The store did not answer: 503, and when to try again. */
export function unreachable(retryAfterSeconds: number): ProblemError {
  const reason = 'store-unreachable';
  const headers = { 'retry-after': String(Math.ceil(retryAfterSeconds)), [REASON_HEADER]: reason };
  return new ProblemError('store-unreachable', { reason }, headers);
}
