/** Trouble in a Redis Cluster of six nodes: a primary dies, slots move while sessions in them are used. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisServer } from '../../../test/services/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../../test/services/redis-cluster.ts';
import type { OutageDrill } from '../drill.ts';
import { versionOf } from '../redis-scene.ts';
import type { RedisSpec } from '../store-spec.ts';
import { LOSES_ALL } from './sentinel.ts';

const SLOTS_MOVED = 8;
const STEP_MS = 150;

const primaryKilled: OutageDrill = {
  id: 'cluster-primary-killed',
  title: 'Cluster: a primary is killed',
  does: 'One of three primaries gets SIGKILL under load; its replica takes over a third of the sessions.',
  seconds: { full: 1, short: 1 },
  mayLose: LOSES_ALL,
  async open() {
    const cluster = await startRedisCluster({ redis: { appendonly: true } });
    const former = await cluster.primaryOfSlot(0);
    return {
      store: clusterStore(cluster),
      backend: `${await versionOf(former)}, 3 primaries, 3 replicas`,
      fail: () => former.kill(),
      async mend() {
        await cluster.successorOf(former, 0);
        await cluster.settled();
      },
      stop: () => cluster.stop(),
    };
  },
};

const slotsMigrated: OutageDrill = {
  id: 'cluster-slots-migrated',
  title: 'Cluster: slots move while they are used',
  does: `${SLOTS_MOVED} slots with sessions in use move to another primary key by key; in between they are in both places.`,
  seconds: { full: 1, short: 1 },
  mayLose: null,
  async open() {
    const cluster = await startRedisCluster();
    const from = await cluster.primaryOfSlot(0);
    const to = await cluster.primaryOfSlot(16_383);
    const moved: string[] = [];
    return {
      store: clusterStore(cluster),
      backend: `${await versionOf(from)}, 3 primaries, 3 replicas`,
      fail: async () => {},
      async meanwhile() {
        for (const slot of (await usedSlots(cluster, from)).slice(0, SLOTS_MOVED)) {
          const migration = await cluster.migrateSlot(slot, to);
          await migration.begin();
          await pause(STEP_MS);
          let keys = 0;
          for (let some = await migration.moveKeys(1); some > 0; some = await migration.moveKeys(1)) {
            keys += some;
            await pause(STEP_MS);
          }
          await migration.finish();
          moved.push(`slot ${slot} with ${keys} keys`);
          await pause(STEP_MS);
        }
      },
      mend: () => cluster.settled(),
      afterwards: async () => [`moved: ${moved.join(', ')}`],
      stop: () => cluster.stop(),
    };
  },
};

function clusterStore({ nodes }: RedisCluster): RedisSpec {
  const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  return { kind: 'redis', url: `redis-cluster://${hosts}` };
}

async function usedSlots(cluster: RedisCluster, node: RedisServer): Promise<readonly number[]> {
  const keys = (await node.command('KEYS', '*')).split('\n').filter((key) => key !== '');
  const slots = await Promise.all(keys.map((key) => cluster.slotOf(key)));
  return [...new Set(slots)];
}

export const CLUSTER_DRILLS: readonly OutageDrill[] = [primaryKilled, slotsMigrated];
