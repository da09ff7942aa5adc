/** Commands to a Redis over a connection of their own: as much of RESP2 as that takes, independent of any client. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RedisAddress {
  readonly host: string;
  /** The port. */
  readonly port: number;
  readonly user?: string;
  readonly password?: string | null;
  /** The certificate authority in PEM when it speaks TLS. */
  readonly ca?: string | null;
  /** How long to wait for the answer, in milliseconds; default 5 000. */
  readonly timeoutMs?: number;
}

/** Statuses are strings, bulk strings bytes; an error inside an array is an `Error`. */
export type RedisReply = string | number | null | Buffer | Error | readonly RedisReply[];

export type RedisArgument = string | Buffer;

/** Sends one command; throws what Redis answers as an error, and when it does not answer in time. */
export async function redisCommand(address: RedisAddress, args: readonly RedisArgument[]): Promise<RedisReply> {
  return (await redisCommands(address, [args]))[0] ?? null;
}

/** Sends several over one connection, which MULTI needs, and WAIT, which counts what its own connection has written. */
export async function redisCommands(
  address: RedisAddress,
  commands: readonly (readonly RedisArgument[])[],
): Promise<readonly RedisReply[]> {
  const { user = 'default', password = null, timeoutMs = 5_000 } = address;
  const signIn = password === null ? [] : [['AUTH', user, password]];
  const replies = await converse(address, [...signIn, ...commands], timeoutMs);
  for (const reply of replies) if (reply instanceof Error) throw reply;
  return replies.slice(signIn.length);
}

/** A reply as text: integers in decimal, absent as '', the items of an array as lines. */
export function replyText(reply: RedisReply): string {
  if (reply === null) return '';
  if (reply instanceof Error) return reply.message;
  if (Buffer.isBuffer(reply)) return reply.toString();
  return typeof reply === 'object' ? reply.map(replyText).join('\n') : String(reply);
}

function converse(
  { host, port, ca = null }: RedisAddress,
  commands: readonly (readonly RedisArgument[])[],
  timeoutMs: number,
): Promise<readonly RedisReply[]> {
  return new Promise((resolve, reject) => {
    const socket: Socket = ca === null ? connectPlain(port, host) : connectTls({ port, host, ca });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (why: string): void => end(() => reject(new Error(`Redis on port ${port}: ${why}`)));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      const replies = parseReplies(Buffer.concat(received), commands.length);
      if (replies !== null) end(() => resolve(replies));
    });
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection closed before the answer'));
    socket.write(Buffer.concat(commands.map(encode)));
  });
}

function encode(args: readonly RedisArgument[]): Buffer {
  const parts = args.flatMap((arg) => [`$${Buffer.byteLength(arg)}\r\n`, arg, '\r\n']);
  return Buffer.concat([`*${args.length}\r\n`, ...parts].map((part) => Buffer.from(part as string)));
}

/** The first `count` replies, or null when they are not complete yet. */
function parseReplies(bytes: Buffer, count: number): readonly RedisReply[] | null {
  const replies: RedisReply[] = [];
  let at = 0;
  while (replies.length < count) {
    const parsed = parse(bytes, at);
    if (parsed === null) return null;
    replies.push(parsed.reply);
    at = parsed.next;
  }
  return replies;
}

function parse(bytes: Buffer, at: number): { readonly reply: RedisReply; readonly next: number } | null {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return null;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  const size = Number(line);
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { reply: line, next };
    case '-':
      return { reply: new Error(line), next };
    case ':':
      return { reply: size, next };
    case '$':
      if (size < 0) return { reply: null, next };
      return bytes.length < next + size + 2
        ? null
        : { reply: bytes.subarray(next, next + size), next: next + size + 2 };
    case '*':
      return size < 0 ? { reply: null, next } : parseItems(bytes, next, size);
    default:
      throw new Error(`Redis answered what is no RESP2: ${JSON.stringify(line)}`);
  }
}

function parseItems(bytes: Buffer, at: number, count: number): ReturnType<typeof parse> {
  const items: RedisReply[] = [];
  let next = at;
  while (items.length < count) {
    const parsed = parse(bytes, next);
    if (parsed === null) return null;
    items.push(parsed.reply);
    next = parsed.next;
  }
  return { reply: items, next };
}
