/** The redis store keeps the contract over TLS, signed in as a user who may do nothing else. */
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { storeConformance, storeTorture, storeTransfer } from '../../src/testing/index.ts';
import { redisHarness } from './redis-scenarios.ts';

/** What the store's documentation says an ACL user needs. */
const RULES =
  '-@all +hello +client|setname +client|tracking +ping +select +eval +evalsha +eval_ro +evalsha_ro ' +
  '+hget +hvals +hgetall +hlen +hset +hdel +pttl +pexpire';

let server: RedisServer;
before(async () => {
  server = await startRedis({
    tls: true,
    acl: [`user sessions on >pass:word/of@the-user ~scenario-* ${RULES}`, 'user default off'],
  });
});
after(() => server.stop());

const harness = redisHarness(
  () => ({
    url: server.urlFor('sessions', 'pass:word/of@the-user'),
    tls: { ca: readFileSync(server.certificate?.caPath ?? '', 'utf8') },
    cache: false,
  }),
  async (_key, args) => {
    await server.command(...args);
  },
);

storeConformance('redis store over TLS: conformance', harness);
storeTransfer('redis store over TLS: transfer', harness);
storeTorture('redis store over TLS: torture', harness, { rounds: 200, contests: 20 });
