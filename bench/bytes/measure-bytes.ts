/** Bytes per session: what a store holds with many sessions in it, all in, divided by their number. */
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BytesResult } from '../results.ts';
import { startBackends } from '../run/backends.ts';
import { runPinned } from '../run/pinned.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import type { Phase } from './redis-phases.ts';

export interface BytesOptions {
  readonly root: string;
  readonly scratch: string;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

interface Filler {
  readonly title: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly sessions: number;
}

const MILLION = 1_000_000;
/** Enough for a dozen in each bucket; what a bucket itself takes weighs more then. */
const QUICK = 200_000;

const LEAN: Filler = {
  title: 'holdfast, Redis',
  program: 'bench/bytes/fill-redis-store.ts',
  arguments: ['lean'],
  sessions: MILLION,
};
const peer = (title: string, kind: string): Filler => ({
  title,
  program: 'bench/peers/fill-redis.mjs',
  arguments: [kind],
  sessions: MILLION,
});
const OTHERS: readonly Filler[] = [
  {
    ...LEAN,
    title: 'holdfast, Redis, a one-time session with one origin',
    program: 'bench/bytes/fill-tickets.ts',
    arguments: [],
  },
  {
    ...LEAN,
    title: 'holdfast, Redis, with a device and 100 bytes of data',
    arguments: ['device'],
  },
  peer('express-session + connect-redis, Redis', 'express-session'),
  peer('@fastify/session + connect-redis, Redis', 'fastify-session'),
  peer('JSON under `auth_session:{uuid}`, Redis', 'auth-session'),
  {
    title: 'Better Auth, Redis as secondary storage',
    program: 'bench/peers/fill-better-auth.mjs',
    arguments: [],
    // Each takes it the better part of a millisecond.
    sessions: 100_000,
  },
];

/** Fills each store by its own code in a process of its own, and looks at the store afterwards. */
export async function measureBytes(options: BytesOptions): Promise<BytesResult[]> {
  const results = [await measureSqlite(options)];
  for (const filler of options.quick ? [LEAN] : [LEAN, ...OTHERS]) {
    const result = await measureRedis(filler, options);
    options.say(`${result.title}: ${result.bytesPerSession} bytes per session (${result.detail})`);
    results.push(result);
  }
  return results;
}

async function measureSqlite({ root, scratch, quick }: BytesOptions): Promise<BytesResult> {
  const sessions = quick ? 5000 : 100_000;
  const directory = mkdtempSync(join(scratch, 'bytes-'));
  const program = join(root, 'bench/bytes/fill-holdfast.ts');
  await runPinned(SERVER_CORE, process.execPath, ['-C', 'holdfast-source', program, directory, String(sessions)]);
  const bytes = statSync(join(directory, 'sessions.db')).size;
  return {
    title: 'holdfast, SQLite file with its indexes',
    sessions,
    bytesPerSession: Math.round(bytes / sessions),
  };
}

/** In a Redis of its own, so that nothing is in it but what is measured. */
async function measureRedis(filler: Filler, { root, quick }: BytesOptions): Promise<BytesResult> {
  const sessions = quick ? QUICK : filler.sessions;
  const backends = await startBackends(LOAD_CORE, { redis: true, postgres: false });
  try {
    const output = await runPinned(SERVER_CORE, process.execPath, [
      '-C',
      'holdfast-source',
      join(root, filler.program),
      backends.redis?.url ?? '',
      String(sessions),
      ...filler.arguments,
    ]);
    const phases = output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Phase);
    const bytesAfter = (name: string): number =>
      Math.round(phases.find(({ phase }) => phase === name)?.bytes ?? Number.NaN);
    const costs = phases.map(({ phase, microseconds }) => `${phase} ${microseconds.toFixed(1)}`).join(', ');
    return {
      title: filler.title,
      sessions,
      bytesPerSession: bytesAfter('create'),
      detail: `${bytesAfter('touch')} after a touch of each; µs of the server: ${costs}`,
    };
  } finally {
    await backends.stop();
  }
}
