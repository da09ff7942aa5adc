/** The redis store keeps the contract on a primary that sentinels name. */
import { after, before } from 'node:test';
import { type Sentinels, startSentinels } from '../../../../test/services/sentinels.ts';
import { storeConformance, storeTorture, storeTransfer } from '../../src/testing/index.ts';
import { redisHarness } from './redis-scenarios.ts';

let sentinels: Sentinels;
before(async () => {
  sentinels = await startSentinels();
});
after(() => sentinels.stop());

const harness = redisHarness(
  () => {
    const hosts = sentinels.sentinels.map(({ host, port }) => `${host}:${port}`).join(',');
    return { url: `redis-sentinel://${hosts}/${sentinels.name}/0`, cache: false };
  },
  async (_key, args) => {
    await (await sentinels.primary()).command(...args);
  },
);

storeConformance('redis store behind sentinels: conformance', harness);
storeTransfer('redis store behind sentinels: transfer', harness);
storeTorture('redis store behind sentinels: torture', harness, { rounds: 200, contests: 20 });
