/** What a server tells about itself. Managed servers forbid some of it; what is forbidden is null. */
import { redisErrorCode } from './failure.ts';
import type { RedisReply, RedisServer } from './port.ts';

export interface ServerFacts {
  readonly name: string;
  /** Lines of INFO by name; null when it is forbidden. */
  readonly info: ReadonlyMap<string, string> | null;
  /** Settings by name (CONFIG GET); null when it is forbidden. */
  readonly config: ReadonlyMap<string, string> | null;
  /** The server's clock, milliseconds since 1970, and ours in the middle of the question; null when it is forbidden. */
  readonly time: { readonly theirs: number; readonly ours: number } | null;
  /** Names of keys from a small sample of the database. */
  readonly sample: readonly string[];
  /** Lines of CLUSTER INFO; null when it is no node of a cluster. */
  readonly cluster: ReadonlyMap<string, string> | null;
}

const SETTINGS = [
  'save',
  'maxmemory',
  'maxmemory-policy',
  'min-replicas-to-write',
  'hash-max-listpack-entries',
  'hash-max-listpack-value',
];
/** A thousand keys at the most, in steps that hold nobody up. */
const SAMPLE_STEPS = 10;
const SAMPLE_STEP = '100';

/** Rejects when the server does not answer at all. */
export async function readServerFacts(server: RedisServer, clock: () => number): Promise<ServerFacts> {
  const info = await allowed(server, ['INFO']);
  const config = await allowed(server, ['CONFIG', 'GET', ...SETTINGS]);
  const facts = info === null ? null : toLines(String(info));
  return {
    name: server.name,
    info: facts,
    config: config === null ? null : toPairs(config),
    time: await readTime(server, clock),
    sample: await readSample(server),
    cluster:
      facts?.get('redis_mode') === 'cluster' ? toLines(String(await allowed(server, ['CLUSTER', 'INFO']))) : null,
  };
}

/** The answer; null when Redis refused the question. */
async function allowed(server: RedisServer, command: readonly string[]): Promise<RedisReply> {
  try {
    return await server.send(command);
  } catch (error) {
    if (redisErrorCode(error) === null) throw error;
    return null;
  }
}

async function readTime(server: RedisServer, clock: () => number): Promise<ServerFacts['time']> {
  const before = clock();
  const reply = await allowed(server, ['TIME']);
  const ours = (before + clock()) / 2;
  if (!Array.isArray(reply)) return null;
  return { theirs: Number(reply[0]) * 1000 + Number(reply[1]) / 1000, ours };
}

async function readSample(server: RedisServer): Promise<readonly string[]> {
  const names: string[] = [];
  let cursor = '0';
  for (let step = 0; step < SAMPLE_STEPS; step++) {
    const reply = await allowed(server, ['SCAN', cursor, 'COUNT', SAMPLE_STEP]);
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) break;
    for (const name of reply[1]) names.push(String(name));
    cursor = String(reply[0]);
    if (cursor === '0') break;
  }
  return names;
}

function toLines(text: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return lines;
}

function toPairs(reply: RedisReply): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  if (!Array.isArray(reply)) return pairs;
  for (let index = 0; index + 1 < reply.length; index += 2) pairs.set(String(reply[index]), String(reply[index + 1]));
  return pairs;
}
