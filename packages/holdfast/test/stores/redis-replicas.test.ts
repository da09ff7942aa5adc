/** With `waitReplicas` nobody is told of a start or an end that no replica has, whoever asks and however often. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from 'redis';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { homeOfId } from '../../src/core/session-id.ts';
import { bucketOf, fieldOfId } from '../../src/stores/redis/bucket.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { resolveRedisOptions } from '../../src/stores/redis/options.ts';
import type { RedisPort, RedisReply } from '../../src/stores/redis/port.ts';
import { BucketStore } from '../../src/stores/redis/redis-store.ts';
import { CONFIRM_END } from '../../src/stores/redis/scripts/confirm-end.ts';
import { type RedisStore, redisStore } from '../../src/stores/redis.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

const UNREACHABLE = { code: 'store-unreachable', message: /0 of 1 replicas/ };
const TOMBSTONE = { reason: 'signed-out', at: START } as const;

describe('the redis store that waits for replicas', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let stores: readonly [RedisStore, RedisStore];

  before(async () => {
    primary = await startRedis();
    replica = await startRedis({ extra: ['--replicaof', '127.0.0.1', String(primary.port)] });
    await waitUntil('the replica followed', async () => {
      return (await primary.command('INFO', 'replication')).includes('state=online');
    });
    const options = { url: primary.url, waitReplicas: { replicas: 1, timeoutMs: 500 }, clock: () => START };
    stores = [await redisStore(options), await redisStore(options)];
    await waitUntil('a start reaches the replica', async () => startsOn(stores[0]));
  });

  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all([primary.stop(), replica.stop()]);
  });

  test('tells no one of an end that no replica has, not even at the second try', async () => {
    const record = sampleRecord();
    assert.equal((await stores[0].create(record)).status, 'created');
    replica.pause();
    try {
      await assert.rejects(async () => stores[0].take(record.id, TOMBSTONE), UNREACHABLE);
      for (const store of stores) {
        await assert.rejects(async () => store.read(record.id), UNREACHABLE);
        await assert.rejects(async () => store.take(record.id, TOMBSTONE), UNREACHABLE);
        await assert.rejects(async () => store.update(record.id, { set: { late: true } }), UNREACHABLE);
      }
    } finally {
      replica.resume();
    }
    await waitUntil('the replica has caught up', async () => {
      try {
        return (await stores[1].take(record.id, TOMBSTONE)).status === 'ended';
      } catch {
        return false;
      }
    });
    assert.deepEqual(await stores[0].read(record.id), { status: 'ended', tombstone: TOMBSTONE });
  });

  test('tells no one that a user has no session left before a replica knows', async () => {
    const record = sampleRecord({ userId: 'a user of two processes' });
    assert.equal((await stores[0].create(record)).status, 'created');
    replica.pause();
    try {
      for (const store of stores) {
        await assert.rejects(async () => store.takeByUser('a user of two processes', TOMBSTONE), UNREACHABLE);
      }
    } finally {
      replica.resume();
    }
    await waitUntil('the replica has caught up', async () => {
      try {
        return (await stores[1].takeByUser('a user of two processes', TOMBSTONE)).length === 0;
      } catch {
        return false;
      }
    });
  });

  test('tells no one of an end that was lost while it was being confirmed', async () => {
    const record = sampleRecord();
    const settings = resolveRedisOptions({ url: primary.url, waitReplicas: { replicas: 1, timeoutMs: 500 } });
    const real = await connectRedis(settings, null, () => undefined);
    const { sessions } = bucketOf(settings.prefix, homeOfId(record.id));
    const field = fieldOfId(record.id) ?? '';
    let head: RedisReply = null;
    const port: RedisPort = {
      name: real.name,
      send: (key, args, readOnly) => real.send(key, args, readOnly),
      primaries: () => real.primaries(),
      close: () => real.close(),
      async run(script, keys, args) {
        // As a failover to a replica that had the start and not the end.
        if (script === CONFIRM_END) await real.send(sessions, ['HSET', sessions, field, head as Buffer], false);
        return real.run(script, keys, args);
      },
    };
    const parts = { port, prefix: settings.prefix, clock: () => START, cache: null, inspect: async () => [] };
    const store = new BucketStore({ ...parts, interruptions: () => 0, replicated: true });
    try {
      await store.create(record);
      head = await real.send(sessions, ['HGET', sessions, field], true);
      await store.take(record.id, TOMBSTONE);
      await assert.rejects(async () => store.read(record.id), { code: 'store-unreachable', message: /was lost/ });
      assert.equal((await store.read(record.id)).status, 'live');
    } finally {
      await store.close();
    }
  });

  test('does not wait for what ended long ago', async () => {
    const record = sampleRecord();
    await stores[0].create(record);
    await stores[0].take(record.id, { ...TOMBSTONE, at: START - 120_000 });
    replica.pause();
    try {
      assert.equal((await stores[0].read(record.id)).status, 'ended');
    } finally {
      replica.resume();
    }
  });
});

test('a redis store counts how often its connection was lost', async () => {
  const server = await startRedis();
  const store = await redisStore({ url: server.url, clock: () => START });
  try {
    assert.equal(store.interruptions, 0);
    await server.kill();
    await waitUntil('the loss was noticed', async () => store.interruptions === 1);
    await server.restart();
    await waitUntil('it is back', async () => (await store.health()).healthy);
    assert.equal(store.interruptions, 1);
  } finally {
    await store.close();
    await server.stop();
  }
});

test('a redis store on a client of the application counts how often that lost its connection', async () => {
  const server = await startRedis();
  const client = createClient({ url: server.url });
  client.on('error', () => {});
  await client.connect();
  const store = await redisStore({ client, cache: false, clock: () => START });
  try {
    assert.equal(store.interruptions, 0);
    await server.kill();
    await waitUntil('the loss was noticed', async () => store.interruptions > 0);
    await store.close();
    assert.equal(client.listenerCount('reconnecting'), 0);
  } finally {
    await store.close();
    client.destroy();
    await server.stop();
  }
});

async function startsOn(store: RedisStore): Promise<boolean> {
  try {
    return (await store.create(sampleRecord())).status === 'created';
  } catch {
    return false;
  }
}
