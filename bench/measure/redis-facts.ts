/** Asks Redis what it has done and how much memory it holds, in the inline form of its protocol. */
import { connect } from 'node:net';

/** Commands that change what is stored, expiry included. */
const WRITES =
  /^(set|setex|psetex|setnx|getset|getex|expire|pexpire|expireat|pexpireat|hset|hmset|hdel|del|unlink|incr|incrby|sadd|srem|zadd|zrem|lpush|rpush|eval|evalsha|fcall)$/;
const SCRIPTS = /^(eval|evalsha|fcall)$/;

/** What the server did for one command so far. */
export interface CommandFacts {
  readonly calls: number;
  /** Microseconds of the server's time in all of them. */
  readonly microseconds: number;
}

/** By command, in lower case. What a script calls is counted as well. */
export async function redisCommandFacts(port: number): Promise<ReadonlyMap<string, CommandFacts>> {
  const facts = new Map<string, CommandFacts>();
  for (const line of (await ask(port, 'INFO commandstats')).split('\r\n')) {
    const [, name, calls, usec] = /^cmdstat_(\S+?):calls=(\d+),usec=(\d+)/.exec(line) ?? [];
    if (name !== undefined) facts.set(name, { calls: Number(calls), microseconds: Number(usec) });
  }
  return facts;
}

/** How many writing commands it has served. */
export function redisWrites(port: number): Promise<number> {
  return countCalls(port, WRITES);
}

/** How many scripts that may write it has run. */
export function redisScripts(port: number): Promise<number> {
  return countCalls(port, SCRIPTS);
}

async function countCalls(port: number, names: RegExp): Promise<number> {
  let calls = 0;
  for (const [name, facts] of await redisCommandFacts(port)) if (names.test(name)) calls += facts.calls;
  return calls;
}

/** `used_memory` in bytes. */
export async function redisMemory(port: number): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await ask(port, 'INFO memory'))?.[1] ?? 0);
}

/** The version, for the record. */
export async function redisVersion(port: number): Promise<string> {
  return /redis_version:(\S+)/.exec(await ask(port, 'INFO server'))?.[1] ?? 'unknown';
}

/** Sends one command whose answer is a bulk string or a simple one. */
export function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end < 0) return;
      const length = text.startsWith('$') ? Number(text.slice(1, end)) : -1;
      if (length >= 0 && text.length < end + 2 + length + 2) return;
      socket.destroy();
      resolve(length >= 0 ? text.slice(end + 2, end + 2 + length) : text.slice(1, end));
    });
  });
}
