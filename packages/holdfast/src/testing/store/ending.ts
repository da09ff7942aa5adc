/** Conformance: a session ends once, says why for a day, and is gone for good after `delete`. */
import assert from 'node:assert/strict';
import type { EndReason } from '../../protocol/reasons.ts';
import type { Scenario } from './harness.ts';
import { sampleId, sampleRecord } from './sample-record.ts';

const END_REASONS: readonly EndReason[] = [
  'signed-out',
  'revoked',
  'expired-idle',
  'expired-absolute',
  'reused',
  'limit-reached',
  'already-used',
  'ticket-expired',
];

export function ending(scenario: Scenario): void {
  scenario('the first take gets the record, every later one the tombstone', async ({ store, time }) => {
    const record = sampleRecord({ data: { a: 1 } });
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    await store.create(record);
    assert.deepEqual(await store.take(record.id, tombstone), { status: 'taken', record });
    const second = await store.take(record.id, { reason: 'revoked', at: time.now + 1 });
    assert.deepEqual(second, { status: 'ended', tombstone });
    assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone });
  });

  scenario('a tombstone keeps every reason for which a session can end', async ({ store, time }) => {
    for (const reason of END_REASONS) {
      const record = sampleRecord();
      await store.create(record);
      await store.take(record.id, { reason, at: time.now });
      assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone: { reason, at: time.now } });
    }
  });

  scenario('all sessions of a user end together, and nobody else is touched', async ({ store, time }) => {
    const mine = [sampleRecord(), sampleRecord(), sampleRecord()];
    const other = sampleRecord({ userId: 'user-2' });
    const anonymous = sampleRecord({ userId: null, authenticatedAt: null, amr: [] });
    for (const record of [...mine, other, anonymous]) await store.create(record);
    const tombstone = { reason: 'revoked', at: time.now } as const;
    const taken = await store.takeByUser('user-1', tombstone);
    assert.deepEqual(new Set(taken.map(({ id }) => id)), new Set(mine.map(({ id }) => id)));
    for (const { id } of mine) assert.deepEqual(await store.read(id), { status: 'ended', tombstone });
    for (const record of [other, anonymous]) assert.deepEqual(await store.read(record.id), { status: 'live', record });
    assert.deepEqual(await store.takeByUser('user-1', tombstone), []);
  });

  scenario('one session can be left out when a user ends the others', async ({ store, time }) => {
    const [kept, ended] = [sampleRecord(), sampleRecord()];
    await store.create(kept);
    await store.create(ended);
    const taken = await store.takeByUser('user-1', { reason: 'revoked', at: time.now }, kept.id);
    assert.deepEqual(taken, [ended]);
    assert.deepEqual(await store.read(kept.id), { status: 'live', record: kept });
    assert.deepEqual(await store.listByUser('user-1'), [kept]);
  });

  scenario('a pointer left by id rotation is no session of its own to end', async ({ store, time }) => {
    const current = sampleRecord();
    const pointer = sampleRecord({ movedTo: current.id });
    await store.create(current);
    await store.create(pointer);
    assert.deepEqual(await store.takeByUser('user-1', { reason: 'revoked', at: time.now }), [current]);
    assert.deepEqual(await store.read(pointer.id), { status: 'live', record: pointer });
  });

  scenario('a touch in flight does not bring back what a user ended after its expiry', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    time.now = record.expiresAt;
    await store.takeByUser('user-1', { reason: 'revoked', at: time.now });
    assert.equal(await store.touch(record.id, time.now, time.now + 60_000), false);
    assert.equal((await store.read(record.id)).status, 'ended');
  });

  scenario('deleting erases a record, a tombstone, and is no error when nothing is there', async ({ store, time }) => {
    const [live, ended] = [sampleRecord(), sampleRecord()];
    await store.create(live);
    await store.create(ended);
    await store.take(ended.id, { reason: 'signed-out', at: time.now });
    for (const id of [live.id, ended.id, live.id, sampleId()]) {
      await store.delete(id);
      assert.deepEqual(await store.read(id), { status: 'absent' });
    }
    assert.deepEqual(await store.listByUser('user-1'), []);
    assert.equal((await store.count()).sessions, 0);
    assert.equal((await store.update(live.id, { set: { a: 1 } })).status, 'absent');
  });

  scenario(
    'what one handle ended has ended for the other',
    async ({ store, time, another }) => {
      const record = sampleRecord();
      const second = await another();
      await store.create(record);
      assert.equal((await second.read(record.id)).status, 'live');
      await store.take(record.id, { reason: 'signed-out', at: time.now });
      assert.equal((await second.read(record.id)).status, 'ended');
      assert.equal((await second.take(record.id, { reason: 'revoked', at: time.now })).status, 'ended');
    },
    'second-handle',
  );
}
