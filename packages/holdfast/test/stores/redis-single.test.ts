/** The redis store keeps the contract on one server, without its cache and with it. */
import { after, before } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { storeConformance, storeTorture, storeTransfer } from '../../src/testing/index.ts';
import { caughtUp, redisHarness, type SideDoor } from './redis-scenarios.ts';

let server: RedisServer;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

const sideDoor: SideDoor = (_key, args) => server.command(...args);
const harness = redisHarness(() => ({ url: server.url, cache: false }), sideDoor);
storeConformance('redis store: conformance', harness);
storeTransfer('redis store: transfer', harness);
storeTorture('redis store: torture', harness);

const cached = caughtUp(redisHarness(() => ({ url: server.url }), sideDoor));
storeConformance('redis store with its cache: conformance', cached);
storeTorture('redis store with its cache: torture', cached, { rounds: 200, contests: 20 });
