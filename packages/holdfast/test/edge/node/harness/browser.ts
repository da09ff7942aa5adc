/** Sends requests the way a browser's network stack does, over HTTP/1.1 or HTTP/2, and shows each header line as it came. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

/** What arrived; the body may still be coming. */
export interface Answer {
  readonly status: number;
  /** Names in lower case, in the order in which they came. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: Readable;
}

/** A request under way. */
export interface Sent {
  /** Where the request's body is written; to be ended by whoever asked for `upload`. */
  readonly upload: Writable;
  readonly answer: Promise<Answer>;
  /** Goes away without a word more. */
  abort(): void;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whole body; or `stream`, which leaves it to the caller. Default: none. */
  readonly body?: string | Buffer | 'stream';
}

/** One browser at one origin. */
export interface Browser {
  send(path: string, asking?: Asking): Sent;
  /** Status, lines and the whole body. */
  ask(path: string, asking?: Asking): Promise<{ status: number; lines: Answer['lines']; text: string; bytes: Buffer }>;
}

/** Values of one header, line by line. */
export function valuesOf({ lines }: Pick<Answer, 'lines'>, wanted: string): string[] {
  return lines.filter(([name]) => name === wanted).map(([, value]) => value);
}

/** `leaving`: how the connection of a request that is given up ends. */
export function http1Browser(origin: string, leaving: 'close' | 'reset' = 'close'): Browser {
  return browser((path, { method = 'GET', headers = {}, body }) => {
    // A connection of its own, of which the server does not know that no further request will come.
    const kept = { connection: 'keep-alive', ...headers };
    const request = httpRequest(`${origin}${path}`, { method, headers: kept, agent: false });
    // Node tells whoever waits for the answer; a test that aborts waits no more.
    request.on('error', () => undefined);
    request.flushHeaders();
    if (body !== 'stream') request.end(body);
    const answer = once(request, 'response').then(([incoming]: IncomingMessage[]) => {
      if (incoming === undefined) throw new Error('no answer');
      return { status: incoming.statusCode ?? 0, lines: pairs(incoming.rawHeaders), body: incoming };
    });
    const abort = (): void => void (leaving === 'reset' ? request.socket?.resetAndDestroy() : request.destroy());
    return { upload: request, answer, abort };
  });
}

/** With the certificate that the server shows as the only authority. */
export function http2Browser(t: TestContext, origin: string, ca: string): Browser {
  const session = connect(origin, { ca });
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  return browser((path, { method = 'GET', headers = {}, body }) => {
    const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined });
    stream.on('error', () => undefined);
    if (body !== 'stream' && body !== undefined) stream.end(body);
    const answer = once(stream, 'response').then((event): Answer => {
      const [, , raw] = event as [unknown, number, string[]];
      const lines = pairs(raw);
      const status = Number(lines.find(([name]) => name === ':status')?.[1]);
      return { status, lines: lines.filter(([name]) => !name.startsWith(':')), body: stream };
    });
    // Without an error, Node would end the request properly before it resets the stream.
    const abort = (): void => void stream.destroy(new Error('gone'));
    return { upload: stream, answer, abort };
  });
}

function browser(send: (path: string, asking: Asking) => Sent): Browser {
  return {
    send(path, asking = {}) {
      const sent = send(path, asking);
      sent.answer.catch(() => undefined);
      return sent;
    },
    async ask(path, asking = {}) {
      const { status, lines, body } = await send(path, asking).answer;
      const bytes = await buffer(body);
      return { status, lines, text: bytes.toString(), bytes };
    },
  };
}

function pairs(raw: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) all.push([raw[at]?.toLowerCase() ?? '', raw[at + 1] ?? '']);
  return all;
}
