/** Outages of one Redis: killed, frozen, cut off, away for a minute, out of disk. */
import { startCutProxy } from '../../../test/services/cut-proxy.ts';
import { startRedis } from '../../../test/services/redis.ts';
import type { OutageDrill } from '../drill.ts';
import { redisScene, redisStoreAt, versionOf } from '../redis-scene.ts';
import { mountSmallDisk, withTemporaryFolder } from '../small-disk.ts';

const DISK_MIB = 16;

function killed(appendfsync: 'always' | 'everysec'): OutageDrill {
  return {
    id: `redis-killed-${appendfsync}`,
    title: `Redis killed, appendfsync ${appendfsync}`,
    does: `SIGKILL under load, then a restart that reads the append-only file (appendfsync ${appendfsync}).`,
    seconds: { full: 5, short: 2 },
    mayLose: null,
    open: () =>
      redisScene({ appendonly: true, appendfsync }, (redis) => ({
        fail: () => redis.kill(),
        mend: () => redis.restart(),
      })),
  };
}

const paused: OutageDrill = {
  id: 'redis-paused',
  title: 'Redis frozen',
  does: 'SIGSTOP: connections stay open and nothing answers. SIGCONT: what was sent meanwhile is carried out.',
  seconds: { full: 10, short: 4 },
  mayLose: null,
  open: () =>
    redisScene({ appendonly: true }, (redis) => ({
      fail: async () => redis.pause(),
      mend: async () => redis.resume(),
    })),
};

const longOutage: OutageDrill = {
  id: 'redis-away',
  title: 'Redis away for a minute',
  does: 'Killed, and started again a minute later (shortened: 10 s): memory and what Node keeps open must stay flat.',
  seconds: { full: 60, short: 10 },
  mayLose: null,
  open: () =>
    redisScene({ appendonly: true, appendfsync: 'always' }, (redis) => ({
      fail: () => redis.kill(),
      mend: () => redis.restart(),
    })),
};

/** Between the application and a Redis that is well all the time. */
function networkDrill(
  id: string,
  title: string,
  does: string,
  trouble: 'cut' | 'blackhole',
  seconds: OutageDrill['seconds'],
): OutageDrill {
  return {
    id,
    title,
    does,
    seconds,
    mayLose: null,
    async open() {
      const redis = await startRedis({ appendonly: true });
      const proxy = await startCutProxy(redis);
      return {
        store: redisStoreAt(`redis://${proxy.host}:${proxy.port}`),
        backend: await versionOf(redis),
        fail: async () => proxy[trouble](),
        mend: () => proxy.restore(),
        async stop() {
          await proxy.stop();
          await redis.stop();
        },
      };
    },
  };
}

const diskFull: OutageDrill = {
  id: 'redis-disk-full',
  title: 'Redis: the disk is full',
  does: `Redis appends to a disk of ${DISK_MIB} MiB, on which no byte is free for a while: it takes reads and refuses writes.`,
  seconds: { full: 10, short: 4 },
  mayLose: null,
  async open() {
    const disk = mountSmallDisk(DISK_MIB);
    const redis = await withTemporaryFolder(disk, () => startRedis({ appendonly: true }));
    return {
      store: redisStoreAt(redis.url),
      backend: `${await versionOf(redis)}, appendfsync everysec, tmpfs`,
      fail: async () => disk.fill(),
      async mend() {
        disk.free();
        if (!redis.isRunning) await redis.restart();
      },
      async stop() {
        await redis.stop();
        disk.remove();
      },
    };
  },
};

export const REDIS_DRILLS: readonly OutageDrill[] = [
  killed('always'),
  killed('everysec'),
  paused,
  networkDrill(
    'redis-network-reset',
    'Network to Redis: connections reset',
    'Every connection is reset and new ones are refused.',
    'cut',
    { full: 10, short: 3 },
  ),
  networkDrill(
    'redis-network-silent',
    'Network to Redis: packets lost',
    'Connections stay open, new ones are taken, and nothing passes; afterwards what was sent meanwhile arrives.',
    'blackhole',
    { full: 10, short: 4 },
  ),
  diskFull,
  longOutage,
];
