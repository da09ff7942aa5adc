/** Holds a Node response back until what it promises is stored, then lets everything through in the order it was written. */
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { REASON_HEADER } from '../protocol/names.ts';
import type { ResponseFacts } from './exchange.ts';
import type { NodeResponse } from './node-messages.ts';
import { belongsToAnswer, failureRefusal, type Refusal, refusalOf } from './refusal.ts';
import type { RequestExchange } from './request-exchange.ts';

/** What of the response is used here; the types of HTTP/1.1 and HTTP/2 overload the same methods differently. */
interface Answer {
  statusCode: number;
  statusMessage: string;
  readonly headersSent: boolean;
  readonly writableHighWaterMark?: number;
  writeHead(status: number, message?: string): unknown;
  write(...args: unknown[]): boolean;
  end(...args: unknown[]): unknown;
  flushHeaders(): void;
  setHeader(name: string, value: OutgoingHttpHeader): unknown;
  appendHeader(name: string, value: string | readonly string[]): unknown;
  removeHeader(name: string): void;
  getHeaderNames(): string[];
  destroy(error?: Error): unknown;
  emit(event: 'drain'): boolean;
}

/** The ways in which headers leave. `pipe`, and headers sent implicitly, go through these. */
const SENDING = ['writeHead', 'write', 'end', 'flushHeaders'] as const;
type Sending = (typeof SENDING)[number];
const SETTING = ['setHeader', 'appendHeader', 'removeHeader', 'setHeaders'] as const;

interface Call {
  readonly method: Sending;
  readonly args: readonly unknown[];
}

/** Takes over the response's sending methods until its headers have left. */
export function holdAnswer(response: NodeResponse, exchange: RequestExchange, httpVersion: number): void {
  const answer = response as unknown as Answer;
  if (answer.headersSent) return;
  new HeldAnswer(answer, exchange, httpVersion).attach();
}

const HELD = Symbol('held answer');

/** A response under our care. */
interface Carrier {
  [HELD]: HeldAnswer;
}

/** One set of methods for all responses: closures of its own would be much of what a request costs. */
const OURS: Readonly<Record<Sending, (this: Carrier, ...args: unknown[]) => unknown>> = {
  writeHead(...args) {
    return this[HELD].intercept('writeHead', args);
  },
  write(...args) {
    return this[HELD].intercept('write', args);
  },
  end(...args) {
    return this[HELD].intercept('end', args);
  },
  flushHeaders() {
    return this[HELD].intercept('flushHeaders', []);
  },
};

class HeldAnswer {
  readonly #answer: Answer;
  readonly #exchange: RequestExchange;
  readonly #isHttp2: boolean;
  /** What was there before: Node's own methods, or those of a middleware that wrapped them earlier. */
  readonly #inner: Record<Sending, (...args: never[]) => unknown>;
  #phase: 'open' | 'holding' | 'passing' | 'replaced' = 'open';
  #calls: Call[] = [];
  #status: { readonly code: number; readonly message: string } | null = null;
  #heldBytes = 0;
  #ended = false;
  #owesDrain = false;
  #overridden: Map<string, PropertyDescriptor | undefined> | null = null;

  constructor(answer: Answer, exchange: RequestExchange, httpVersion: number) {
    this.#answer = answer;
    this.#exchange = exchange;
    this.#isHttp2 = httpVersion >= 2;
    const { writeHead, write, end, flushHeaders } = answer;
    this.#inner = { writeHead, write, end, flushHeaders };
  }

