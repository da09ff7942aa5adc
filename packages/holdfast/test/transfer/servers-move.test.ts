/** Sessions move to and from real servers, and between them. */
import { after, before } from 'node:test';
import { type PostgresServer, startPostgres } from '../../../../test/services/postgres.ts';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { START } from '../../src/testing/store/harness.ts';
import { backsUpBetween, followsBetween, movesBetween } from './scenarios.ts';
import { EMBEDDED, type OpenStore, pairs } from './store-kinds.ts';

let redis: RedisServer;
let postgres: PostgresServer;
let opened = 0;

before(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});

after(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

const SERVERS: Readonly<Record<string, OpenStore>> = {
  redis: async (test, clock = () => START) => {
    const store = await redisStore({ url: redis.url, prefix: `t${opened++}`, cache: false, clock });
    test.after(() => store.close());
    return store;
  },
  postgres: async (test, clock = () => START) => {
    const store = await postgresStore({ url: postgres.url, schema: `t${opened++}`, cache: false, clock });
    test.after(() => store.close());
    return store;
  },
};

for (const pair of pairs({ ...EMBEDDED, ...SERVERS })) {
  // The others need no server and have their own tests.
  if (pair[0] in EMBEDDED && pair[2] in EMBEDDED) continue;
  movesBetween(pair);
  followsBetween(pair, [7]);
  backsUpBetween(pair);
}
