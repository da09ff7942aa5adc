/** What the layered store does in one trouble at a time: a silent back, newcomers, fronts that are not the same, the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Awaitable } from '../../src/core/store.ts';
import { drain, NOBODY, sessionOf, warmUp } from './layered-phases.ts';
import { createWorld, LEASE_MS, STARTS_AT, type World } from './layered-world.ts';

/** What came of a call, with whatever has to happen until it is answered. */
async function answer<T>(world: World, call: Awaitable<T>): Promise<T> {
  let done = false;
  const over = (): void => {
    done = true;
  };
  const answered = Promise.resolve(call);
  answered.then(over, over);
  for (let round = 0; ; round++) {
    await drain(world);
    if (done) return answered;
    assert.ok(round < 100, 'it is never answered');
    await world.pass(world.nextTimer() ?? LEASE_MS);
  }
}

function storesOf(world: World) {
  const [first, second] = world.stores;
  assert.ok(first !== undefined);
  return { first, second: second ?? first };
}

/** Everybody reads something five times a second. */
async function goOn(world: World, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 200) {
    for (const store of world.stores) void Promise.resolve(store.read(NOBODY)).catch(() => undefined);
    await drain(world);
    await world.pass(200);
  }
}

const tombstone = { reason: 'signed-out', at: STARTS_AT } as const;
const unreachable = { code: 'store-unreachable' };

test('while the back is silent people stay signed in and writes are unreachable, and then all goes on', async () => {
  const world = createWorld(1, { withoutBackSeconds: 600 });
  const { first } = storesOf(world);
  await warmUp(world, []);
  const record = sessionOf();
  const leaving = sessionOf();
  for (const each of [record, leaving]) await answer(world, first.create(each));
  world.cut(0, 'back', true);
  for (let minute = 0; minute < 9; minute++) {
    assert.equal((await answer(world, first.read(record.id))).status, 'live');
    await assert.rejects(answer(world, first.update(record.id, { set: { n: 1 } })), unreachable);
    await assert.rejects(answer(world, first.create(sessionOf())), unreachable);
    // Its barrier is in front already: nobody can tell whether it has ended, so nobody says either.
    await assert.rejects(answer(world, first.take(leaving.id, tombstone)), unreachable);
    await assert.rejects(answer(world, first.read(leaving.id)), unreachable);
    await world.pass(60_000);
  }
  await world.pass(120_000);
  await assert.rejects(answer(world, first.read(record.id)), unreachable, 'longer than withoutBackSeconds');
  world.cut(0, 'back', false);
  await goOn(world, 1000);
  assert.equal(
    (await answer(world, first.read(leaving.id))).status,
    'live',
    'the sign-out that failed has ended nothing',
  );
  assert.equal((await answer(world, first.take(record.id, tombstone))).status, 'taken');
  assert.equal((await answer(world, first.read(record.id))).status, 'ended');
});

test('a back that is only slow has the last word on what the front does not know', async () => {
  const world = createWorld(1);
  const { first } = storesOf(world);
  await warmUp(world, []);
  const record = sessionOf();
  await answer(world, first.create(record));
  await world.evict(record.id);
  await world.pass(LEASE_MS + 1);
  const read = Promise.resolve(first.read(record.id));
  await world.settled();
  await world.pass(700);
  await world.pass(700);
  for (const call of world.waiting.filter(({ layer }) => layer === 'front')) await world.run(call, null);
  assert.equal((await answer(world, read)).status, 'live');
});

test('a newcomer uses the front when somebody who knows it has said so, and not before', async () => {
  const world = createWorld(2);
  const { first, second } = storesOf(world);
  await warmUp(world, [1]);
  await goOn(world, 1000);
  assert.match((await answer(world, second.health())).message, /not trusted right now/);
  assert.match((await answer(world, first.health())).message, /the front is in use/);
  await goOn(world, 6000);
  assert.match((await answer(world, second.health())).message, /the front is in use/);
});

