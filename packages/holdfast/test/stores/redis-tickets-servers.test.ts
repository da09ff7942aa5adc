/** One-time sessions in Redis keep the contract behind Sentinel, on a Cluster, and over TLS as a user who may do no more. */
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../../../test/services/redis-cluster.ts';
import { type Sentinels, startSentinels } from '../../../../test/services/sentinels.ts';
import { storeTickets } from '../../src/testing/index.ts';
import { redisTicketHarness } from './redis-ticket-harness.ts';

/** What the store's documentation says an ACL user needs, without what only sessions need. */
const RULES =
  '-@all +hello +client|setname +ping +select +eval +evalsha +eval_ro +evalsha_ro ' +
  '+getex +set +hincrby +hmget +hget +hgetall +hset +hdel +scan';

let sentinels: Sentinels;
let cluster: RedisCluster;
let secured: RedisServer;
before(async () => {
  [sentinels, cluster, secured] = await Promise.all([
    startSentinels(),
    startRedisCluster(),
    startRedis({ tls: true, acl: [`user tickets on >secret ~scenario-* ${RULES}`, 'user default off'] }),
  ]);
});
after(() => Promise.all([sentinels.stop(), cluster.stop(), secured.stop()]));

const addresses = (list: readonly { host: string; port: number }[]): string =>
  list.map(({ host, port }) => `${host}:${port}`).join(',');

storeTickets(
  'redis store behind sentinels: one-time sessions',
  redisTicketHarness(() => ({
    url: `redis-sentinel://${addresses(sentinels.sentinels)}/${sentinels.name}/0`,
    cache: false,
  })),
);

storeTickets(
  'redis store on a cluster: one-time sessions',
  redisTicketHarness(() => ({ url: `redis-cluster://${addresses(cluster.nodes)}`, cache: false })),
);

storeTickets(
  'redis store over TLS: one-time sessions',
  redisTicketHarness(() => ({
    url: secured.urlFor('tickets', 'secret'),
    tls: { ca: readFileSync(secured.certificate?.caPath ?? '', 'utf8') },
    cache: false,
  })),
);
