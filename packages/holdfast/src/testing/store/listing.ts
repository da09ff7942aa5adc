/** Conformance: a user's list, and the limit that `create` enforces on it. */
import assert from 'node:assert/strict';
import type { Fixture, Scenario } from './harness.ts';
import { sampleRecord } from './sample-record.ts';

export function listing(scenario: Scenario): void {
  scenario('a list has the most recently used first', async ({ store, time }) => {
    const [a, b, c] = [1, 2, 3].map((n) => sampleRecord({ lastSeenAt: time.now + n })) as [Rec, Rec, Rec];
    for (const record of [b, a, c]) await store.create(record);
    assert.deepEqual(await store.listByUser('user-1'), [c, b, a]);
    await store.touch(a.id, time.now + 10, a.expiresAt);
    assert.deepEqual(ids(await store.listByUser('user-1')), ids([a, c, b]));
  });

  scenario('a list holds no pointers, no expired ones, and nothing of other users', async ({ store, time }) => {
    const shown = sampleRecord({ expiresAt: time.now + 1001 });
    await store.create(shown);
    await store.create(sampleRecord({ movedTo: shown.id }));
    await store.create(sampleRecord({ expiresAt: time.now + 1000 }));
    await store.create(sampleRecord({ userId: 'user-2' }));
    await store.create(sampleRecord({ userId: null }));
    time.now += 1000;
    assert.deepEqual(await store.listByUser('user-1'), [shown]);
    assert.deepEqual(await store.listByUser('nobody'), []);
    time.now += 1;
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario('a record that becomes a pointer leaves the list', async ({ store }) => {
    const [old, current] = [sampleRecord(), sampleRecord()];
    await store.create(old);
    await store.create(current);
    await store.update(old.id, { fields: { movedTo: current.id } });
    assert.deepEqual(await store.listByUser('user-1'), [current]);
  });

  scenario('at the limit the session used longest ago gives way, and says so', async ({ store, time }) => {
    const limit = { max: 2, onLimit: 'evict-oldest' } as const;
    const [oldest, newer] = [sampleRecord({ lastSeenAt: time.now - 2 }), sampleRecord({ lastSeenAt: time.now - 1 })];
    assert.deepEqual(await store.create(newer, limit), { status: 'created', evicted: [] });
    assert.deepEqual(await store.create(oldest, limit), { status: 'created', evicted: [] });
    const third = sampleRecord();
    assert.deepEqual(await store.create(third, limit), { status: 'created', evicted: [oldest] });
    const tombstone = { reason: 'limit-reached', at: time.now } as const;
    assert.deepEqual(await store.read(oldest.id), { status: 'ended', tombstone });
    assert.deepEqual(ids(await store.listByUser('user-1')), [third.id, newer.id]);
  });

  scenario('a lowered limit makes as many give way as are too many', async ({ store, time }) => {
    const records = [1, 2, 3, 4].map((n) => sampleRecord({ lastSeenAt: time.now - n }));
    for (const record of records) await store.create(record);
    const newest = sampleRecord();
    const created = await store.create(newest, { max: 2, onLimit: 'evict-oldest' });
    assert.equal(created.status, 'created');
    assert.deepEqual(new Set(ids(created.evicted)), new Set(ids(records.slice(1))));
    assert.deepEqual(ids(await store.listByUser('user-1')), [newest.id, records[0]?.id]);
  });

  scenario('at a refusing limit nothing is created and nobody gives way', async ({ store }) => {
    const limit = { max: 1, onLimit: 'refuse' } as const;
    const [first, refused] = [sampleRecord(), sampleRecord()];
    await store.create(first, limit);
    assert.deepEqual(await store.create(refused, limit), { status: 'limit-reached' });
    assert.deepEqual(await store.read(refused.id), { status: 'absent' });
    assert.deepEqual(await store.read(first.id), { status: 'live', record: first });
    assert.equal((await store.create(sampleRecord({ userId: 'user-2' }), limit)).status, 'created');
  });

  scenario('nobody gives way when the new id is taken already', async ({ store, time }) => {
    const [old, first] = [sampleRecord({ lastSeenAt: time.now - 1 }), sampleRecord()];
    await store.create(old);
    await store.create(first);
    assert.deepEqual(await store.create(first, { max: 1, onLimit: 'evict-oldest' }), { status: 'exists' });
    assert.equal((await store.listByUser('user-1')).length, 2);
  });

  scenario('ended, expired, pointing and anonymous ones do not count towards the limit', async (fixture: Fixture) => {
    const { store, time } = fixture;
    const limit = { max: 1, onLimit: 'refuse' } as const;
    const ended = sampleRecord();
    await store.create(ended);
    await store.take(ended.id, { reason: 'signed-out', at: time.now });
    await store.create(sampleRecord({ expiresAt: time.now }));
    await store.create(sampleRecord({ movedTo: 'elsewhere' }));
    assert.equal((await store.create(sampleRecord(), limit)).status, 'created');
    for (let n = 0; n < 3; n++) {
      assert.equal((await store.create(sampleRecord({ userId: null }), limit)).status, 'created');
    }
  });
}

type Rec = ReturnType<typeof sampleRecord>;

function ids(records: readonly Rec[]): string[] {
  return records.map(({ id }) => id);
}
