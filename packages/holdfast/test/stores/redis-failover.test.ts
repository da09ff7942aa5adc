/** Sentinel and Cluster: commands find the primary, follow it through failovers and moving slots, and come back by themselves. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createCluster, createSentinel } from 'redis';
import { type RedisCluster, startRedisCluster } from '../../../../test/services/redis-cluster.ts';
import { redisCommand } from '../../../../test/services/redis-command.ts';
import { type Sentinels, startSentinels } from '../../../../test/services/sentinels.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { type RedisStoreOptions, resolveRedisOptions } from '../../src/stores/redis/options.ts';
import type { RedisPort } from '../../src/stores/redis/port.ts';
import { SLOTS, slotOfKey } from '../../src/stores/redis/slot.ts';
import { openPort, script, sentenceOf, watchPorts } from './redis-ports.ts';

watchPorts();

const bucket = (home: number): string => `holdfast:s:{${home}}`;
/** Beyond it a failover has not worked; it takes two to four seconds here. */
const FAILOVER_MS = 15_000;

async function set(port: RedisPort, home: number, text: string): Promise<void> {
  await port.send(bucket(home), ['HSET', bucket(home), 'f', text], false);
}

async function get(port: RedisPort, home: number): Promise<string> {
  return String(await port.send(bucket(home), ['HGET', bucket(home), 'f'], true));
}

