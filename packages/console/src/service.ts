/** Asks the service over HTTP and answers a value for everything that can happen; it never throws. */
import type { Timers } from './timers.ts';

/** One field that the service did not accept. */
export interface FieldProblem {
  /** JSON pointer into the body, e.g. `/email`. */
  readonly pointer: string;
  readonly detail: string;
}

/** A problem document (RFC 9457) as the pages need it. */
export interface Problem {
  readonly status: number;
  /** The service's own code, such as `wrong-credentials`; empty where the answer was no problem document. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly FieldProblem[];
  /** Seconds, from `Retry-After`. */
  readonly retryAfterSeconds: number | null;
}

export interface Ok {
  readonly kind: 'ok';
  /** The decoded JSON; null where there was none. */
  readonly body: unknown;
}

/** The service understood, and said no. */
export interface Refused {
  readonly kind: 'refused';
  readonly problem: Problem;
}

/** No answer that counts: no network, no answer in time, or a 5xx. Says nothing about whether anybody is signed in. */
export interface Unreachable {
  readonly kind: 'unreachable';
  /** Seconds, from `Retry-After`. */
  readonly retryAfterSeconds: number | null;
}

export type Answer = Ok | Refused | Unreachable;

export interface Service {
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
}

export interface ServiceOptions {
  /** How a request is sent; paths are given as they stand in the contract. */
  readonly send: (path: string, init: RequestInit) => Promise<Response>;
  readonly timers: Timers;
  /** How long an answer may take. Default 20. */
  readonly deadlineSeconds?: number;
}

/** The longest `Retry-After` that is believed; a mistaken header must not silence the pages for a day. */
const LONGEST_WAIT_SECONDS = 300;

export function createService({ send, timers, deadlineSeconds = 20 }: ServiceOptions): Service {
  return {
    async ask(method, path, body) {
      const deadline = new AbortController();
      const stopWaiting = timers.after(deadlineSeconds * 1000, () => deadline.abort());
      try {
        const response = await send(path, {
          method,
          signal: deadline.signal,
          credentials: 'same-origin',
          cache: 'no-store',
          headers: {
            accept: 'application/json, application/problem+json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return toAnswer(response, await response.text());
      } catch {
        return { kind: 'unreachable', retryAfterSeconds: null };
      } finally {
        stopWaiting();
      }
    },
  };
}

function toAnswer(response: Response, text: string): Answer {
  const retryAfterSeconds = toRetryAfter(response.headers.get('retry-after'));
  if (response.status >= 500) return { kind: 'unreachable', retryAfterSeconds };
  const body = toJson(text);
  if (response.ok) return { kind: 'ok', body };
  const document = isRecord(body) ? body : {};
  return {
    kind: 'refused',
    problem: {
      status: response.status,
      code: toText(document.code),
      title: toText(document.title),
      detail: toText(document.detail),
      errors: Array.isArray(document.errors) ? document.errors.filter(isFieldProblem) : [],
      retryAfterSeconds,
    },
  };
}

/** Seconds only: a date would have to be read against a clock that may be wrong. */
function toRetryAfter(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Math.min(Number(header), LONGEST_WAIT_SECONDS) : null;
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value.pointer === 'string' && typeof value.detail === 'string';
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
