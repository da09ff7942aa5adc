import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_DUE, createWorld, Jar, onEveryStore, signIn, visit } from './world.ts';

onEveryStore(
  'RV1: a sign-out holds at once, for the access token as well, and ends the session once',
  async (world) => {
    const { jar, id } = await signIn(world);
    assert.deepEqual(await world.sessions.end(id, 'signed-out'), { status: 'ended', ended: 1 });
    assert.equal(await visit(world, jar), 'signed-out');
    assert.deepEqual(await world.sessions.end(id, 'revoked'), { status: 'ended', ended: 0 });
    assert.equal(await visit(world, jar), 'signed-out', 'the first reason stays');
    assert.equal(world.eventsOf('session-ended').length, 1);
  },
);

onEveryStore('RV2: whatever is in flight while the session ends, it does not come back', async (world) => {
  for (let round = 0; round < 10; round++) {
    const { jar, id } = await signIn(world);
    world.forward(ACCESS_DUE);
    await visit(world, jar);
    world.forward(ACCESS_DUE);
    const tabs = Array.from({ length: 6 }, () => jar.copy());
    await Promise.all([
      ...tabs.map((tab) => visit(world, tab)),
      world.sessions.update(id, { set: { a: 1 } }),
      world.sessions.end(id, 'signed-out'),
      world.sessions.update(id, { set: { b: 1 } }),
      world.sessions.rotateId(id),
    ]);
    for (const tab of [jar, ...tabs]) {
      assert.equal(await visit(world, tab), 'signed-out');
      assert.equal(await visit(world, tab, { tokens: tab.refreshOnly }), 'signed-out');
    }
  }
  assert.equal(world.eventsOf('session-ended').length, 10);
});

test('many who end the same session end it once', async () => {
  const world = createWorld();
  const { id } = await signIn(world);
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => world.sessions.end(id, 'signed-out')));
  assert.equal(
    outcomes.reduce((sum, outcome) => sum + (outcome.status === 'ended' ? outcome.ended : 0), 0),
    1,
  );
  assert.equal(world.eventsOf('session-ended').length, 1);
});

test('RV6: one person cannot end another’s session', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world, 'ada');
  const started = await world.sessions.startAnonymous();
  assert.ok(started.status === 'started');
  for (const foreign of [id, started.session.id, 'AAAAAAAAAAAAAAAAAAAAAA']) {
    assert.deepEqual(await world.sessions.end(foreign, 'revoked', { userId: 'eve' }), { status: 'ended', ended: 0 });
  }
  const moved = await world.sessions.rotateId(id);
  assert.ok(moved.status === 'rotated');
  assert.deepEqual(await world.sessions.end(id, 'revoked', { userId: 'eve' }), { status: 'ended', ended: 0 });
  assert.equal(await visit(world, jar), 'ada');
  assert.deepEqual(world.eventsOf('session-ended'), []);
});

onEveryStore('RV7: all sessions of a user end together, and only theirs', async (world) => {
  const own = await Promise.all([1, 2, 3].map(() => signIn(world, 'ada')));
  const other = await signIn(world, 'bob');
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked'), { status: 'ended', ended: 3 });
  for (const { jar } of own) assert.equal(await visit(world, jar), 'revoked');
  assert.equal(await visit(world, other.jar), 'bob');
  assert.equal(world.eventsOf('session-ended').length, 3);
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked'), { status: 'ended', ended: 0 });
  assert.deepEqual(await world.sessions.endAll('nobody', 'revoked'), { status: 'ended', ended: 0 });
});

onEveryStore('the session that asks can be kept, also when its id changed a moment ago', async (world) => {
  const { jar, id } = await signIn(world);
  await signIn(world);
  await signIn(world);
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked', { exceptId: id }), { status: 'ended', ended: 2 });
  assert.equal(await visit(world, jar), 'ada');

  const rotated = await world.sessions.rotateId(id);
  assert.ok(rotated.status === 'rotated');
  const moved = new Jar();
  await moved.receive(rotated.grant);
  await signIn(world);
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked', { exceptId: id }), { status: 'ended', ended: 1 });
  assert.equal(await visit(world, moved), 'ada');
});

test('keeping a session that is none of the user’s keeps nothing', async () => {
  const world = createWorld();
  await signIn(world);
  const { jar: other, id } = await signIn(world, 'bob');
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked', { exceptId: id }), { status: 'ended', ended: 1 });
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked', { exceptId: 'x' }), { status: 'ended', ended: 0 });
  assert.equal(await visit(world, other), 'bob');
});

test('what had expired is neither counted nor told as revoked', async () => {
  const world = createWorld();
  await signIn(world, 'ada', { idleSeconds: 60 });
  world.forward(60);
  await signIn(world);
  assert.deepEqual(await world.sessions.endAll('ada', 'revoked'), { status: 'ended', ended: 1 });
  assert.deepEqual(
    world
      .eventsOf('session-ended')
      .map(({ reason }) => reason)
      .sort(),
    ['expired-idle', 'revoked'],
  );
});

onEveryStore('a person sees their devices, the last used first, each session once', async (world) => {
  const phone = await signIn(world, 'ada', { device: { userAgent: 'phone' } });
  world.forward(10);
  const laptop = await signIn(world, 'ada', { device: { userAgent: 'laptop' } });
  await signIn(world, 'bob');
  await world.sessions.startAnonymous();
  const ids = async (): Promise<string[]> => {
    const listed = await world.sessions.list('ada');
    assert.ok(listed.status === 'listed');
    return listed.sessions.map((session) => session.id);
  };
  assert.deepEqual(await ids(), [laptop.id, phone.id]);
  world.forward(40_000);
  await visit(world, phone.jar);
  assert.deepEqual(await ids(), [phone.id, laptop.id]);
  world.forward(1);
  const rotated = await world.sessions.rotateId(laptop.id);
  assert.ok(rotated.status === 'rotated');
  assert.deepEqual(await ids(), [rotated.session.id, phone.id]);
  await world.sessions.end(phone.id, 'revoked');
  assert.deepEqual(await ids(), [rotated.session.id]);
});
