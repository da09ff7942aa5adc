/** What lies under our keys in Redis and is not ours is left alone, and what is not an id of ours gets nowhere. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { RETENTION_MS } from '../../src/core/record.ts';
import { homeOfUser } from '../../src/core/session-id.ts';
import { type Bucket, bucketOf, fieldOfId } from '../../src/stores/redis/bucket.ts';
import { type RedisStore, redisStore } from '../../src/stores/redis.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleId, sampleRecord } from '../../src/testing/store/sample-record.ts';

let server: RedisServer;
let store: RedisStore;
let now = START;
const bucket: Bucket = bucketOf('holdfast', homeOfUser('user-1'));
const tombstone = { reason: 'revoked', at: START } as const;

before(async () => {
  server = await startRedis();
  store = await redisStore({ url: server.url, clock: () => now, cache: false });
});
after(async () => {
  await store.close();
  await server.stop();
});
beforeEach(async () => {
  now = START;
  await server.command('FLUSHALL');
});

for (const key of ['sessions', 'touches', 'extras'] as const) {
  test(`a text under the key of the ${key} is undecodable, is not touched, and throws nothing unexpected`, async () => {
    await server.command('SET', bucket[key], 'something of somebody');
    const record = sampleRecord({ data: { a: 1 } });
    const other = sampleRecord({ userId: 'user-2' });
    await store.create(other);
    const refused = { name: 'StoreUnreachableError', message: /holdfast:s:.*holds something of another type/ };
    await assert.rejects(async () => store.create(record), refused);
    if (key === 'sessions') assert.equal((await store.read(record.id)).status, 'undecodable');
    assert.equal((await store.update(record.id, { set: { a: 1 } })).status, 'undecodable');
    assert.equal((await store.take(record.id, tombstone)).status, 'undecodable');
    assert.equal(await store.touch(record.id, now, now), false);
    assert.equal(await store.put(record), false);
    await store.bury(record.id, tombstone);
    await store.delete(record.id);
    if (key === 'sessions') {
      await assert.rejects(async () => store.listByUser('user-1'), refused);
      await assert.rejects(async () => store.takeByUser('user-1', tombstone), refused);
    }
    now += RETENTION_MS + 3600_000 - 1;
    assert.equal((await store.count()).sessions, 0);
    const { entries, undecodable } = await store.scan(null, 10);
    assert.deepEqual([entries.length, undecodable], [1, key === 'sessions' ? 1 : 0]);
    now += 1;
    assert.deepEqual((await store.sweep(10)).removed, 1);
    assert.equal(await server.command('GET', bucket[key]), 'something of somebody');
  });
}

test('a record of a newer version is neither counted nor swept, however old it is', async () => {
  const record = sampleRecord();
  await store.create(record);
  const field = fieldOfId(record.id) as Buffer;
  const newer = Buffer.from([7, ...Array.from({ length: 70 }, (_, n) => n)]);
  await server.command('HSET', bucket.sessions, field, newer);
  const read = await store.read(record.id);
  assert.equal(read.status, 'undecodable');
  assert.match(read.status === 'undecodable' ? read.detail : '', /format is 7/);
  now += 1e12;
  assert.equal((await store.count()).sessions, 0);
  assert.deepEqual(await store.sweep(10), { removed: 0, expired: [] });
  assert.deepEqual(await server.reply('HGET', bucket.sessions, field), newer);
});

test('a record whose extras are gone is undecodable and stays', async () => {
  const record = sampleRecord({ data: { a: 1 } });
  await store.create(record);
  await server.command('DEL', bucket.extras);
  assert.equal((await store.read(record.id)).status, 'undecodable');
  assert.equal((await store.update(record.id, { set: { b: 1 } })).status, 'undecodable');
  assert.deepEqual(await store.takeByUser('user-1', tombstone), []);
  assert.deepEqual(await store.create(record), { status: 'exists' });
});

test('a field that is no id of ours is passed over and told of in a scan', async () => {
  await store.create(sampleRecord());
  await server.command('HSET', bucket.sessions, 'somebody', 'else');
  const { entries, undecodable } = await store.scan(null, 10);
  assert.deepEqual([entries.length, undecodable], [1, 1]);
  assert.equal((await store.listByUser('user-1')).length, 1);
  now += 1e12;
  assert.equal((await store.sweep(10)).removed, 1);
  assert.equal(await server.command('HGET', bucket.sessions, 'somebody'), 'else');
});

test('an id outside of the home of its user is refused, unless it is taken', async () => {
  const elsewhere = sampleRecord({ id: sampleId('user-2') });
  await assert.rejects(async () => store.create(elsewhere), { code: 'invalid-option', message: /made by the engine/ });
  await assert.rejects(async () => store.create(sampleRecord({ id: 'no-id' })), { code: 'invalid-option' });
  const taken = sampleRecord({ userId: 'user-2' });
  await store.create(taken);
  assert.deepEqual(await store.create(sampleRecord({ id: taken.id })), { status: 'exists' });
});

test('what is no id is absent everywhere', async () => {
  for (const id of ['', 'no-id', `${sampleId()}x`]) {
    assert.deepEqual(await store.read(id), { status: 'absent' });
    assert.deepEqual(await store.update(id, {}), { status: 'absent' });
    assert.deepEqual(await store.take(id, tombstone), { status: 'absent' });
    assert.equal(await store.touch(id, now, now), false);
    await store.delete(id);
    await store.bury(id, tombstone);
  }
});

test('half a surrogate pair is refused as a user and finds nobody', async () => {
  await store.create(sampleRecord({ userId: '\ufffd' }));
  const half = '\ud800';
  await assert.rejects(async () => store.create(sampleRecord({ userId: half, id: sampleId(half) })), {
    code: 'invalid-data',
  });
  assert.deepEqual(await store.listByUser(half), []);
  assert.deepEqual(await store.takeByUser(half, tombstone), []);
});

test('a bucket goes by itself some time after everything in it, and never before', async () => {
  const record = sampleRecord({ data: { a: 1 } });
  await store.create(record);
  const week = 7 * 24 * 3600_000;
  await store.touch(record.id, now + 600_000, now + week);
  for (const key of [bucket.sessions, bucket.touches, bucket.extras]) {
    const left = Number(await server.command('PTTL', key));
    assert.ok(left > week + RETENTION_MS && left <= week + RETENTION_MS + 86_400_000, `${key}: ${left}`);
  }
});

test('after a sweep of everything no key is left', async () => {
  for (let n = 0; n < 20; n++) await store.create(sampleRecord({ userId: `user-${n}`, data: { n } }));
  now += 1e12;
  assert.equal((await store.sweep(100)).removed, 20);
  assert.equal(await server.command('DBSIZE'), '0');
});

test('what is replaced again and again takes no more room', async () => {
  const record = sampleRecord({ data: { a: 0 }, device: { ip: '192.0.2.1' }, absoluteExpiresAt: 2 ** 50 });
  await store.create(record);
  const size = async () => Number(await server.command('HSTRLEN', bucket.extras, fieldOfId(record.id) ?? ''));
  const before = await size();
  for (let n = 1; n < 6; n++) {
    await store.update(record.id, {
      set: { a: n },
      fields: { device: { ip: '192.0.2.2' }, amr: ['otp'], previousKeyId: '01020304', absoluteExpiresAt: 2 ** 50 + n },
    });
  }
  await store.update(record.id, { fields: { amr: ['pwd'], previousKeyId: null, absoluteExpiresAt: 2 ** 50 } });
  assert.equal(await size(), before);
  await store.update(record.id, { unset: ['a'], fields: { device: {}, absoluteExpiresAt: record.expiresAt } });
  assert.equal(await server.command('EXISTS', bucket.extras), '0');
});
