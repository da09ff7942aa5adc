import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyReport } from '../../src/core/key-canary.ts';
import { keyIdOf } from '../../src/core/key-ring.ts';
import type { Sessions } from '../../src/core/sessions.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import {
  ACCESS_DUE,
  createWorld,
  DAY,
  NEW_SECRET,
  OLD_SECRET,
  OTHER_SECRET,
  onEveryStore,
  signIn,
  visit,
} from './world.ts';

const OLD = keyIdOf(OLD_SECRET, nodeCrypto);
const NEW = keyIdOf(NEW_SECRET, nodeCrypto);
const OTHER = keyIdOf(OTHER_SECRET, nodeCrypto);

async function check(sessions: Sessions, instance = 'here'): Promise<KeyReport> {
  const report = await sessions.checkKeys(instance);
  assert.ok(report.status === 'checked');
  return report;
}

onEveryStore(
  'a key is rotated, everybody stays signed in, and the counts are right at every step',
  async (world) => {
    const people = await Promise.all(Array.from({ length: 5 }, (_, i) => signIn(world, `user ${i}`)));
    assert.deepEqual((await check(world.sessions)).sessionsByKey, { [OLD]: 5 });

    const both = world.process([NEW_SECRET, OLD_SECRET]);
    const alone = world.process([NEW_SECRET]);
    assert.deepEqual((await check(both)).missing, []);
    assert.deepEqual((await check(alone)).missing, [{ keyId: OLD, sessions: 5 }]);

    // Three come back. Each is handed a token under the new key, which may not arrive: both keys are needed.
    world.forward(ACCESS_DUE);
    for (const { jar } of people.slice(0, 3)) assert.match(await visit(world, jar, { sessions: both }), /^user/);
    assert.deepEqual((await check(both)).sessionsByKey, { [OLD]: 5, [NEW]: 3 });

    // They come back with it: the old key is not needed for them any more.
    world.forward(ACCESS_DUE);
    for (const { jar } of people.slice(0, 3)) assert.match(await visit(world, jar, { sessions: both }), /^user/);
    assert.deepEqual((await check(both)).sessionsByKey, { [OLD]: 2, [NEW]: 3 });
    assert.deepEqual((await check(alone)).missing, [{ keyId: OLD, sessions: 2 }]);

    // Taken away too early: two people are not known, and nothing is lost when it is put back.
    world.forward(ACCESS_DUE);
    const words = await Promise.all(people.map(({ jar }) => visit(world, jar.copy(), { sessions: alone })));
    assert.equal(words.filter((word) => word === 'unknown-key').length, 2);
    for (const { jar } of people) assert.match(await visit(world, jar, { sessions: both }), /^user/);

    world.forward(ACCESS_DUE);
    for (const { jar } of people) assert.match(await visit(world, jar, { sessions: both }), /^user/);
    assert.deepEqual((await check(alone)).missing, []);
    assert.deepEqual((await check(both)).sessionsByKey, { [NEW]: 5 });
    world.forward(ACCESS_DUE);
    for (const { jar } of people) assert.match(await visit(world, jar, { sessions: alone }), /^user/);
    assert.deepEqual(world.eventsOf('session-ended'), []);
  },
  { secrets: [OLD_SECRET] },
);

test('a token under the old key that comes back because an answer was lost keeps its key needed', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  const { jar } = await signIn(world);
  const both = world.process([NEW_SECRET, OLD_SECRET]);
  for (let i = 0; i < 5; i++) {
    world.forward(ACCESS_DUE);
    const lost = await both.resolve(jar.tokens);
    assert.ok(lost.status === 'signed-in');
    await lost.grant?.issue();
    assert.deepEqual((await check(both)).sessionsByKey, { [OLD]: 1, [NEW]: 1 });
  }
});

test('rotating the key writes once per session, not once per request', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  const { jar } = await signIn(world);
  const both = world.process([NEW_SECRET, OLD_SECRET]);
  world.forward(ACCESS_DUE);
  world.calls.length = 0;
  const tokens = jar.tokens;
  for (let i = 0; i < 10; i++) await visit(world, jar, { sessions: both, tokens });
  assert.equal(world.calls.filter((call) => call === 'update').length, 1);
});

test('sessions that expired, ended or were given a new id are not counted', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  await signIn(world, 'ada', { idleSeconds: 60 });
  const ended = await signIn(world, 'bob');
  const moved = await signIn(world, 'eve');
  await world.sessions.end(ended.id, 'signed-out');
  await world.sessions.rotateId(moved.id);
  assert.deepEqual((await check(world.sessions)).sessionsByKey, { [OLD]: 2 });
  world.forward(60);
  const report = await check(world.process([NEW_SECRET]));
  assert.equal(report.sessions, 1);
  assert.deepEqual(report.missing, [{ keyId: OLD, sessions: 1 }]);
});

test('a new id moves a session to the newest key at once', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  const { id } = await signIn(world);
  const both = world.process([NEW_SECRET, OLD_SECRET]);
  await both.rotateId(id);
  assert.deepEqual((await check(both)).sessionsByKey, { [NEW]: 1 });
});

test('a changed key is told with the number of people, and its fingerprints are no secrets', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  for (let i = 0; i < 7; i++) await signIn(world, `user ${i}`);
  const report = await check(world.process([OTHER_SECRET]));
  assert.deepEqual(report.keyIds, [OTHER]);
  assert.equal(report.sessions, 7);
  assert.deepEqual(report.missing, [{ keyId: OLD, sessions: 7 }]);
  assert.doesNotMatch(JSON.stringify(report), new RegExp([OLD_SECRET, OTHER_SECRET].join('|')));
});

onEveryStore(
  'workers with different rings are told of each other, until the announcement is two minutes old',
  async (world) => {
    const one = world.process([NEW_SECRET, OLD_SECRET]);
    const two = world.process([NEW_SECRET, OLD_SECRET]);
    const odd = world.process([OLD_SECRET, NEW_SECRET]);
    assert.deepEqual((await check(one, 'one')).differing, []);
    assert.deepEqual((await check(two, 'two')).differing, []);
    const told = await check(odd, 'odd');
    assert.deepEqual(told.differing.map(({ instance }) => instance).sort(), ['one', 'two']);
    assert.deepEqual((await check(one, 'one')).differing, [{ instance: 'odd', keyIds: [OLD, NEW] }]);
    world.forward(120);
    assert.equal((await check(one, 'one')).differing.length, 1);
    world.forward(0.001);
    assert.deepEqual((await check(one, 'one')).differing, []);
  },
);

test('a process that comes back with another ring replaces what it announced before', async () => {
  const world = createWorld();
  await check(world.process([OLD_SECRET]), 'one');
  await check(world.process([NEW_SECRET]), 'one');
  assert.deepEqual((await check(world.process([NEW_SECRET]), 'two')).differing, []);
});

test('a person who sleeps through two key rotations stays signed in for as long as their key is in the ring', async () => {
  const world = createWorld({ secrets: [OLD_SECRET] });
  const { jar } = await signIn(world);
  world.forward(6 * DAY);
  const third = world.process([OTHER_SECRET, NEW_SECRET, OLD_SECRET]);
  assert.equal(await visit(world, jar, { sessions: third }), 'ada');
  world.forward(ACCESS_DUE);
  assert.equal(await visit(world, jar, { sessions: third }), 'ada');
  assert.deepEqual((await check(third)).sessionsByKey, { [OTHER]: 1 });
});
