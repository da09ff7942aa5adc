/** Runs one HTTP test on every binding: fetch, node over HTTP/1.1, node over HTTP/2. Real engine, memory store, real sockets. */
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type FetchExchange, fetchSessions } from '../../src/http/fetch.ts';
import type { HttpOptions } from '../../src/http/index.ts';
import { type NodeExchange, type NodeRequest, type NodeResponse, nodeSessions } from '../../src/http/node.ts';
import { createSessions, type Sessions, type Store, StoreUnreachableError } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';

export const ORIGIN = 'https://app.example';
export const SECRET = 'Zk3vQ9xT7pL2mN8sRw4Yb6Hc1Jd5Fg0AqXeUiOtPaSk';

/** What the application answers, whatever the binding. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | AsyncIterable<string>;
}

/** Turns a request away the way the binding at hand does it. */
export class Problem {
  readonly why: Parameters<FetchExchange['problem']>[0];
  constructor(why: Parameters<FetchExchange['problem']>[0]) {
    this.why = why;
  }
}

export type App = (auth: FetchExchange | NodeExchange, path: string) => Reply | Problem | Promise<Reply | Problem>;

export interface Answer {
  readonly status: number;
  /** All lines of a header, in order; lower-case name. */
  all(name: string): string[];
  header(name: string): string | undefined;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Cookie pairs; HTTP/2 sends each as a crumb of its own. */
  readonly cookies?: readonly string[];
  /** Told of each piece of the body when it arrives. */
  readonly onChunk?: (text: string) => void;
}

/** What the store does to the engine's calls. */
export interface Faults {
  /** Operations that fail. */
  readonly failing: Set<keyof Store>;
  /** Holds an operation back until the returned function is called. */
  hold(operation: keyof Store): () => void;
  /** Operations in the order in which they were done. */
  readonly done: string[];
}

export interface Kit {
  readonly binding: 'fetch' | 'node HTTP/1.1' | 'node HTTP/2';
  readonly sessions: Sessions;
  readonly faults: Faults;
  /** Moves the engine's clock, in milliseconds. */
  advance(ms: number): void;
  serve(app: App, options?: Partial<HttpOptions>): Promise<(path: string, asking?: Asking) => Promise<Answer>>;
}

export function eachBinding(name: string, run: (kit: Kit) => Promise<void>): void {
  for (const binding of ['fetch', 'node HTTP/1.1', 'node HTTP/2'] as const) {
    // The runner itself fails a test during which an error or a rejection went unhandled.
    test(`${name} (${binding})`, async () => {
      const engine = startEngine();
      const closers: (() => Promise<void>)[] = [];
      const serve: Kit['serve'] = async (app, options) => {
        const resolved = { origins: [ORIGIN], ...options };
        if (binding === 'fetch') return serveFetch(engine.sessions, app, resolved);
        const { ask, close } = await (binding === 'node HTTP/2' ? serveHttp2 : serveHttp1)(
          engine.sessions,
          app,
          resolved,
        );
        closers.push(close);
        return ask;
      };
      try {
        await run({ binding, ...engine, serve });
      } finally {
        for (const close of closers) await close();
        await engine.sessions.close();
      }
    });
  }
}

/** The engine on a memory store that can be slowed down and broken. */
export function startEngine(): { sessions: Sessions; faults: Faults; advance: (ms: number) => void } {
  let now = 1_800_000_000_000;
  const clock = () => now;
  const { store, faults } = faultyStore(memoryStore({ clock }));
  const sessions = createSessions({ store, secrets: SECRET, clock, sweepSeconds: 0, deadlineMs: 10_000 });
  return {
    sessions,
    faults,
    advance(ms) {
      now += ms;
    },
  };
}

function faultyStore(store: Store): { store: Store; faults: Faults } {
  const failing = new Set<keyof Store>();
  const gates = new Map<string, Promise<void>>();
  const done: string[] = [];
  const proxy = new Proxy(store, {
    get(target, key: string & keyof Store) {
      const member = target[key];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const act = () => {
          if (failing.has(key)) throw new StoreUnreachableError();
          const result: unknown = Reflect.apply(member, target, args);
          done.push(key);
          return result;
        };
        const gate = gates.get(key);
        return gate === undefined ? act() : gate.then(act);
      };
    },
  });
  const hold = (operation: keyof Store) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gates.set(operation, promise);
    return () => {
      gates.delete(operation);
      resolve();
    };
  };
  return { store: proxy, faults: { failing, hold, done } };
}

