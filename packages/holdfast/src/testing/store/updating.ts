/** Conformance: deltas, versions, and that neither an update nor a touch takes anything from anybody else. */
import assert from 'node:assert/strict';
import type { FieldChanges } from '../../core/store.ts';
import type { Scenario } from './harness.ts';
import { sampleRecord } from './sample-record.ts';

export function updating(scenario: Scenario): void {
  scenario('an update adds 1 to the version and answers what is stored', async ({ store }) => {
    const record = sampleRecord({ data: { a: 1 } });
    await store.create(record);
    const expected = { ...record, version: 2, data: { a: 1, b: 2 } };
    assert.deepEqual(await store.update(record.id, { set: { b: 2 } }), { status: 'updated', record: expected });
    assert.deepEqual(await store.read(record.id), { status: 'live', record: expected });
    assert.equal((await store.update(record.id, {})).status, 'updated');
    assert.deepEqual(await store.read(record.id), { status: 'live', record: { ...expected, version: 3 } });
  });

  scenario('a key that is set is replaced whole, and the others are left alone', async ({ store }) => {
    const record = sampleRecord({ data: { cart: { items: [1, 2], coupon: 'x' }, theme: 'dark' } });
    await store.create(record);
    await store.update(record.id, { set: { cart: { items: [3] } } });
    const read = await store.read(record.id);
    assert.deepEqual(read.status === 'live' && read.record.data, { cart: { items: [3] }, theme: 'dark' });
  });

  scenario('a key that is unset goes, and one that is not there is no error', async ({ store }) => {
    const record = sampleRecord({ data: { a: 1, b: null } });
    await store.create(record);
    const updated = await store.update(record.id, { unset: ['a', 'never-there'], set: { c: 3 } });
    assert.deepEqual(updated.status === 'updated' && updated.record.data, { b: null, c: 3 });
  });

  scenario('each field can be replaced by itself', async ({ store, time }) => {
    const changes: readonly FieldChanges[] = [
      { generation: 7 },
      { confirmedIssuedAt: 1_900_000_000 },
      { keyId: 'ffffffff' },
      { previousKeyId: '01234567' },
      { previousKeyId: null },
      { authenticatedAt: time.now + 5 },
      { amr: ['pwd', 'otp'] },
      { device: { userAgent: 'Browser/2', ip: '2001:db8::1' } },
      { lastSeenAt: time.now + 10 },
      { idleSeconds: 60 },
      { absoluteExpiresAt: time.now + 9_000_000 },
      { expiresAt: time.now + 70_000 },
      { movedTo: 'another-id' },
    ];
    let expected = sampleRecord({ data: { kept: 'yes' } });
    await store.create(expected);
    for (const fields of changes) {
      expected = { ...expected, ...fields, version: expected.version + 1 };
      assert.deepEqual(await store.update(expected.id, { fields }), { status: 'updated', record: expected });
      assert.deepEqual(await store.read(expected.id), { status: 'live', record: expected });
    }
  });

  scenario('an update of another version writes nothing and answers what is there', async ({ store }) => {
    const record = sampleRecord();
    await store.create(record);
    const change = { ifVersion: 1, set: { winner: 'first' }, fields: { generation: 1 } };
    assert.equal((await store.update(record.id, change)).status, 'updated');
    const late = await store.update(record.id, { ...change, set: { winner: 'second' }, fields: { generation: 9 } });
    const current = { ...record, version: 2, generation: 1, data: { winner: 'first' } };
    assert.deepEqual(late, { status: 'conflict', record: current });
    assert.deepEqual(await store.read(record.id), { status: 'live', record: current });
    assert.equal((await store.update(record.id, { ifVersion: 2, set: { winner: 'third' } })).status, 'updated');
  });

  scenario('of 16 parallel updates of one version exactly one is written', async ({ store }) => {
    const record = sampleRecord();
    await store.create(record);
    const results = await Promise.all(
      Array.from({ length: 16 }, async (_, writer) => store.update(record.id, { ifVersion: 1, set: { writer } })),
    );
    assert.equal(results.filter(({ status }) => status === 'updated').length, 1);
    assert.equal(results.filter(({ status }) => status === 'conflict').length, 15);
  });

  scenario('an update of an ended session answers why it ended and revives nothing', async ({ store, time }) => {
    const record = sampleRecord();
    const tombstone = { reason: 'revoked', at: time.now } as const;
    await store.create(record);
    await store.take(record.id, tombstone);
    assert.deepEqual(await store.update(record.id, { set: { a: 1 } }), { status: 'ended', tombstone });
    assert.deepEqual(await store.update(record.id, { ifVersion: 1 }), { status: 'ended', tombstone });
    assert.equal(await store.touch(record.id, time.now + 1, record.expiresAt + 1), false);
    assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone });
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario('a touch moves both times forward and leaves the version alone', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    assert.equal(await store.touch(record.id, time.now + 60_000, record.expiresAt + 60_000), true);
    const touched = { ...record, lastSeenAt: time.now + 60_000, expiresAt: record.expiresAt + 60_000 };
    assert.deepEqual(await store.read(record.id), { status: 'live', record: touched });
  });

  scenario('a touch never moves either time back', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    assert.equal(await store.touch(record.id, time.now - 1, record.expiresAt - 1), true);
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
    assert.equal(await store.touch(record.id, time.now + 5, record.expiresAt - 5), true);
    assert.deepEqual(await store.read(record.id), { status: 'live', record: { ...record, lastSeenAt: time.now + 5 } });
    assert.equal(await store.touch(record.id, time.now, record.expiresAt + 5), true);
    const both = { ...record, lastSeenAt: time.now + 5, expiresAt: record.expiresAt + 5 };
    assert.deepEqual(await store.read(record.id), { status: 'live', record: both });
  });
}
