import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, onEveryStore, signIn, visit, type World } from './world.ts';

function touches(world: World): number {
  return world.calls.filter((operation) => operation === 'touch').length;
}

test('a session that is read all the time is written at most once per refresh window', async () => {
  const world = createWorld();
  const { jar } = await signIn(world, 'ada', { idleSeconds: 1200 });
  // Beside a good access token nothing but the touch could write.
  const tokens = { access: [jar.access as string], refresh: [] };
  world.calls.length = 0;
  for (let second = 1; second <= 180; second++) {
    world.forward(1);
    assert.equal(await visit(world, jar, { tokens }), 'ada');
  }
  assert.equal(touches(world), 3);
  assert.equal(world.calls.length, 183);
});

onEveryStore('fifty parallel requests after a pause write once, and all of them see the new times', async (world) => {
  const { jar, id } = await signIn(world, 'ada', { idleSeconds: 1200 });
  world.forward(200);
  world.calls.length = 0;
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.sessions.resolve(jar.tokens)));
  for (const answer of answers) {
    assert.ok(answer.status === 'signed-in');
    assert.equal(answer.session.lastSeenAt, world.now());
    assert.equal(answer.session.expiresAt, world.now() + 1_200_000);
  }
  assert.equal(touches(world), 1);
  assert.equal((await world.record(id)).lastSeenAt, world.now());
});

test('different sessions do not wait for each other', async () => {
  const world = createWorld();
  const jars = await Promise.all(
    Array.from({ length: 5 }, (_, i) => signIn(world, `user ${i}`, { idleSeconds: 1200 })),
  );
  world.forward(100);
  world.calls.length = 0;
  await Promise.all(jars.flatMap(({ jar }) => [visit(world, jar), visit(world, jar)]));
  assert.equal(touches(world), 5);
});

test('a touch that fails signs nobody out, claims nothing, and is tried again by the next request', async () => {
  const world = createWorld();
  const { jar } = await signIn(world, 'ada', { idleSeconds: 1200 });
  const before = world.now();
  world.forward(100);
  for (const fault of ['fails', 'hangs', 'loses its answer'] as const) {
    world.plan = (_call, operation) => (operation === 'touch' ? fault : null);
    const answer = await world.sessions.resolve(jar.tokens, {});
    assert.ok(answer.status === 'signed-in');
    if (fault !== 'loses its answer') assert.equal(answer.session.lastSeenAt, before);
  }
  assert.equal(world.eventsOf('store-failed').length, 3);
});

test('a passive request writes nothing', async () => {
  const world = createWorld();
  const { jar } = await signIn(world, 'ada', { idleSeconds: 1200 });
  world.forward(100);
  world.calls.length = 0;
  assert.equal(await visit(world, jar, { passive: true }), 'ada');
  assert.deepEqual(world.calls, ['read']);
});

test('a touch under way while the session ends does not bring it back', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world, 'ada', { idleSeconds: 1200 });
  world.forward(100);
  world.plan = (_call, operation) => {
    if (operation === 'touch') void world.store.take(id, { reason: 'signed-out', at: world.now() });
    return null;
  };
  await world.sessions.resolve(jar.tokens);
  world.plan = () => null;
  assert.equal(await visit(world, jar), 'signed-out');
});
