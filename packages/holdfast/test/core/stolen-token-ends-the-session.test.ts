import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_DUE, createWorld, DAY, onEveryStore, signIn, visit } from './world.ts';

onEveryStore(
  'RF2: when a copied token and its owner have both moved on, the session ends as reused, told once',
  async (world) => {
    const { jar, id } = await signIn(world);
    world.forward(ACCESS_DUE);
    const thief = jar.copy();
    assert.equal(await visit(world, jar), 'ada');
    world.forward(60);
    assert.equal(await visit(world, thief, { tokens: thief.refreshOnly }), 'ada', 'so far it looks like a second tab');
    world.forward(ACCESS_DUE);
    assert.equal(await visit(world, jar), 'ada', 'the owner confirms a successor');
    assert.equal(await visit(world, thief), 'reused', 'and the fork shows');
    assert.equal(await visit(world, thief), 'reused');
    assert.equal(await visit(world, jar), 'reused', 'nobody knows which of the two was the owner');
    assert.deepEqual(
      world.eventsOf('session-ended').map(({ sessionId, userId, reason }) => ({ sessionId, userId, reason })),
      [{ sessionId: id, userId: 'ada', reason: 'reused' }],
    );
  },
);

test('RF4: a token of two generations ago is a copy', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'reused');
});

test('of many requests that show the theft at the same moment one tells of it, and all are refused', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  const answers = await Promise.all(Array.from({ length: 30 }, () => visit(world, copy, { tokens: copy.refreshOnly })));
  assert.deepEqual(new Set(answers), new Set(['reused']));
  assert.equal(world.eventsOf('session-ended').length, 1);
});

test('a superseded token of a session that its owner ended before is told that reason', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  await world.sessions.end(id, 'revoked');
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'revoked');
});

test('a theft that cannot be written down is no sign-in either', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  world.plan = (_call, operation) => (operation === 'take' ? 'fails' : null);
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'unreachable');
  world.plan = () => null;
  world.forward(60);
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'reused');
});

test('a theft ends this session alone: the other devices of the person stay signed in', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const phone = (await signIn(world)).jar;
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'reused');
  assert.equal(await visit(world, phone), 'ada');
});

test('the reason can be told for a day', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  await world.sessions.end(id, 'revoked');
  world.forward(DAY - 1);
  assert.equal(await visit(world, jar), 'revoked');
  world.forward(1);
  assert.equal(await visit(world, jar), 'not-found');
});
