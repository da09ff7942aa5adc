/** The cache in process answers only what is known to be true, and never holds more than it may. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homeOfId } from '../../src/core/session-id.ts';
import type { Live } from '../../src/core/store.ts';
import { type CacheOptions, RecordCache, TRUST_MS } from '../../src/stores/cache/record-cache.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

function setUp(options?: CacheOptions): { cache: RecordCache; time: { now: number } } {
  const time = { now: 1_000_000 };
  const cache = new RecordCache(() => time.now, options);
  cache.trust();
  return { cache, time };
}

function live(overrides: Parameters<typeof sampleRecord>[0] = {}): Live {
  return { status: 'live', record: sampleRecord(overrides) };
}

test('what was kept is answered, as the same object', () => {
  const { cache } = setUp();
  const answer = live();
  assert.equal(cache.get(answer.record.id), undefined);
  cache.keep(answer, cache.ticket(answer.record.id));
  assert.equal(cache.get(answer.record.id), answer);
  const { hits, misses, entries } = cache.stats();
  assert.deepEqual([hits, misses, entries], [1, 1, 1]);
});

test('an invalidation of its home, and of no other, takes an entry away', () => {
  const { cache } = setUp();
  const [mine, same, other] = [live(), live(), live({ userId: 'somebody else' })];
  for (const answer of [mine, same, other]) cache.keep(answer, cache.ticket(answer.record.id));
  cache.invalidate(homeOfId(mine.record.id));
  assert.equal(cache.get(mine.record.id), undefined);
  assert.equal(cache.get(same.record.id), undefined);
  assert.equal(cache.get(other.record.id), other);
});

test('a read that was under way while its home was invalidated is not kept', () => {
  const { cache } = setUp();
  const answer = live();
  const ticket = cache.ticket(answer.record.id);
  cache.invalidateId(answer.record.id);
  cache.keep(answer, ticket);
  assert.equal(cache.get(answer.record.id), undefined);
});

test('nothing is answered once the channel of invalidations was silent for too long, or broke', () => {
  const { cache, time } = setUp();
  const answer = live();
  cache.keep(answer, cache.ticket(answer.record.id));
  time.now += TRUST_MS;
  assert.equal(cache.get(answer.record.id), answer);
  time.now += 1;
  assert.equal(cache.get(answer.record.id), undefined);
  assert.equal(cache.stats().trusted, false);
  cache.heard();
  assert.equal(cache.get(answer.record.id), answer);
  cache.distrust();
  assert.equal(cache.get(answer.record.id), undefined);
  cache.trust();
  assert.equal(cache.get(answer.record.id), undefined, 'messages may have been missed meanwhile');
});

test('a read that was sent before the channel broke is not kept after it came back', () => {
  const { cache } = setUp();
  const answer = live();
  const ticket = cache.ticket(answer.record.id);
  cache.distrust();
  cache.trust();
  cache.keep(answer, ticket);
  assert.equal(cache.get(answer.record.id), undefined);
});

test('what was last known is answered in an outage only where that was chosen, for as long as it was chosen', () => {
  for (const [staleIfErrorSeconds, after, expected] of [
    [0, 1, false],
    [30, 30_000, true],
    [30, 30_001, false],
  ] as const) {
    const { cache, time } = setUp({ staleIfErrorSeconds });
    const answer = live();
    cache.keep(answer, cache.ticket(answer.record.id));
    cache.distrust();
    time.now += after;
    const stale = cache.lastKnown(answer.record.id);
    assert.equal(stale, expected ? answer.record : undefined);
  }
});

test('a session that was known to have changed is not answered in an outage', () => {
  const { cache } = setUp({ staleIfErrorSeconds: 60 });
  const answer = live();
  cache.keep(answer, cache.ticket(answer.record.id));
  cache.invalidateId(answer.record.id);
  cache.distrust();
  assert.equal(cache.lastKnown(answer.record.id), undefined);
});

test('it never holds more than it may, and what is used stays', () => {
  const { cache } = setUp({ maxEntries: 100 });
  const used = live();
  cache.keep(used, cache.ticket(used.record.id));
  for (let n = 0; n < 1000; n++) {
    const answer = live({ userId: `user-${n}` });
    cache.keep(answer, cache.ticket(answer.record.id));
    assert.equal(cache.get(used.record.id), used);
    assert.ok(cache.stats().entries <= 100, `${cache.stats().entries} entries`);
  }
});

test('a touch moves the cached times forward and leaves what was handed out alone', () => {
  const { cache } = setUp();
  const answer = live();
  const { id, lastSeenAt, expiresAt } = answer.record;
  cache.keep(answer, cache.ticket(id));
  cache.touched(id, lastSeenAt + 5, expiresAt + 5);
  cache.touched(id, lastSeenAt, expiresAt);
  const record = cache.get(id)?.record;
  assert.deepEqual([record?.lastSeenAt, record?.expiresAt], [lastSeenAt + 5, expiresAt + 5]);
  assert.equal(answer.record.lastSeenAt, lastSeenAt);
});

test('pointers are not kept', () => {
  const { cache } = setUp();
  const pointer = live({ movedTo: 'elsewhere' });
  cache.keep(pointer, cache.ticket(pointer.record.id));
  assert.equal(cache.get(pointer.record.id), undefined);
});

test('options that cannot work are named together', () => {
  assert.throws(() => new RecordCache(Date.now, { maxEntries: 1, staleIfErrorSeconds: 301 }), {
    code: 'invalid-option',
    message: /maxEntries[\s\S]*staleIfErrorSeconds/,
  });
});

test('a clock that is set back proves nothing alive: not for a moment longer, and only until the next sign of life', () => {
  const { cache, time } = setUp({ staleIfErrorSeconds: 10 });
  const answer = live();
  cache.keep(answer, cache.ticket(answer.record.id));
  time.now -= 3_600_000;
  assert.equal(cache.get(answer.record.id), undefined);
  assert.equal(cache.lastKnown(answer.record.id), undefined);
  cache.heard();
  assert.equal(cache.get(answer.record.id), answer);
});

test('nobody can change what is kept', () => {
  const { cache } = setUp();
  const answer = live({ data: { list: [1] } });
  cache.keep(answer, cache.ticket(answer.record.id));
  const list = (cache.get(answer.record.id) ?? answer).record.data.list as unknown as number[];
  assert.deepEqual(list, [1]);
  assert.throws(() => list.push(2), TypeError);
  cache.touched(answer.record.id, answer.record.lastSeenAt + 1, answer.record.expiresAt + 1);
  const touched = cache.get(answer.record.id);
  assert.ok(touched !== undefined && touched !== answer);
  assert.ok(Object.isFrozen(touched) && Object.isFrozen(touched.record));
});
