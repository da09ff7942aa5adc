/** What the redis store answers from this process's memory is what Redis would say, and never more than "signed in". */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import type { ReadResult } from '../../src/core/store.ts';
import { type RedisStore, redisStore } from '../../src/stores/redis.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

let server: RedisServer;
let store: RedisStore;
let other: RedisStore;
let now = START;
let tests = 0;
/** Moves with the tests' clock alone: silence is judged by it too, and heartbeats come by the real one. */
const clock = () => now;

before(async () => {
  server = await startRedis();
});
after(() => server.stop());
beforeEach(async () => {
  now = START;
  tests++;
  const options = { url: server.url, prefix: `cache-${tests}`, clock };
  [store, other] = await Promise.all([redisStore(options), redisStore(options)]);
});
afterEach(() => Promise.all([store.close(), other.close()]));

/** Null when it was not answered at once. */
function atOnce(of: RedisStore, id: string): ReadResult | null {
  const answer = of.read(id);
  if (!('then' in answer)) return answer;
  answer.then(undefined, () => undefined);
  return null;
}

/** Waits for the heartbeat after which the cache knows, by the tests' clock, that its channel is alive. */
async function untilTrusted(of: RedisStore): Promise<void> {
  const start = performance.now();
  while (of.cacheStats()?.trusted !== true) {
    if (performance.now() - start > 5000) assert.fail('the cache was never trusted');
    await new Promise(setImmediate);
  }
}

/** Waits for an answer that is as wanted. */
async function untilRead(of: RedisStore, id: string, isWanted: (read: ReadResult) => boolean): Promise<number> {
  const start = performance.now();
  while (!isWanted(await of.read(id))) {
    if (performance.now() - start > 5000) assert.fail('it was never read as wanted');
    await new Promise(setImmediate);
  }
  return performance.now() - start;
}

for (const extras of [{}, { data: { cart: [1] }, device: { ip: '192.0.2.1' } }]) {
  test(`what was read is answered at once the next time${'data' in extras ? ', with all that belongs to it' : ''}`, async () => {
    const record = sampleRecord(extras);
    await store.create(record);
    assert.equal(atOnce(store, record.id), null);
    await store.read(record.id);
    assert.deepEqual(atOnce(store, record.id), { status: 'live', record });
    assert.ok((store.cacheStats()?.hits ?? 0) >= 1);
  });
}

test('what this process writes is never answered as it was before, and a touch moves what is kept', async () => {
  const record = sampleRecord();
  await store.create(record);
  await store.read(record.id);
  await store.update(record.id, { set: { a: 1 } });
  assert.equal(atOnce(store, record.id), null);
  await store.read(record.id);
  now += 200_000;
  await store.touch(record.id, now, now + 3_600_000);
  await untilTrusted(store);
  const read = atOnce(store, record.id);
  assert.equal(read?.status === 'live' && read.record.lastSeenAt, now);
  await store.take(record.id, { reason: 'signed-out', at: now });
  assert.equal(atOnce(store, record.id), null);
  assert.equal((await store.read(record.id)).status, 'ended');
});

test('neither "over" nor "absent" nor "ended" is said from memory', async () => {
  const [record, ended] = [sampleRecord({ expiresAt: now + 1000 }), sampleRecord({ userId: 'user-2' })];
  for (const each of [record, ended]) await store.create(each);
  await store.take(ended.id, { reason: 'revoked', at: now });
  for (const id of [record.id, ended.id]) await store.read(id);
  assert.equal(atOnce(store, ended.id), null);
  assert.equal(atOnce(store, record.id)?.status, 'live');
  // Sooner than the cache distrusts a silent channel, so that it is the session's expiry that is judged.
  now = record.expiresAt;
  assert.equal(atOnce(store, record.id), null);
});

test('a touch by another process is seen where it matters: when the session looks due or over', async () => {
  const record = sampleRecord();
  await store.create(record);
  await store.read(record.id);
  now += 600_000;
  await other.touch(record.id, now, now + 3_600_000);
  const read = await store.read(record.id);
  assert.equal(read.status === 'live' && read.record.lastSeenAt, now);
  now = record.expiresAt + 1;
  const later = await store.read(record.id);
  assert.equal(later.status === 'live' && later.record.expiresAt > now, true);
});

test('what another process writes or ends is seen within a moment, and so is a flush', async () => {
  const record = sampleRecord();
  await store.create(record);
  await store.read(record.id);
  await other.update(record.id, { set: { by: 'other' } });
  await untilRead(store, record.id, (read) => read.status === 'live' && read.record.data.by === 'other');
  await other.take(record.id, { reason: 'revoked', at: now });
  await untilRead(store, record.id, (read) => read.status === 'ended');
  const flushed = sampleRecord();
  await store.create(flushed);
  await store.read(flushed.id);
  await server.command('FLUSHALL');
  await untilRead(store, flushed.id, (read) => read.status === 'absent');
});

test('a cache that was turned off has no figures and keeps nothing', async () => {
  const plain = await redisStore({ url: server.url, prefix: `plain-${tests}`, clock, cache: false });
  const record = sampleRecord();
  await plain.create(record);
  await plain.read(record.id);
  assert.equal(atOnce(plain, record.id), null);
  assert.equal(plain.cacheStats(), null);
  assert.equal(plain.lastKnown?.(record.id), undefined);
  await plain.close();
});
