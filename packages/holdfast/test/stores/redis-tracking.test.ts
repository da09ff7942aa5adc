/** What a cache is told of writes: at once, by every server, and never trusted while one of them cannot tell. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from 'redis';
import { type CutProxy, startCutProxy } from '../../../../test/services/cut-proxy.ts';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { type RedisCluster, startRedisCluster } from '../../../../test/services/redis-cluster.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { homeOfId } from '../../src/core/session-id.ts';
import { RecordCache } from '../../src/stores/cache/record-cache.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { CountingSink, openPort, script, sentenceOf, watchPorts } from './redis-ports.ts';

watchPorts();

const bucket = (home: number): string => `holdfast:s:{${home}}`;

describe('the invalidations of one Redis', () => {
  let redis: RedisServer;
  let proxy: CutProxy;
  before(async () => {
    redis = await startRedis();
    proxy = await startCutProxy({ host: '127.0.0.1', port: redis.port });
  });
  after(async () => {
    await proxy.stop();
    await redis.stop();
  });

  test('tell of the home that somebody else wrote to, when it was read by a command or by a script', async () => {
    const sink = new CountingSink();
    const port = await openPort({ url: redis.url }, sink);
    assert.equal(sink.trusted, true);
    await port.send(bucket(5), ['HGET', bucket(5), 'f'], true);
    await redis.command('HSET', bucket(5), 'f', '1');
    await waitUntil('it was told', () => sink.homes.join() === '5');
    const read = script("return redis.call('HGET', KEYS[1], 'f')", { readOnly: true });
    await port.run(read, [bucket(16_383)], []);
    await redis.command('HSET', bucket(16_383), 'f', '1');
    await waitUntil('it was told again', () => sink.homes.join() === '5,16383');
  });

  test('tell of a flush, and leave out keys that are no bucket of sessions', async () => {
    const sink = new CountingSink();
    const port = await openPort({ url: redis.url }, sink);
    const others = ['holdfast:t:{5}', 'holdfast:s:{x}', 'holdfast:s:{16384}', 'holdfast:s:{-1}', 'other:s:{5}'];
    for (const key of [...others, bucket(6)]) await port.send(key, ['HGET', key, 'f'], true);
    for (const key of [...others, bucket(6)]) await redis.command('HSET', key, 'f', '1');
    await waitUntil('the last was told', () => sink.homes.length > 0);
    assert.deepEqual(sink.homes, [6]);
    const before = sink.flushes;
    await redis.command('FLUSHALL');
    await waitUntil('the flush was told', () => sink.flushes > before);
  });

  test('come before the answer of a write that this process makes', async () => {
    const sink = new CountingSink();
    const port = await openPort({ url: redis.url }, sink);
    await port.send(bucket(9), ['HGET', bucket(9), 'f'], true);
    await port.send(bucket(9), ['HSET', bucket(9), 'f', 'mine'], false);
    assert.deepEqual(sink.homes, [9]);
  });

  test('an answer from before a write is never kept past the message about it', async () => {
    const cache = new RecordCache(Date.now);
    const port = await openPort({ url: `redis://127.0.0.1:${proxy.port}` }, cache);
    const record = sampleRecord();
    const key = bucket(homeOfId(record.id));
    let told = 0;
    let hits = 0;
    let done = false;
    const keepReading = async (): Promise<void> => {
      while (!done) {
        const known = cache.get(record.id);
        if (known !== undefined) {
          hits++;
          assert.ok(known.record.version >= told, `${known.record.version} after ${told} was told`);
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        const ticket = cache.ticket(record.id);
        const version = Number(await port.send(key, ['HGET', key, 'version'], true));
        cache.keep({ status: 'live', record: { ...record, version } }, ticket);
      }
    };
    const readers = [keepReading(), keepReading(), keepReading()];
    for (let version = 1; version <= 300; version++) {
      await redis.command('HSET', key, 'version', String(version));
      // Its answer comes after the message, on the same connection.
      await port.send(key, ['PING'], true);
      told = version;
      await new Promise((resolve) => setImmediate(resolve));
    }
    done = true;
    await Promise.all(readers);
    assert.ok(hits > 0, 'the cache was of use');
  });

  test('are trusted only while the connection is up, and everything is forgotten when it is back', async () => {
    const sink = new CountingSink();
    const port = await openPort({ url: `redis://127.0.0.1:${proxy.port}` }, sink);
    await waitUntil('a heartbeat was answered', () => sink.heardTimes > 1);
    await proxy.cut();
    await waitUntil('it was noticed', () => !sink.trusted);
    await proxy.restore();
    await waitUntil('it was back', () => sink.trusted);
    await port.send(bucket(4), ['HGET', bucket(4), 'f'], true);
    await redis.command('HSET', bucket(4), 'f', '1');
    await waitUntil('the new connection tells as well', () => sink.homes.includes(4));
  });

  test('nothing is heard while the network swallows everything', async () => {
    const sink = new CountingSink();
    await openPort({ url: `redis://127.0.0.1:${proxy.port}`, connectTimeoutMs: 200 }, sink);
    await waitUntil('a heartbeat was answered', () => sink.heardTimes > 0);
    proxy.blackhole();
    const heard = sink.heardTimes;
    await waitUntil('it counted as dead', () => !sink.trusted);
    assert.ok(sink.heardTimes <= heard + 1);
    await proxy.restore();
    await waitUntil('it was back', () => sink.trusted);
  });

  test('a client of the application gets a connection of its own for them', async () => {
    const client = createClient({ url: redis.url, name: 'application' });
    client.on('error', () => {});
    await client.connect();
    try {
      const sink = new CountingSink();
      const port = await openPort({ client }, sink);
      await port.send(bucket(8), ['HGET', bucket(8), 'f'], true);
      await redis.command('HSET', bucket(8), 'f', '1');
      await waitUntil('it was told', () => sink.homes.includes(8));
      assert.equal(client.isReady, true);
    } finally {
      client.destroy();
    }
  });

  test('a user who may not be told of writes is refused with the fix', async () => {
    const guarded = await startRedis({ acl: ['user app on >secret ~* +@all -client|tracking'] });
    try {
      const url = guarded.urlFor('app', 'secret');
      assert.match(await sentenceOf(openPort({ url }, new CountingSink())), /CLIENT\|TRACKING.*or choose cache: false/);
      await openPort({ url, cache: false }, null);
    } finally {
      await guarded.stop();
    }
  });
});

describe('the invalidations of a cluster', () => {
  let cluster: RedisCluster;
  before(async () => {
    cluster = await startRedisCluster();
  });
  after(() => cluster.stop());

  test('come from every primary, also for a home that has just moved, and are trusted when all can tell', async () => {
    const sink = new CountingSink();
    const port = await openPort({ url: cluster.url.replace('redis', 'redis-cluster') }, sink);
    const homes = Array.from({ length: 30 }, (_, index) => index);
    for (const home of homes) await port.send(bucket(home), ['HGET', bucket(home), 'f'], true);
    for (const home of homes) await writeAt(cluster, home, '1');
    await waitUntil('all were told', () => sink.homes.length >= homes.length);
    assert.deepEqual(
      [...sink.homes].sort((a, b) => a - b),
      homes,
    );
    assert.equal(sink.trusted, true);

    const slot = await cluster.slotOf(bucket(7));
    const from = await cluster.primaryOfSlot(slot);
    const to = cluster.nodes.slice(0, 3).find((node) => node !== from);
    assert.ok(to !== undefined);
    await port.send(bucket(7), ['HGET', bucket(7), 'f'], true);
    sink.homes.length = 0;
    const migration = await cluster.migrateSlot(slot, to);
    await migration.begin();
    await migration.moveKeys();
    await waitUntil('the move was told as a write', () => sink.homes.includes(7));
    // By ASK: the key is there, the slot is not yet.
    assert.equal(String(await port.send(bucket(7), ['HGET', bucket(7), 'f'], true)), '1');
    await migration.finish();
    sink.homes.length = 0;
    assert.equal(String(await port.send(bucket(7), ['HGET', bucket(7), 'f'], true)), '1');
    await writeAt(cluster, 7, '2');
    await waitUntil('the new primary tells', () => sink.homes.includes(7));

    const flushes = sink.flushes;
    await to.kill();
    await waitUntil('it was noticed', () => !sink.trusted);
    await waitUntil('its replica has taken over', () => sink.trusted, { deadlineMs: 15_000 });
    assert.ok(sink.flushes > flushes);
    assert.equal(String(await port.send(bucket(7), ['HGET', bucket(7), 'f'], true)), '2');
    await writeAt(cluster, 7, '3');
    await waitUntil('the replica tells as well', () => sink.homes.includes(7));
  });
});

async function writeAt(cluster: RedisCluster, home: number, text: string): Promise<void> {
  const primary = await cluster.primaryOfSlot(await cluster.slotOf(bucket(home)));
  await primary.command('HSET', bucket(home), 'f', text);
}