function serveFetch(sessions: Sessions, app: App, options: HttpOptions) {
  const handle = fetchSessions(sessions, options).handler(async (request, auth) => {
    const reply = await app(auth, new URL(request.url).pathname);
    if (reply instanceof Problem) return auth.problem(reply.why);
    const headers = new Headers();
    for (const [name, value] of Object.entries(reply.headers ?? {})) {
      for (const line of [value].flat()) headers.append(name, line);
    }
    const body =
      reply.body === undefined || typeof reply.body === 'string' ? (reply.body ?? null) : streamOf(reply.body);
    return new Response(body, { status: reply.status ?? 200, headers });
  });
  return async (path: string, asking: Asking = {}): Promise<Answer> => {
    const headers = new Headers(asking.headers);
    if (asking.cookies) headers.set('cookie', asking.cookies.join('; '));
    const response = await handle(new Request(`${ORIGIN}${path}`, { method: asking.method ?? 'GET', headers }));
    let body = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const text = decoder.decode(chunk, { stream: true });
      body += text;
      asking.onChunk?.(text);
    }
    const all = (name: string) =>
      name === 'set-cookie' ? response.headers.getSetCookie() : [response.headers.get(name) ?? []].flat();
    return { status: response.status, all, header: (name) => all(name)[0], body };
  };
}

function streamOf(pieces: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

/** The application on Node's own request and response. */
export function nodeListener(sessions: Sessions, app: App, options: HttpOptions) {
  return nodeSessions(sessions, options).handler(async (request: NodeRequest, response: NodeResponse, auth) => {
    const reply = await app(auth, request.url ?? '/');
    if (reply instanceof Problem) {
      auth.problem(reply.why);
      return;
    }
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    response.statusCode = reply.status ?? 200;
    if (reply.body === undefined || typeof reply.body === 'string') {
      response.end(reply.body ?? '');
      return;
    }
    const write = response.write.bind(response) as (chunk: string) => boolean;
    for await (const chunk of reply.body) write(chunk);
    response.end();
  });
}

async function serveHttp1(sessions: Sessions, app: App, options: HttpOptions) {
  const server = createServer({ maxHeaderSize: 256 * 1024 }, nodeListener(sessions, app, options));
  const port = await listen(server);
  const ask = async (path: string, asking: Asking = {}): Promise<Answer> => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { ...asking.headers, ...(asking.cookies ? { cookie: asking.cookies.join('; ') } : {}) };
      const request = httpRequest({
        host: '127.0.0.1',
        port,
        path,
        method: asking.method ?? 'GET',
        headers,
        agent: false,
      });
      request.on('response', resolve).on('error', reject).end();
    });
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
      asking.onChunk?.(chunk as string);
    }
    const all = (name: string) => response.headersDistinct[name] ?? [];
    return { status: response.statusCode ?? 0, all, header: (name) => all(name)[0], body };
  };
  return { ask, close: () => close(server) };
}

async function serveHttp2(sessions: Sessions, app: App, options: HttpOptions) {
  const server = createHttp2Server(
    { settings: { maxHeaderListSize: 256 * 1024 }, maxHeaderListPairs: 1000 },
    nodeListener(sessions, app, options),
  );
  const port = await listen(server);
  const client = connect(`http://127.0.0.1:${port}`, { maxSendHeaderBlockLength: 256 * 1024 });
  const ask = async (path: string, asking: Asking = {}): Promise<Answer> => {
    const stream = client.request({
      ':path': path,
      ':method': asking.method ?? 'GET',
      ...asking.headers,
      ...(asking.cookies ? { cookie: [...asking.cookies] } : {}),
    });
    const headers = await new Promise<Record<string, string | string[] | number | undefined>>((resolve, reject) => {
      stream.on('response', resolve).on('error', reject).end();
    });
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      body += chunk;
      asking.onChunk?.(chunk as string);
    }
    const all = (name: string) => [headers[name] ?? []].flat().map(String);
    return { status: Number(headers[':status']), all, header: (name) => all(name)[0], body };
  };
  const closeBoth = async () => {
    client.destroy();
    await close(server);
  };
  return { ask, close: closeBoth };
}

export async function listen(server: Server | Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function close(server: Server | Http2Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

/** The `name=value` pairs that Set-Cookie lines put into a jar; cleared cookies fall out. */
export function jarOf(lines: readonly string[]): string[] {
  return lines.filter((line) => !/; Max-Age=0;/.test(line)).map((line) => line.slice(0, line.indexOf(';')));
}
