/** A small HTTP client that hides nothing: raw header lines, and a connection of its own for every request unless told otherwise. */
import { Agent, request } from 'node:http';

/** One request to make. */
export interface RequestPlan {
  readonly method: string;
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; of several lines the last one. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every Set-Cookie line as it came. */
  readonly setCookie: readonly string[];
  readonly text: string;
  readonly tookMs: number;
}

export interface Route {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Reuses this connection; default: a fresh one. */
  readonly agent?: Agent;
  /** Rejects with `NoAnswer` after so many milliseconds. Default 20,000. */
  readonly timeoutMs?: number;
  /** Called as soon as the answer's headers are there, as a browser acts on them. */
  readonly onHeaders?: (setCookie: readonly string[], location: string | undefined) => void;
  /** Breaks the connection off as soon as the request is sent. */
  readonly hangUp?: boolean;
}

/** The connection ended, or time did, before there was an answer. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer';
}

/** One connection that is kept open. */
export function keptConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

/** Sends a request; rejects with {@link NoAnswer} alone. */
export function send(plan: RequestPlan, route: Route): Promise<Answer> {
  const { port, agent = new Agent({ keepAlive: false }), timeoutMs = 20_000, onHeaders, hangUp = false } = route;
  const body = plan.json === undefined ? null : JSON.stringify(plan.json);
  const headers = {
    ...route.headers,
    ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...plan.headers,
  };
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method: plan.method, path: plan.path, headers, agent });
    const fail = (why: string): void => {
      reject(new NoAnswer(`${plan.method} ${plan.path}: ${why}`));
      asking.destroy();
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    asking.once('error', (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    asking.once('response', (response) => {
      const { values, setCookie } = readHeaders(response.rawHeaders);
      onHeaders?.(setCookie, values.location);
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('close', () => {
        clearTimeout(timer);
        if (!response.complete) return fail('the answer broke off');
        const text = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        resolve({ status, headers: values, setCookie, text, tookMs: performance.now() - startedAt });
      });
    });
    asking.end(body ?? undefined, () => {
      if (hangUp) setImmediate(() => fail('hung up on purpose'));
    });
  });
}

/** The body as an object; empty when it is none. */
export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(answer.text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readHeaders(raw: readonly string[]): { values: Record<string, string>; setCookie: string[] } {
  const values: Record<string, string> = {};
  const setCookie: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    values[name] = raw[i + 1] as string;
    if (name === 'set-cookie') setCookie.push(raw[i + 1] as string);
  }
  return { values, setCookie };
}
