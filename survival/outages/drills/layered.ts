/** Redis in front of a durable store: what happens to the front costs nobody anything. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../../test/services/redis.ts';
import { makeTemporaryDirectory } from '../../../test/services/temporary-directory.ts';
import type { OutageDrill, Scene } from '../drill.ts';
import { redisStoreAt, versionOf } from '../redis-scene.ts';
import type { LayeredSpec } from '../store-spec.ts';
import { versionOf as postgresVersion, shutDown } from './postgres.ts';

const FLUSHES = 4;
const BETWEEN_FLUSHES_MS = 400;

interface Back {
  readonly spec: LayeredSpec['back'];
  readonly name: string;
  stop(): Promise<void>;
}

const BACKS: Readonly<Record<'SQLite' | 'PostgreSQL', () => Promise<Back>>> = {
  async SQLite() {
    const directory = makeTemporaryDirectory('outage');
    return {
      spec: { kind: 'sqlite', directory: join(directory.path, 'data') },
      name: `node:sqlite ${process.versions.sqlite ?? ''}`.trim(),
      stop: async () => directory.remove(),
    };
  },
  async PostgreSQL() {
    const postgres = await startPostgres({ fsync: true });
    return {
      spec: { kind: 'postgres', url: postgres.url },
      name: await postgresVersion(postgres),
      stop: () => postgres.stop(),
    };
  },
};

async function layeredScene(
  backName: keyof typeof BACKS,
  play: (redis: RedisServer) => Pick<Scene, 'fail' | 'mend'> & Partial<Pick<Scene, 'meanwhile'>>,
): Promise<Scene> {
  const [redis, back] = await Promise.all([startRedis(), BACKS[backName]()]);
  return {
    store: { kind: 'layered', front: redisStoreAt(redis.url), back: back.spec },
    backend: `${await versionOf(redis)} without persistence over ${back.name}`,
    ...play(redis),
    async stop() {
      await redis.stop();
      await back.stop();
    },
  };
}

function flushed(back: keyof typeof BACKS): OutageDrill {
  return {
    id: `layered-flushed-${back.toLowerCase()}`,
    title: `Layered over ${back}: FLUSHALL`,
    does: `FLUSHALL on the Redis in front, ${FLUSHES} times under load.`,
    seconds: { full: 4, short: 2 },
    mayLose: null,
    open: () =>
      layeredScene(back, (redis) => ({
        fail: async () => void (await redis.command('FLUSHALL')),
        async meanwhile() {
          for (let i = 1; i < FLUSHES; i++) {
            await pause(BETWEEN_FLUSHES_MS);
            await redis.command('FLUSHALL');
          }
        },
        mend: async () => {},
      })),
  };
}

function frontKilled(back: keyof typeof BACKS): OutageDrill {
  return {
    id: `layered-redis-killed-${back.toLowerCase()}`,
    title: `Layered over ${back}: Redis killed`,
    does: 'SIGKILL for the Redis in front; it comes back empty.',
    seconds: { full: 10, short: 3 },
    mayLose: null,
    open: () => layeredScene(back, (redis) => ({ fail: () => redis.kill(), mend: () => redis.restart() })),
  };
}

const frontPaused: OutageDrill = {
  id: 'layered-redis-paused',
  title: 'Layered over SQLite: Redis frozen',
  does: 'SIGSTOP for the Redis in front: connections stay open and nothing answers.',
  seconds: { full: 10, short: 4 },
  mayLose: null,
  open: () =>
    layeredScene('SQLite', (redis) => ({
      fail: async () => redis.pause(),
      mend: async () => redis.resume(),
    })),
};

const backRestarted: OutageDrill = {
  id: 'layered-postgres-restarted',
  title: 'Layered: PostgreSQL restarted behind Redis',
  does: 'The durable store is shut down as in a crash: what Redis knows is still read, writes have to wait.',
  seconds: { full: 5, short: 2 },
  mayLose: null,
  async open() {
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres({ fsync: true })]);
    return {
      store: { kind: 'layered', front: redisStoreAt(redis.url), back: { kind: 'postgres', url: postgres.url } },
      backend: `${await versionOf(redis)} without persistence over ${await postgresVersion(postgres)}`,
      fail: () => shutDown(postgres, 'SIGQUIT'),
      mend: () => postgres.restart(),
      async stop() {
        await redis.stop();
        await postgres.stop();
      },
    };
  },
};

export const LAYERED_DRILLS: readonly OutageDrill[] = [
  flushed('PostgreSQL'),
  flushed('SQLite'),
  frontKilled('PostgreSQL'),
  frontKilled('SQLite'),
  frontPaused,
  backRestarted,
];
