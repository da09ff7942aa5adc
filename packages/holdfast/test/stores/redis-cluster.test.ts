/** The redis store keeps the contract on a cluster of six nodes. */
import { after, before } from 'node:test';
import { type RedisCluster, startRedisCluster } from '../../../../test/services/redis-cluster.ts';
import { storeConformance, storeTorture, storeTransfer } from '../../src/testing/index.ts';
import { redisHarness } from './redis-scenarios.ts';

let cluster: RedisCluster;
before(async () => {
  cluster = await startRedisCluster();
});
after(() => cluster.stop());

const harness = redisHarness(
  () => ({
    url: cluster.nodes
      .map(({ host, port }) => `${host}:${port}`)
      .join(',')
      .replace(/^/, 'redis-cluster://'),
    cache: false,
  }),
  async (key, args) => {
    const node = await cluster.primaryOfSlot(await cluster.slotOf(key));
    await node.command(...args);
  },
);

storeConformance('redis store on a cluster: conformance', harness);
storeTransfer('redis store on a cluster: transfer', harness);
storeTorture('redis store on a cluster: torture', harness, { rounds: 200, contests: 20 });