  attach(): void {
    Object.assign(this.#answer, { [HELD]: this }, OURS);
  }

  /** One of the response's sending methods was called. */
  intercept(method: Sending, args: unknown[]): unknown {
    if (this.#phase === 'passing') return this.#pass(method, args);
    if (this.#phase === 'replaced') return this.#discard(method, args);
    if (this.#phase === 'open') {
      const facts = this.#exchange.immediateFacts();
      if (facts !== null) {
        const head = method === 'writeHead' ? mergedHead(args, facts) : null;
        if (head !== null) {
          this.#phase = 'passing';
          this.#detach();
          return this.#pass(method, head);
        }
        const adds = facts.headers['cache-control'] !== undefined;
        const rest = adds && method === 'writeHead' ? this.#applyHead(args) : args;
        this.#let(facts);
        return this.#pass(method, rest);
      }
    }
    return this.#hold(method, args);
  }

  /** From here on everything goes straight through. */
  #let(facts: ResponseFacts): void {
    this.#phase = 'passing';
    this.#detach();
    for (const name of Object.keys(facts.headers)) {
      // An answer that names its reason knows better: a 503 to a sign-in is not "no token".
      if (name === REASON_HEADER && this.#answer.getHeaderNames().includes(name)) continue;
      this.#answer.setHeader(name, facts.headers[name] as string);
    }
    if (facts.setCookie.length > 0) this.#answer.appendHeader('set-cookie', facts.setCookie);
  }

  #pass(method: Sending, args: readonly unknown[]): unknown {
    return Reflect.apply(this.#inner[method], this.#answer, args);
  }

  #hold(method: Sending, args: unknown[]): unknown {
    const first = this.#phase === 'open';
    // Whatever Node would throw for bad arguments is thrown here and now, at the caller.
    if (method === 'write' || (method === 'end' && args[0] != null && typeof args[0] !== 'function')) {
      assertChunk(args[0]);
    }
    if (method === 'writeHead') {
      // Middlewares that look for Node's own mark of sent headers ask a second time; the first head counts.
      if (!first) return this.#answer;
      this.#calls.push({ method, args: this.#applyHead(args) });
    } else {
      this.#calls.push({ method, args });
    }
    if (first) this.#beginHolding();
    if (method === 'end') this.#ended = true;
    if (method !== 'write') return method === 'flushHeaders' ? undefined : this.#answer;
    this.#heldBytes += lengthOf(args[0]);
    this.#owesDrain ||= this.#heldBytes >= (this.#answer.writableHighWaterMark ?? 16_384);
    return !this.#owesDrain;
  }

  /** Sets what `writeHead` was given on the response, so that our headers can join and nothing overwrites them. */
  #applyHead(args: readonly unknown[]): unknown[] {
    const [status, ...rest] = args;
    const code = Math.trunc(Number(status));
    if (!(code >= 100 && code <= 999)) {
      throw Object.assign(new RangeError(`Invalid status code: ${String(status)}`), {
        code: this.#isHttp2 ? 'ERR_HTTP2_STATUS_INVALID' : 'ERR_HTTP_INVALID_STATUS_CODE',
      });
    }
    const message = typeof rest[0] === 'string' ? rest[0] : undefined;
    const headers = (typeof rest[0] === 'object' && rest[0] !== null ? rest[0] : rest[1]) as
      | OutgoingHttpHeaders
      | readonly OutgoingHttpHeader[]
      | undefined;
    if (headers) applyHeaders(this.#answer, headers);
    this.#answer.statusCode = code;
    return message === undefined ? [code] : [code, message];
  }

  #beginHolding(): void {
    this.#phase = 'holding';
    this.#status = { code: this.#answer.statusCode, message: this.#isHttp2 ? '' : this.#answer.statusMessage };
    const sealed = (): never => {
      throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
        code: this.#isHttp2 ? 'ERR_HTTP2_HEADERS_SENT' : 'ERR_HTTP_HEADERS_SENT',
      });
    };
    for (const method of SETTING) this.#override(method, { value: sealed, writable: true });
    this.#override('headersSent', { get: () => true });
    this.#override('writableEnded', { get: () => this.#ended });
    this.#override('writableNeedDrain', { get: () => this.#owesDrain });
    void this.#exchange.responseFacts().then(
      (facts) => this.#release(facts),
      (error: unknown) => this.#fail(error),
    );
  }

  /** While held the response must look as if its headers had left, or error handlers would answer a second time. */
  #override(name: string, descriptor: PropertyDescriptor): void {
    this.#overridden ??= new Map();
    this.#overridden.set(name, Object.getOwnPropertyDescriptor(this.#answer, name));
    Object.defineProperty(this.#answer, name, { ...descriptor, configurable: true });
  }

  #release(facts: ResponseFacts): void {
    try {
      this.#unseal();
      if (facts.unsaved !== undefined) {
        this.#replace(refusalOf(facts.unsaved), facts);
        return;
      }
      this.#let(facts);
      this.#replay();
    } catch (error) {
      // Nothing may escape into the void from here, and half an answer is worse than none.
      this.#answer.destroy(error instanceof Error ? error : undefined);
    }
  }

  /** A change threw and nobody looked at it: the answer built on it would be wrong. */
  #fail(error: unknown): void {
    process.emitWarning(error instanceof Error ? error : String(error));
    this.#unseal();
    this.#replace(failureRefusal(), { setCookie: [], headers: {} });
  }

  #unseal(): void {
    for (const [name, before] of this.#overridden ?? []) {
      if (before === undefined) Reflect.deleteProperty(this.#answer, name);
      else Object.defineProperty(this.#answer, name, before);
    }
    if (this.#status !== null) this.#answer.statusCode = this.#status.code;
    if (this.#status !== null && !this.#isHttp2) this.#answer.statusMessage = this.#status.message;
  }

  #replay(): void {
    let drained = true;
    const calls = this.#calls;
    this.#calls = [];
    for (const { method, args } of calls) {
      const answer = this.#pass(method, args);
      if (method === 'write') drained = answer !== false;
    }
    // Node announces `drain` itself after a write that it answered with false.
    if (this.#owesDrain && drained && !this.#ended) process.nextTick(() => this.#answer.emit('drain'));
    this.#owesDrain = false;
  }

  /** Sends another answer; what the application still writes goes nowhere, and its callbacks are called. */
  #replace({ status, headers, document }: Refusal, facts: ResponseFacts): void {
    const answer = this.#answer;
    const calls = this.#calls;
    this.#calls = [];
    this.#detach();
    for (const name of answer.getHeaderNames()) if (belongsToAnswer(name)) answer.removeHeader(name);
    for (const [name, value] of Object.entries({ ...headers, ...facts.headers })) answer.setHeader(name, value);
    if (facts.setCookie.length > 0) answer.appendHeader('set-cookie', facts.setCookie);
    answer.statusCode = status;
    if (!this.#isHttp2) answer.statusMessage = '';
    this.#phase = 'passing';
    this.#pass('end', [JSON.stringify(document)]);
    this.#phase = 'replaced';
    this.attach();
    for (const { method, args } of calls) this.#discard(method, args);
    if (this.#owesDrain) process.nextTick(() => answer.emit('drain'));
    this.#owesDrain = false;
  }

  #discard(method: Sending, args: readonly unknown[]): unknown {
    const callback = args.find((arg) => typeof arg === 'function');
    if (callback !== undefined) process.nextTick(callback as () => void);
    return method === 'write' ? true : this.#answer;
  }

  /**
   * Takes our methods away, unless a later middleware wrapped them: it goes on calling them. Assigned, not deleted:
   * V8 makes an object slow whose properties are deleted.
   */
  #detach(): void {
    const answer = this.#answer as unknown as Record<Sending, unknown>;
    for (const method of SENDING) {
      if (answer[method] === OURS[method]) answer[method] = this.#inner[method];
    }
  }
}

/**
 * The arguments of `writeHead(status, {…})` with our headers among the given ones, so that Node writes them in one go; null
 * where the call has another form or there are cookies, which must not replace those of the application.
 */
function mergedHead(args: readonly unknown[], { headers, setCookie }: ResponseFacts): unknown[] | null {
  const [status, given] = args;
  if (args.length !== 2 || setCookie.length > 0) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null;
  for (const name in given) {
    const lower = name.toLowerCase();
    if (lower === name ? name === REASON_HEADER : Object.hasOwn(headers, lower)) {
      return [status, carefullyMerged(given, headers)];
    }
  }
  return [status, { ...given, ...headers }];
}

/** Ours take the place of theirs, in whatever case they wrote them; but an answer that names its reason knows better. */
function carefullyMerged(given: object, headers: ResponseFacts['headers']): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...headers };
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (!Object.hasOwn(headers, lower)) merged[name] = value;
    else if (lower === REASON_HEADER) merged[lower] = value;
  }
  return merged;
}

/** As Node does it: pairs in a list may repeat a name, and replace what was set before. */
function applyHeaders(answer: Answer, headers: OutgoingHttpHeaders | readonly OutgoingHttpHeader[]): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) answer.setHeader(name, value as OutgoingHttpHeader);
    return;
  }
  const flat = headers.flat() as (string | number)[];
  for (let i = 0; i < flat.length; i += 2) answer.removeHeader(String(flat[i]));
  for (let i = 0; i + 1 < flat.length; i += 2) answer.appendHeader(String(flat[i]), String(flat[i + 1]));
}

function assertChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return;
  throw Object.assign(new TypeError('The "chunk" argument must be of type string or an instance of Uint8Array'), {
    code: chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE',
  });
}

function lengthOf(chunk: unknown): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk) : (chunk as Uint8Array).byteLength;
}
