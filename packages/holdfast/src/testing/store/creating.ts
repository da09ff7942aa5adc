/** Conformance: what is created can be read, and nothing but `create` inserts. */
import assert from 'node:assert/strict';
import type { Scenario } from './harness.ts';
import { sampleId, sampleRecord } from './sample-record.ts';

export function creating(scenario: Scenario): void {
  scenario('an id that was never used is absent', async ({ store }) => {
    assert.deepEqual(await store.read(sampleId()), { status: 'absent' });
  });

  scenario('a created record is read back as it was', async ({ store }) => {
    const record = sampleRecord();
    assert.deepEqual(await store.create(record), { status: 'created', evicted: [] });
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
  });

  scenario(
    'a record created through one handle is read through another',
    async ({ store, another }) => {
      const record = sampleRecord();
      const second = await another();
      await store.create(record);
      assert.deepEqual(await second.read(record.id), { status: 'live', record });
    },
    'second-handle',
  );

  scenario('creating under the id of a record writes nothing', async ({ store }) => {
    const record = sampleRecord({ data: { kept: true } });
    await store.create(record);
    assert.deepEqual(await store.create({ ...record, userId: 'somebody-else', data: {} }), { status: 'exists' });
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
  });

  scenario('creating under the id of an ended session does not revive it', async ({ store, time }) => {
    const record = sampleRecord();
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    await store.create(record);
    await store.take(record.id, tombstone);
    assert.deepEqual(await store.create(record), { status: 'exists' });
    assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone });
  });

  scenario('updating, touching and taking what was never created inserts nothing', async ({ store, time }) => {
    const id = sampleId();
    assert.deepEqual(await store.update(id, { set: { a: 1 } }), { status: 'absent' });
    assert.equal(await store.touch(id, time.now, time.now + 1000), false);
    assert.deepEqual(await store.take(id, { reason: 'revoked', at: time.now }), { status: 'absent' });
    assert.deepEqual(await store.read(id), { status: 'absent' });
    assert.deepEqual(await store.create(sampleRecord({ id })), { status: 'created', evicted: [] });
  });

  scenario('what a caller does to its objects afterwards does not reach the store', async ({ store }) => {
    const list = [1, 2];
    const record = sampleRecord({ data: { list } });
    await store.create(record);
    list.push(3);
    const set = { other: { deep: 1 } };
    await store.update(record.id, { set });
    set.other.deep = 2;
    const read = await store.read(record.id);
    assert.equal(read.status, 'live');
    assert.deepEqual(read.record.data, { list: [1, 2], other: { deep: 1 } });
  });

  scenario(
    'what cannot be read is said to be undecodable and stays where it is',
    async ({ store, corrupt }) => {
      const record = sampleRecord();
      await store.create(record);
      await corrupt(record.id);
      for (const attempt of [1, 2]) {
        const read = await store.read(record.id);
        assert.equal(read.status, 'undecodable', `attempt ${attempt}`);
        assert.ok(read.detail.length > 0);
        assert.ok(!read.detail.includes('user-1'));
      }
      assert.deepEqual(await store.create(record), { status: 'exists' });
    },
    'undecodable',
  );

  scenario(
    'what cannot be read is neither updated, touched, taken, listed nor counted',
    async (fixture) => {
      const { store, time, corrupt } = fixture;
      const record = sampleRecord();
      await store.create(record);
      await store.create(sampleRecord());
      await corrupt(record.id);
      assert.equal((await store.update(record.id, { set: { a: 1 } })).status, 'undecodable');
      assert.equal(await store.touch(record.id, time.now + 1, record.expiresAt + 1), false);
      assert.equal((await store.take(record.id, { reason: 'revoked', at: time.now })).status, 'undecodable');
      assert.equal((await store.listByUser('user-1')).length, 1);
      assert.equal((await store.count()).sessions, 1);
      assert.equal((await store.takeByUser('user-1', { reason: 'revoked', at: time.now })).length, 1);
      assert.equal((await store.read(record.id)).status, 'undecodable');
      await store.delete(record.id);
      assert.deepEqual(await store.read(record.id), { status: 'absent' });
    },
    'undecodable',
  );
}
