/** Conformance: a session moves to a new id in one step, and ends under one id or the other. */
import assert from 'node:assert/strict';
import type { SessionRecord } from '../../core/record.ts';
import type { Move } from '../../core/store.ts';
import type { Scenario } from './harness.ts';
import { sampleId, sampleRecord } from './sample-record.ts';

export function moving(scenario: Scenario): void {
  scenario('a moved session is found under its new id, and a pointer under the old one', async ({ store, time }) => {
    const old = sampleRecord({ data: { cart: [1] }, device: { ip: '192.0.2.1' } });
    await store.create(old);
    const move = moveOf(old, time.now + 30_000);
    assert.deepEqual(await store.move(old.id, move), { status: 'moved' });
    assert.deepEqual(await store.read(move.next.id), { status: 'live', record: move.next });
    const [movedTo, expiresAt] = [move.next.id, move.pointerExpiresAt];
    const pointer = { ...old, version: 2, movedTo, expiresAt, absoluteExpiresAt: expiresAt };
    assert.deepEqual(await store.read(old.id), { status: 'live', record: pointer });
    assert.deepEqual(await store.listByUser('user-1'), [move.next]);
    assert.equal((await store.count()).sessions, 1);
  });

  scenario('an anonymous session moves too', async ({ store, time }) => {
    const old = sampleRecord({ userId: null, authenticatedAt: null, amr: [] });
    await store.create(old);
    const move = moveOf(old, time.now + 30_000);
    assert.deepEqual(await store.move(old.id, move), { status: 'moved' });
    assert.deepEqual(await store.read(move.next.id), { status: 'live', record: move.next });
  });

  scenario('a move of another version writes nothing and answers what is there', async ({ store, time }) => {
    const old = sampleRecord();
    await store.create(old);
    await store.update(old.id, { set: { a: 1 } });
    const move = moveOf(old, time.now + 30_000);
    const record = { ...old, version: 2, data: { a: 1 } };
    assert.deepEqual(await store.move(old.id, move), { status: 'conflict', record });
    assert.deepEqual(await store.read(old.id), { status: 'live', record });
    assert.deepEqual(await store.read(move.next.id), { status: 'absent' });
  });

  scenario('a move of a session that ended says why, and one of nothing says so', async ({ store, time }) => {
    const old = sampleRecord();
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    await store.create(old);
    await store.take(old.id, tombstone);
    const move = moveOf(old, time.now + 30_000);
    assert.deepEqual(await store.move(old.id, move), { status: 'ended', tombstone });
    assert.deepEqual(await store.move(sampleId(), move), { status: 'absent' });
    assert.deepEqual(await store.read(move.next.id), { status: 'absent' });
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario('a session never moves onto an id that is taken', async ({ store, time }) => {
    const [old, other, ended] = [sampleRecord(), sampleRecord(), sampleRecord()];
    for (const record of [old, other, ended]) await store.create(record);
    await store.take(ended.id, { reason: 'signed-out', at: time.now });
    for (const { id } of [other, ended]) {
      const move = moveOf(old, time.now + 30_000);
      assert.deepEqual(await store.move(old.id, { ...move, next: { ...move.next, id } }), { status: 'exists' });
    }
    assert.deepEqual(await store.read(old.id), { status: 'live', record: old });
    assert.deepEqual(await store.read(other.id), { status: 'live', record: other });
  });

  scenario('of a sign-out and a move at the same time the sign-out holds, whichever comes first', async (fixture) => {
    const { store, time } = fixture;
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    for (let round = 0; round < 20; round++) {
      const old = sampleRecord();
      await store.create(old);
      const move = moveOf(old, time.now + 30_000);
      const tasks = [async () => store.move(old.id, move), async () => store.take(old.id, tombstone)];
      if (round % 2 === 1) tasks.reverse();
      const [first, second] = await Promise.all(tasks.map(async (run) => run()));
      const moved = [first, second].some((result) => result?.status === 'moved');
      const next = await store.read(move.next.id);
      // Either the old id was ended first and nothing moved, or what was taken is the pointer that leads to the new id.
      assert.equal(next.status, moved ? 'live' : 'absent');
      assert.equal((await store.read(old.id)).status, 'ended');
    }
  });

  scenario('the session that a user keeps is kept under the id that it was moved to', async ({ store, time }) => {
    const [kept, other] = [sampleRecord(), sampleRecord()];
    await store.create(kept);
    await store.create(other);
    const first = moveOf(kept, time.now + 30_000);
    await store.move(kept.id, first);
    const second = moveOf(first.next, time.now + 30_000);
    await store.move(first.next.id, second);
    const taken = await store.takeByUser('user-1', { reason: 'revoked', at: time.now }, kept.id);
    assert.deepEqual(taken, [other]);
    assert.deepEqual(await store.listByUser('user-1'), [second.next]);
  });
}

function moveOf(record: SessionRecord, pointerExpiresAt: number): Move {
  const next = { ...record, id: sampleId(record.userId), version: record.version + 1 };
  // Without a user the home is that of the old id, as the engine has it.
  return { ifVersion: record.version, next: record.userId === null ? homed(next, record.id) : next, pointerExpiresAt };
}

/** The first three characters of an id hold its home. */
function homed(record: SessionRecord, id: string): SessionRecord {
  return { ...record, id: `${id.slice(0, 3)}${record.id.slice(3)}` };
}
