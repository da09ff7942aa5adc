/** Asks the service over HTTP and answers a value for everything that can happen; it never throws. */
import type { Answer, Environment } from './types.ts';

/** An answer and what came with it. */
export interface Received {
  readonly answer: Answer;
  /** The value of `X-Session-Hint`. */
  readonly hint?: string | null;
  /** Seconds, from `Retry-After`. */
  readonly wait?: number | null;
  /** For people: a status and that code, or what failed. */
  readonly outcome: string;
}

/** How one request is sent. */
export interface Asking {
  readonly method: string;
  readonly url: string;
  readonly body?: unknown;
  /** Does not keep an idle session alive: nobody has done anything. */
  readonly passive?: boolean | undefined;
  /** Outlives the page. */
  readonly keepalive?: boolean;
  readonly signal: AbortSignal;
}

/** The longest `Retry-After` that is believed; a mistaken header must not silence a page for a day. */
const LONGEST_WAIT_SECONDS = 300;

/** Sends one request with cookies. Anything but an answer that counts is `unreachable`, a 5xx included. */
export async function send({ fetch }: Environment, { method, url, body, passive, ...init }: Asking): Promise<Received> {
  try {
    // Undefined for no body.
    const json: string | undefined = JSON.stringify(body);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (json) headers['content-type'] = 'application/json';
    if (passive) headers['x-session-activity'] = 'passive';
    const response = await fetch(url, {
      ...init,
      method,
      headers,
      credentials: 'include',
      cache: 'no-store',
      body: json ?? null,
    });
    const { status, ok, headers: received } = response;
    // Seconds only: a date would have to be read against a clock that may be wrong.
    const retryAfterSeconds = Math.min(Number(received.get('retry-after')), LONGEST_WAIT_SECONDS) || null;
    const content: unknown = await response.json().catch(nullForNoJson);
    const { code, title, detail, errors } = isRecord(content) ? content : {};
    return {
      answer: ok
        ? { kind: 'ok', body: content }
        : status > 499
          ? { kind: 'unreachable', retryAfterSeconds }
          : {
              kind: 'refused',
              problem: {
                status,
                code: toText(code),
                title: toText(title),
                detail: toText(detail),
                errors: Array.isArray(errors) ? errors.filter(isRecord) : [],
                retryAfterSeconds,
              },
            },
      hint: received.get('x-session-hint'),
      outcome: code ? `${status} ${code}` : `${status}`,
      wait: retryAfterSeconds,
    };
  } catch (error) {
    return { answer: { kind: 'unreachable', retryAfterSeconds: null }, outcome: `${error}` };
  }
}

/** A connection that breaks off is no answer; text that is no JSON is one, of something else. */
function nullForNoJson(error: unknown): null {
  if (error instanceof SyntaxError) return null;
  throw error;
}

function toText(value: unknown): string {
  return isText(value) ? value : '';
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
