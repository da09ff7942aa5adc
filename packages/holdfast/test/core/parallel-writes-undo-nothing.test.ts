import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataDelta } from '../../src/core/outcomes.ts';
import { createWorld, onEveryStore, signIn, visit } from './world.ts';

onEveryStore('parallel writers of different keys all survive', async (world) => {
  const { id } = await signIn(world);
  await Promise.all(Array.from({ length: 40 }, (_, i) => world.sessions.update(id, { set: { [`key ${i}`]: i } })));
  const { data, version } = await world.record(id);
  assert.equal(Object.keys(data).length, 40);
  assert.equal(version, 41);
});

onEveryStore('a delta sets and removes the keys that it names and leaves the others alone', async (world) => {
  const { id } = await signIn(world, 'ada', { data: { a: 1, b: { deep: [1, null, 'x', true] }, c: 'ü€😀' } });
  const updated = await world.sessions.update(id, { set: { a: 2, d: null }, unset: ['c', 'not there'] });
  assert.ok(updated.status === 'updated');
  assert.deepEqual({ ...updated.session.data }, { a: 2, b: { deep: [1, null, 'x', true] }, d: null });
  assert.equal(updated.session.version, 2);
});

onEveryStore(
  'with ifVersion the second of two writers is told of the conflict and sees what is there',
  async (world) => {
    const { id } = await signIn(world, 'ada', { data: { count: 0 } });
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) => world.sessions.update(id, { set: { count: i + 1 }, ifVersion: 1 })),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'updated').length, 1);
    for (const outcome of outcomes) {
      assert.ok(outcome.status === 'updated' || outcome.status === 'conflict');
      assert.equal(outcome.session.version, 2);
    }
  },
);

test('data that cannot be kept is refused with its key, and nothing is written', async () => {
  const world = createWorld();
  const { id } = await signIn(world);
  world.calls.length = 0;
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const bad: Record<string, unknown>[] = [
    { when: new Date(0) },
    { n: Number.NaN },
    { n: Number.POSITIVE_INFINITY },
    { u: undefined },
    { f: () => 1 },
    { s: Symbol('x') },
    { b: 1n },
    { m: new Map() },
    { deep: circle },
    { list: [1, undefined] },
    { inner: JSON.parse('{"__proto__":{"admin":true}}') },
    { inner: { constructor: 1 } },
    { '': 1 },
    { ['k'.repeat(257)]: 1 },
    { constructor: 1 },
    { prototype: 1 },
    JSON.parse('{"__proto__":{"admin":true}}'),
  ];
  for (const set of bad) {
    await assert.rejects(world.sessions.update(id, { set } as DataDelta), { code: 'invalid-data' });
    await assert.rejects(world.sessions.start({ userId: 'ada', data: set as never }), { code: 'invalid-data' });
    await assert.rejects(world.sessions.startAnonymous({ data: set as never }), { code: 'invalid-data' });
  }
  for (const key of ['__proto__', 'constructor', 'prototype', '']) {
    await assert.rejects(world.sessions.update(id, { unset: [key] }), { code: 'invalid-data' });
  }
  assert.deepEqual(world.calls, []);
  assert.equal(({} as Record<string, unknown>).admin, undefined);
});

onEveryStore('keys that objects inherit are ordinary keys', async (world) => {
  const { id } = await signIn(world, 'ada', { data: { toString: 'a', hasOwnProperty: 'b' } });
  const updated = await world.sessions.update(id, { set: { valueOf: 1 }, unset: ['toString'] });
  assert.ok(updated.status === 'updated');
  assert.deepEqual(Object.entries(updated.session.data).sort(), [
    ['hasOwnProperty', 'b'],
    ['valueOf', 1],
  ]);
});

test('too much data is refused, counted in bytes of JSON, and what was there stays', async () => {
  const world = createWorld({ policy: { maxDataBytes: 100 } });
  const { id } = await signIn(world, 'ada', { data: { a: 'x'.repeat(80) } });
  await assert.rejects(world.sessions.update(id, { set: { b: 'x'.repeat(20) } }), { code: 'data-too-large' });
  await assert.rejects(world.sessions.update(id, { set: { a: 'ä'.repeat(50) } }), { code: 'data-too-large' });
  await assert.rejects(world.sessions.start({ userId: 'ada', data: { a: 'x'.repeat(100) } }), {
    code: 'data-too-large',
  });
  const replaced = await world.sessions.update(id, { set: { b: 'x'.repeat(80) }, unset: ['a'] });
  assert.equal(replaced.status, 'updated');
});

onEveryStore('RV2: a write to a session that ended says why it is gone and does not bring it back', async (world) => {
  const { jar, id } = await signIn(world);
  const outcomes = await Promise.all([
    ...Array.from({ length: 10 }, (_, i) => world.sessions.update(id, { set: { i } })),
    world.sessions.end(id, 'signed-out'),
    ...Array.from({ length: 10 }, (_, i) => world.sessions.update(id, { set: { i } })),
  ]);
  for (const outcome of outcomes) assert.ok(['updated', 'ended', 'gone'].includes(outcome.status));
  assert.deepEqual(await world.sessions.update(id, { set: { a: 1 } }), { status: 'gone', reason: 'signed-out' });
  assert.equal(await visit(world, jar), 'signed-out');
});

onEveryStore('writes that race with a new id land in the session, whatever the order', async (world) => {
  for (let round = 0; round < 20; round++) {
    const { id } = await signIn(world, `user ${round}`, { data: { start: true } });
    const write = (name: string) => world.sessions.update(id, { set: { [name]: round } });
    const [first, rotated, second, third] = await Promise.all([
      write('a'),
      world.sessions.rotateId(id),
      write('b'),
      write('c'),
    ]);
    assert.deepEqual([first.status, second.status, third.status], ['updated', 'updated', 'updated']);
    assert.ok(rotated.status === 'rotated');
    const { data } = await world.record(rotated.session.id);
    assert.deepEqual({ ...data }, { start: true, a: round, b: round, c: round });
  }
});

test('a compare-and-set prepared under the old id never matches another state under the new one', async () => {
  const world = createWorld();
  const { id } = await signIn(world, 'ada', { data: { n: 0 } });
  await world.sessions.update(id, { set: { n: 1 } });
  await world.sessions.update(id, { set: { n: 2 } });
  const seen = (await world.record(id)).version;
  const rotated = await world.sessions.rotateId(id);
  assert.ok(rotated.status === 'rotated');
  for (let i = 0; i < 5; i++) {
    const outcome = await world.sessions.update(id, { set: { n: -1 }, ifVersion: seen });
    assert.equal(outcome.status, 'conflict');
    await world.sessions.update(rotated.session.id, { set: { n: 10 + i } });
  }
});

test('a write that reaches the old record after the id changed is carried over to the session', async () => {
  const world = createWorld();
  const { id } = await signIn(world, 'ada', { data: { start: true } });
  const moved = { ...(await world.record(id)), id: 'BBBBBBBBBBBBBBBBBBBBBA' };
  let between = false;
  world.plan = (_call, operation) => {
    if (operation === 'update' && !between) {
      between = true;
      void world.store.create(moved);
      void world.store.update(id, { fields: { movedTo: moved.id } });
    }
    return null;
  };
  const updated = await world.sessions.update(id, { set: { late: 1 } });
  assert.ok(updated.status === 'updated');
  assert.equal(updated.session.id, moved.id);
  assert.deepEqual({ ...(await world.record(moved.id)).data }, { start: true, late: 1 });
});
