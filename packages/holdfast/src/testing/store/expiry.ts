/** Conformance: how long things are kept, to the millisecond, and that sweeping changes no answer. */
import assert from 'node:assert/strict';
import { RETENTION_MS, TOMBSTONE_MS } from '../../core/record.ts';
import type { Scenario } from './harness.ts';
import { sampleRecord } from './sample-record.ts';

export function expiry(scenario: Scenario): void {
  scenario('an expired record is handed out until the last millisecond of its retention', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    for (const now of [record.expiresAt - 1, record.expiresAt, record.expiresAt + RETENTION_MS - 1]) {
      time.now = now;
      assert.deepEqual(await store.read(record.id), { status: 'live', record });
    }
    time.now = record.expiresAt + RETENTION_MS;
    assert.deepEqual(await store.read(record.id), { status: 'absent' });
  });

  scenario('a late save and a late touch still find an expired record', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    time.now = record.expiresAt + RETENTION_MS - 1;
    assert.equal((await store.update(record.id, { set: { saved: true } })).status, 'updated');
    assert.equal(await store.touch(record.id, record.lastSeenAt, record.expiresAt), true);
  });

  scenario('after its retention nothing finds the record, and its id is free', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    time.now = record.expiresAt + RETENTION_MS;
    assert.deepEqual(await store.update(record.id, { set: { saved: true } }), { status: 'absent' });
    assert.equal(await store.touch(record.id, time.now, time.now + 1000), false);
    assert.deepEqual(await store.take(record.id, { reason: 'revoked', at: time.now }), { status: 'absent' });
    assert.deepEqual(await store.takeByUser('user-1', { reason: 'revoked', at: time.now }), []);
    const renewed = sampleRecord({ id: record.id, expiresAt: time.now + 1000 });
    assert.deepEqual(await store.create(renewed), { status: 'created', evicted: [] });
    assert.deepEqual(await store.read(record.id), { status: 'live', record: renewed });
  });

  scenario('a tombstone is kept until the last millisecond of its day', async ({ store, time }) => {
    const record = sampleRecord();
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    await store.create(record);
    await store.take(record.id, tombstone);
    time.now = tombstone.at + TOMBSTONE_MS - 1;
    assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone });
    time.now = tombstone.at + TOMBSTONE_MS;
    assert.deepEqual(await store.read(record.id), { status: 'absent' });
    assert.deepEqual(await store.take(record.id, tombstone), { status: 'absent' });
  });

  scenario(
    'a sweep removes what was kept for long enough and nothing else',
    async ({ store, time }) => {
      const [short, long, ended] = [sampleRecord(), sampleRecord({ expiresAt: time.now + 9e8 }), sampleRecord()];
      for (const record of [short, long, ended]) await store.create(record);
      await store.take(ended.id, { reason: 'signed-out', at: time.now });
      time.now = short.expiresAt + RETENTION_MS - 1;
      assert.deepEqual(await store.sweep(100), { removed: 0, expired: [] });
      time.now += 1;
      const { id, userId, expiresAt } = short;
      const expired = [{ id, userId, reason: 'expired-idle', at: expiresAt }];
      assert.deepEqual(await store.sweep(100), { removed: 1, expired });
      time.now = ended.createdAt + TOMBSTONE_MS - 1;
      assert.equal((await store.sweep(100)).removed, 0);
      time.now += 1;
      assert.deepEqual(await store.sweep(100), { removed: 1, expired: [] });
      assert.equal((await store.sweep(100)).removed, 0);
      assert.deepEqual(await store.read(long.id), { status: 'live', record: long });
      assert.equal((await store.listByUser('user-1')).length, 1);
    },
    'sweep',
  );

  scenario(
    'a sweep tells which limit ended a session, and says nothing of the pointer that a rotated id left',
    async ({ store, time }) => {
      const busy = sampleRecord({ userId: null });
      const absolute = { ...busy, absoluteExpiresAt: busy.expiresAt };
      await store.create(absolute);
      await store.create(sampleRecord({ movedTo: absolute.id }));
      time.now = busy.expiresAt + RETENTION_MS;
      const expired = [{ id: busy.id, userId: null, reason: 'expired-absolute', at: busy.expiresAt }];
      assert.deepEqual(await store.sweep(100), { removed: 2, expired });
    },
    'sweep',
  );

  scenario(
    'a sweep removes no more than it was asked to',
    async ({ store, time }) => {
      for (let n = 0; n < 5; n++) await store.create(sampleRecord());
      for (let n = 0; n < 5; n++) {
        const ended = sampleRecord();
        await store.create(ended);
        await store.take(ended.id, { reason: 'revoked', at: time.now });
      }
      time.now += 2 * TOMBSTONE_MS;
      const removed: number[] = [];
      for (let n = 0; n < 5; n++) removed.push((await store.sweep(3)).removed);
      assert.deepEqual(removed, [3, 3, 3, 1, 0]);
    },
    'sweep',
  );
}