/** Writes all the time, and remembers what was acknowledged; every failure must be a StoreUnreachableError. */
function load(port: RedisPort): {
  readonly acknowledged: Map<number, string>;
  failures: number;
  stop(): Promise<void>;
} {
  let stopped = false;
  const state = { acknowledged: new Map<number, string>(), failures: 0, stop: async () => {} };
  const run = async (): Promise<void> => {
    for (let count = 0; !stopped; count++) {
      const home = (count * 97) % SLOTS;
      try {
        await set(port, home, String(count));
        state.acknowledged.set(home, String(count));
      } catch (error) {
        state.failures++;
        assert.ok(error instanceof Error && 'code' in error && error.code === 'store-unreachable', String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const running = run();
  state.stop = async () => {
    stopped = true;
    await running;
  };
  return state;
}

/** A cluster or sentinel of the application's does what it is asked for, and is not closed. */
async function driveGiven(client: RedisStoreOptions['client'] & object): Promise<void> {
  const port = await openPort({ client });
  await set(port, 31, 'given');
  assert.equal(await get(port, 31), 'given');
  const read = script("return redis.call('HGET', KEYS[1], 'f')", { readOnly: true });
  assert.deepEqual(await port.run(read, [bucket(31)], []), Buffer.from('given'));
  await port.close();
  assert.match(await sentenceOf(get(port, 31)), /was closed/);
  assert.equal(client.isOpen, true);
  assert.match(await sentenceOf(openPort({ client, cache: {} })), /^invalid-option: cache: .* give url/);
}

describe('Sentinel', () => {
  let sentinels: Sentinels;
  let url = '';
  beforeEach(async () => {
    sentinels = await startSentinels();
    const hosts = sentinels.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    url = `redis-sentinel://${hosts}/${sentinels.name}`;
  });
  afterEach(() => sentinels.stop());

  test('a primary that is demoted while it lives gets no more writes', async () => {
    const port = await openPort({ url });
    await set(port, 1, 'first');
    const former = await sentinels.primary();
    const [replica] = await sentinels.replicas();
    await waitUntil('it has been copied', async () => (await replica?.command('HGET', bucket(1), 'f')) === 'first');
    const [sentinel] = sentinels.sentinels;
    assert.ok(sentinel !== undefined);
    const sentinelAddress = { host: sentinel.host, port: sentinel.port };
    await redisCommand(sentinelAddress, ['SENTINEL', 'FAILOVER', sentinels.name]);
    const next = await sentinels.successorOf(former);
    await waitUntil('writes arrive at the new primary', async () => {
      await set(port, 2, 'second');
      return (await next.command('HGET', bucket(2), 'f')) === 'second';
    });
    assert.equal(await get(port, 1), 'first');
  });

  test('a primary that is killed under load is replaced within seconds, and reads and writes go on', async () => {
    const port = await openPort({ url });
    const loaded = load(port);
    const former = await sentinels.primary();
    await waitUntil('some was written', () => loaded.acknowledged.size > 20);
    await former.kill();
    await waitUntil('it was noticed', () => loaded.failures > 0);
    await waitUntil('it works again', async () => (await set(port, 5, 'after')) === undefined, {
      deadlineMs: FAILOVER_MS,
    });
    await loaded.stop();
    // The former primary believes in itself until the sentinels tell it: nothing of ours may go there.
    await former.restart();
    await set(port, 6, 'not to the former one');
    assert.equal(await former.command('HGET', bucket(6), 'f'), '');
    const newcomer = await openPort({ url });
    assert.equal(await get(newcomer, 6), 'not to the former one');
  });

  test('a sentinel client of the application is used as it is', async () => {
    const roots = sentinels.sentinels.map(({ host, port }) => ({ host, port }));
    const client = createSentinel({ name: sentinels.name, sentinelRootNodes: roots });
    client.on('error', () => {});
    await client.connect();
    try {
      await driveGiven(client);
    } finally {
      client.destroy();
    }
  });

  test('a name that no sentinel knows is said with the fix', async () => {
    const wrong = url.replace(/[^/]+$/, 'nobody');
    assert.match(await sentenceOf(openPort({ url: wrong })), /^store-unusable: .* watch no primary of that name/);
  });
});

describe('Cluster', () => {
  let cluster: RedisCluster;
  let url = '';
  before(async () => {
    cluster = await startRedisCluster();
    url = `redis-cluster://${cluster.nodes
      .slice(4)
      .map(({ port }) => `127.0.0.1:${port}`)
      .join(',')}`;
  });
  after(() => cluster.stop());

  test('the slot of a key is the one that Redis computes', async () => {
    for (const key of [
      '',
      'a',
      '{}',
      '{}a',
      'a{}b{c}',
      '{a}',
      'x{a}y',
      'x{a}{b}',
      '{a',
      'a}',
      '{{a}}',
      bucket(0),
      bucket(16_383),
      'holdfast:keys',
    ]) {
      assert.equal(slotOfKey(key), await cluster.slotOf(key), key);
    }
  });

  test('reads and writes find their primaries, and a script runs where its key is', async () => {
    const port = await openPort({ url });
    assert.equal((await port.primaries()).length, 3);
    const write = script("redis.call('HSET', KEYS[1], 'f', ARGV[1]) return redis.call('HGET', KEYS[2], 'g')");
    for (let home = 0; home < 20; home++) {
      await port.run(write, [bucket(home), `holdfast:x:{${home}}`], [`by script ${home}`]);
      assert.equal(await get(port, home), `by script ${home}`);
    }
  });

  test('a cluster client of the application is used as it is', async () => {
    const client = createCluster({ rootNodes: cluster.urls.map((node) => ({ url: node })) });
    client.on('error', () => {});
    await client.connect();
    try {
      await driveGiven(client);
    } finally {
      client.destroy();
    }
  });

  test('a slot that moves while it is used loses nothing and fails nobody', async (t) => {
    let interruptions = 0;
    const port = await connectRedis(resolveRedisOptions({ url }), null, () => interruptions++);
    t.after(() => port.close());
    const home = 11;
    const slot = await cluster.slotOf(bucket(home));
    const from = await cluster.primaryOfSlot(slot);
    const to = cluster.nodes.slice(0, 3).find((node) => node !== from);
    assert.ok(to !== undefined);
    let count = 0;
    const step = async (): Promise<void> => {
      count++;
      await set(port, home, String(count));
      assert.equal(await get(port, home), String(count));
    };
    await step();
    const migration = await cluster.migrateSlot(slot, to);
    await migration.begin();
    await step();
    // Two keys, of which one is missing: Redis asks to try again until the move is done.
    const two = script("return {redis.call('HGET', KEYS[1], 'f'), redis.call('HGET', KEYS[2], 'f')}", {
      readOnly: true,
    });
    const held = port.run(two, [bucket(home), `holdfast:t:{${home}}`], []);
    await migration.moveKeys();
    await step();
    assert.equal(interruptions, 0);
    await migration.finish();
    assert.deepEqual(await held, [Buffer.from(String(count)), null]);
    await step();
    assert.ok(interruptions >= 1, 'another node serves it now, as after a failover');
    const other = await openPort({ url });
    assert.equal(await get(other, home), String(count));
  });

  test('a primary that is killed costs only its own slots, until its replica has taken over', async () => {
    await cluster.settled();
    const [mine, other] = [21, 22];
    const former = await cluster.primaryOfSlot(await cluster.slotOf(bucket(mine)));
    assert.notEqual(await cluster.primaryOfSlot(await cluster.slotOf(bucket(other))), former);
    const port = await openPort({ url });
    await set(port, mine, 'kept');
    await former.command('WAIT', '1', '1000');
    const loaded = load(port);
    await former.kill();
    await sentenceOf(get(port, mine));
    await set(port, other, 'still served');
    await waitUntil('the replica has taken over', async () => (await get(port, mine)) === 'kept', {
      deadlineMs: FAILOVER_MS,
    });
    await set(port, mine, 'written again');
    await loaded.stop();
  });

  test('when all nodes are gone and come back, so does the port', async () => {
    const port = await openPort({ url });
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    assert.match(await sentenceOf(set(port, 1, 'x')), /^store-unreachable/);
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await waitUntil('it works again', async () => (await set(port, 1, 'x')) === undefined, { deadlineMs: FAILOVER_MS });
  });
});
