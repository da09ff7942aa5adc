/** What happens to a Redis in use, and the redis store has to get through: demoted, hanging, full, without HELLO. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { startCutProxy } from '../../../../test/services/cut-proxy.ts';
import { isInStep, startRedis } from '../../../../test/services/redis.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { Link } from '../../src/stores/redis/link.ts';
import { loadNodeRedis } from '../../src/stores/redis/node-redis.ts';
import { redisStore } from '../../src/stores/redis.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { openPort, sentenceOf, watchPorts } from './redis-ports.ts';

watchPorts();

describe('a Redis in hardship', () => {
  test('that became a replica behind its address is left for the one that the address leads to now', async (t) => {
    const former = await startRedis();
    t.after(() => former.stop());
    const next = await startRedis({ extra: ['--replicaof', '127.0.0.1', String(former.port)] });
    t.after(() => next.stop());
    await waitUntil('the replica followed', async () => isInStep(await next.command('INFO', 'replication')));
    const target = { host: '127.0.0.1', port: former.port };
    const address = await startCutProxy(target);
    t.after(() => address.stop());
    for (const waitReplicas of [undefined, { replicas: 1, timeoutMs: 500 }]) {
      const url = `redis://127.0.0.1:${address.port}`;
      const [primary, replica] = target.port === former.port ? [former, next] : [next, former];
      const store = await redisStore({ url, clock: () => START, ...(waitReplicas && { waitReplicas }) });
      t.after(() => store.close());
      await waitUntil('a session was started', async () => await isCreated(store));
      // The connections stay where they are.
      await replica.command('REPLICAOF', 'NO', 'ONE');
      await primary.command('REPLICAOF', '127.0.0.1', String(replica.port));
      target.port = replica.port;
      await waitUntil('a session was started on the new primary', async () => await isCreated(store));
      await store.close();
    }
  });

  test('that hangs is noticed also when so much waits for it that nothing more can', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const options = {
      name: 'hanging',
      template: await loadNodeRedis(),
      overrides: { socket: { host: '127.0.0.1', port: redis.port }, commandsQueueMaxLength: 10 },
      tls: false,
      connectTimeoutMs: 2000,
      random: () => 0.5,
    };
    const link = new Link(options);
    t.after(() => link.close());
    await link.open();
    redis.pause();
    const waiting = Array.from({ length: 10 }, () => link.send(['PING']).catch((error: unknown) => error));
    assert.ok((await link.send(['PING']).catch((error: unknown) => error)) instanceof Error, 'the queue is full');
    await waitUntil('it was given up', async () => !link.isUp, { deadlineMs: 5000 });
    await Promise.all(waiting);
  });

  test('that has no memory left still ends sessions, and lets none run out that is used', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    let now = START;
    const store = await redisStore({ url: redis.url, clock: () => now, cache: false });
    t.after(() => store.close());
    const [mine, other] = [sampleRecord({ userId: 'ada', data: { cart: [1] } }), sampleRecord({ userId: 'ada' })];
    for (const record of [mine, other]) assert.equal((await store.create(record)).status, 'created');
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await assert.rejects(async () => store.create(sampleRecord()), /used up its maxmemory/);
    for (let used = 0; used < 3; used++) {
      now += 200_000;
      assert.equal(await store.touch(mine.id, now, now + 3_600_000), true);
      const read = await store.read(mine.id);
      assert.equal(read.status === 'live' && read.record.lastSeenAt, now);
    }
    assert.equal((await store.take(mine.id, { reason: 'signed-out', at: START })).status, 'taken');
    assert.equal((await store.takeByUser('ada', { reason: 'revoked', at: START })).length, 1);
    for (const record of [mine, other]) assert.equal((await store.read(record.id)).status, 'ended');
  });

  test('that does not know HELLO quotes what it was sent, and the password in it is shown nowhere', async (t) => {
    const redis = await startRedis({ password: 'hunter2hunter2', extra: ['--rename-command', 'HELLO', 'NO-HELLO'] });
    t.after(() => redis.stop());
    const failure = openPort({ url: redis.url });
    assert.match(await sentenceOf(failure), /is too old: use Redis 7/);
    const error: unknown = await failure.catch((thrown: unknown) => thrown);
    assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /hunter2/);
  });
});

async function isCreated(store: { create: Awaited<ReturnType<typeof redisStore>>['create'] }): Promise<boolean> {
  try {
    return (await store.create(sampleRecord())).status === 'created';
  } catch {
    return false;
  }
}
