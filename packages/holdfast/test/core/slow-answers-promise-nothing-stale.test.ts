import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenGrant } from '../../src/core/outcomes.ts';
import { ACCESS_DUE, createWorld, DAY, type Jar, signIn, visit, type World } from './world.ts';

/** A request that refreshes and whose headers have not left yet. */
async function slowRequest(world: World, jar: Jar): Promise<TokenGrant> {
  const resolution = await world.sessions.resolve(jar.refreshOnly);
  assert.ok(resolution.status === 'signed-in' && resolution.grant);
  return resolution.grant;
}

test('an answer that leaves at once carries a successor without asking the store again', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.forward(ACCESS_DUE);
  const grant = await slowRequest(world, jar);
  world.calls.length = 0;
  const issued = await grant.issue();
  assert.ok(issued?.access && issued.refresh);
  assert.deepEqual(world.calls, []);
});

test('an answer that leaves 2 s later carries a successor while the session is where it was', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.forward(ACCESS_DUE);
  const grant = await slowRequest(world, jar);
  world.forward(2);
  const issued = await grant.issue();
  assert.ok(issued?.access && issued.refresh);
  jar.keep(issued);
  world.forward(ACCESS_DUE);
  assert.equal(await visit(world, jar), 'ada');
});

test('an answer that leaves 40 s late carries an access token alone, and only while the session is where it was', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.forward(ACCESS_DUE);
  const grant = await slowRequest(world, jar);
  world.forward(40);
  const issued = await grant.issue();
  assert.ok(issued?.access);
  assert.equal(issued.refresh, null);
  jar.keep(issued);
  assert.equal(await visit(world, jar), 'ada');
});

test('a late answer carries nothing when the session moved on, ended, expired, got a new id or cannot be asked for', async () => {
  const tried = new Set<string>();
  const changes: Record<string, (world: World, jar: Jar, id: string) => unknown> = {
    'moved on': async (world, jar) => {
      const other = jar.copy();
      await visit(world, other, { tokens: other.refreshOnly });
      world.forward(ACCESS_DUE);
      await visit(world, other);
    },
    ended: (world, _jar, id) => world.sessions.end(id, 'signed-out'),
    expired: (world) => world.forward(8 * DAY),
    'got a new id': (world, _jar, id) => world.sessions.rotateId(id),
    'cannot be asked for': (world) => {
      world.plan = () => 'fails';
    },
    'does not answer': (world) => {
      world.plan = () => 'hangs';
    },
  };
  for (const [name, change] of Object.entries(changes).flatMap((entry) => [entry, entry])) {
    const seconds = tried.has(name) ? 40 : 2;
    tried.add(name);
    const world = createWorld();
    const { jar, id } = await signIn(world);
    world.forward(ACCESS_DUE);
    const grant = await slowRequest(world, jar);
    await change(world, jar, id);
    world.forward(seconds);
    assert.equal(await grant.issue(), null, `${name}, ${seconds} s`);
  }
});

test('the tokens of a sign-in that was slow to answer are those of the session, whole', async () => {
  const world = createWorld();
  const started = await world.sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started');
  world.forward(40);
  const issued = await started.grant.issue();
  assert.ok(issued?.access && issued.refresh);
  for (const tokens of [
    { access: [issued.access.value], refresh: [] },
    { access: [], refresh: [issued.refresh.value] },
  ]) {
    assert.equal((await world.sessions.resolve(tokens)).status, 'signed-in');
  }
});

test('a sign-in that was slow to answer hands out its tokens even when the store cannot be asked again', async () => {
  const world = createWorld();
  const started = await world.sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started');
  world.forward(2);
  world.plan = () => 'fails';
  const issued = await started.grant.issue();
  world.plan = () => null;
  assert.ok(issued?.refresh);
  assert.equal((await world.sessions.resolve({ access: [], refresh: [issued.refresh.value] })).status, 'signed-in');
});

test('a clock that was set back between request and answer does not make the answer look soon', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  world.forward(ACCESS_DUE);
  const grant = await slowRequest(world, jar);
  await world.sessions.end(id, 'signed-out');
  world.forward(-60);
  assert.equal(await grant.issue(), null);
});
