/** Bytes per session: what a store holds with many sessions in it, all in, divided by their number. */
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { redisMemory } from '../measure/redis-facts.ts';
import type { BytesResult } from '../results.ts';
import { runPinned } from '../run/pinned.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';

export interface BytesOptions {
  readonly root: string;
  readonly scratch: string;
  readonly quick: boolean;
  /** Null leaves out the peers that keep sessions in Redis. */
  readonly redisPort: number | null;
}

/** Fills each store by its own code in a process of its own, and looks at the store afterwards. */
export async function measureBytes({ root, scratch, quick, redisPort }: BytesOptions): Promise<BytesResult[]> {
  const sessions = quick ? 5000 : 100_000;
  const results: BytesResult[] = [];

  const directory = mkdtempSync(join(scratch, 'bytes-'));
  await runPinned(SERVER_CORE, process.execPath, [
    '-C',
    'holdfast-source',
    join(root, 'bench/bytes/fill-holdfast.ts'),
    directory,
    String(sessions),
  ]);
  const bytes = statSync(join(directory, 'sessions.db')).size;
  results.push({
    title: 'holdfast, SQLite file with its indexes',
    sessions,
    bytesPerSession: Math.round(bytes / sessions),
  });

  if (redisPort !== null) {
    for (const peer of ['express-session', '@fastify/session']) {
      const before = await redisMemory(redisPort);
      const program = join(root, 'bench/peers/fill-redis.mjs');
      await runPinned(LOAD_CORE, process.execPath, [program, String(redisPort), peer, String(sessions)]);
      const used = (await redisMemory(redisPort)) - before;
      results.push({ title: `${peer} + connect-redis, Redis`, sessions, bytesPerSession: Math.round(used / sessions) });
    }
  }
  return results;
}
