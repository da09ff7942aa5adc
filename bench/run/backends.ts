/** Redis and PostgreSQL of the run: the servers that the tests start, bound to the load's core. */
import { spawnSync } from 'node:child_process';
import { type PostgresServer, startPostgres } from '../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../test/services/redis.ts';
import { family } from '../measure/proc.ts';
import type { Needs } from '../system.ts';
import { needTools } from './tools.ts';

/** What is not needed is null. */
export interface Backends {
  readonly redis: RedisServer | null;
  readonly postgres: PostgresServer | null;
  /** Processes of both. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export async function startBackends(core: number, needs: Pick<Needs, 'redis' | 'postgres'>): Promise<Backends> {
  needTools([...(needs.redis ? ['redis' as const] : []), ...(needs.postgres ? ['postgres' as const] : [])]);
  const redis = needs.redis ? await startRedis() : null;
  let postgres: PostgresServer | null = null;
  try {
    // As it is run in earnest: a commit waits for the disk.
    postgres = needs.postgres ? await startPostgres({ fsync: true, maxConnections: 200 }) : null;
  } catch (error) {
    await redis?.stop();
    throw error;
  }
  const roots = [redis?.pid, postgres?.pid].filter((pid) => pid !== undefined);
  for (const pid of roots.flatMap(family)) pin(pid, core);
  return {
    redis,
    postgres,
    get pids() {
      return roots.flatMap(family);
    },
    async stop() {
      await redis?.stop();
      await postgres?.stop();
    },
  };
}

/** All threads; what the process starts later inherits it. */
function pin(pid: number, core: number): void {
  spawnSync('taskset', ['-a', '-cp', String(core), String(pid)], { stdio: 'ignore' });
}