test('a newcomer to a front that nobody knows opens it anew, and what was there is cleared away', async () => {
  const world = createWorld(2);
  const { first, second } = storesOf(world);
  await warmUp(world, [1]);
  const record = sessionOf();
  await answer(world, first.create(record));
  world.crash(0);
  const [before] = [...(await world.held()).keys()];
  await goOn(world, 15_000);
  assert.match((await answer(world, second.health())).message, /not trusted right now/);
  await goOn(world, 10_000);
  assert.match((await answer(world, second.health())).message, /the front is in use/);
  await answer(world, second.read(record.id));
  await drain(world);
  assert.equal((await world.held()).size, 2);
  await goOn(world, 65_000);
  const held = await world.held();
  assert.deepEqual(
    [held.size, held.has(before ?? '')],
    [1, false],
    'the former namespace is empty, the new one is not',
  );
});

for (const to of ['another', 'a copy'] as const) {
  test(`two processes at fronts that are not the same (${to}) work on the back alone, but for short trials`, async () => {
    const world = createWorld(2);
    const { first, second } = storesOf(world);
    await warmUp(world, [1]);
    await world.divert(1, to === 'a copy');
    let inUse = 0;
    const trials = new Set<string>();
    for (let round = 0; round < 300; round++) {
      const record = sessionOf();
      await answer(world, first.create(record));
      assert.equal((await answer(world, second.read(record.id))).status, 'live');
      await answer(world, second.update(record.id, { set: { round } }));
      const read = await answer(world, first.read(record.id));
      assert.equal(read.status === 'live' && read.record.data.round, round);
      await answer(world, (round % 2 === 0 ? second : first).take(record.id, tombstone));
      for (const store of world.stores) assert.equal((await answer(world, store.read(record.id))).status, 'ended');
      for (const store of world.stores) if (/in use/.test((await answer(world, store.health())).message)) inUse++;
      for (const name of (await world.held()).keys()) trials.add(name);
      await goOn(world, 2000);
    }
    assert.ok(
      trials.size < 30,
      `${trials.size} namespaces in ten minutes are too many: it should try ever more rarely`,
    );
    assert.ok(inUse < 60, `in use ${inUse} times of 600`);
    world.rejoin(1);
    await goOn(world, 200_000);
    for (const store of world.stores) {
      assert.match((await answer(world, store.health())).message, /in use/, 'at one front again, it is used again');
    }
  });
}

test('an outage of the front costs one suspension, however many write at that moment', async () => {
  const world = createWorld(1);
  const { first } = storesOf(world);
  await warmUp(world, []);
  const records = Array.from({ length: 200 }, () => sessionOf());
  for (const record of records) await answer(world, first.create(record));
  world.cut(0, 'front', true);
  const began = world.elapsed();
  const writes = records.map(({ id }) => Promise.resolve(first.update(id, { set: { n: 1 } })));
  await drain(world);
  assert.equal(world.waiting.length, 0, 'nothing is asked again and again');
  const results = await answer(world, Promise.all(writes));
  assert.ok(results.every(({ status }) => status === 'updated'));
  assert.ok(world.elapsed() - began <= 2 * LEASE_MS, `it took ${world.elapsed() - began} ms`);
  const afterwards = world.elapsed();
  await answer(world, first.update(records[0]?.id ?? '', { set: { n: 2 } }));
  assert.equal(world.elapsed(), afterwards, 'the next write waits for nothing');
});

test('closing answers everybody who waits, leaves no timer behind, and ends all work', async () => {
  const world = createWorld(1);
  const { first } = storesOf(world);
  await warmUp(world, []);
  const record = sessionOf();
  await answer(world, first.create(record));
  const waiting = [first.read(record.id), first.take(record.id, tombstone), first.touch(record.id, 1, 1)];
  const settled = Promise.allSettled(waiting.map((call) => Promise.resolve(call)));
  await world.settled();
  await first.close();
  await drain(world);
  assert.equal(world.nextTimer(), null);
  for (const { status } of await settled) assert.ok(status === 'fulfilled' || status === 'rejected');
  await assert.rejects(answer(world, first.take(record.id, tombstone)), unreachable);
  await drain(world);
  assert.equal(world.nextTimer(), null);
  assert.equal(world.waiting.length, 0);
});
