import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueToken, MAX_GENERATION } from '../../src/core/token.ts';
import { ACCESS_DUE, createWorld, DAY, type Jar, onEveryStore, signIn, visit, type World } from './world.ts';

/** Lets the access token fall due and comes back, so that the refresh token is used in earnest. */
async function refreshOnce(world: World, jar: Jar): Promise<string> {
  world.forward(ACCESS_DUE);
  return visit(world, jar);
}

onEveryStore(
  'a person who comes back every few minutes stays signed in for a month, and the token moves on',
  async (world) => {
    const { jar, id } = await signIn(world);
    const seen = new Set<string | null>();
    for (let i = 0; i < 200; i++) {
      seen.add(jar.refresh);
      assert.equal(await refreshOnce(world, jar), 'ada');
    }
    assert.equal(seen.size, 200);
    assert.equal((await world.record(id)).generation, 199);
  },
);

test('while the access token is good nothing is issued, written or refreshed', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.calls.length = 0;
  world.forward(59);
  const resolution = await world.sessions.resolve(jar.tokens);
  assert.equal(resolution.status, 'signed-in');
  assert.equal(resolution.status === 'signed-in' && resolution.grant, null);
  assert.deepEqual(world.calls, ['read']);
});

test('an access token is good up to the second it names, and no longer', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  const second = Math.floor(world.now() / 1000);
  jar.access = issueToken(world.ring, 'access', id, 0, second + 10);
  world.forward(9.999);
  assert.equal(await visit(world, jar, { tokens: { access: jar.tokens.access, refresh: [] } }), 'ada');
  world.forward(0.001);
  assert.equal(await visit(world, jar, { tokens: { access: jar.tokens.access, refresh: [] } }), 'no-token');
  assert.equal(await visit(world, jar), 'ada');
});

test('the first use of a successor confirms its generation, once, and hands out the next', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  await refreshOnce(world, jar);
  assert.equal((await world.record(id)).generation, 0, 'handing out a successor writes nothing');
  await refreshOnce(world, jar);
  assert.equal((await world.record(id)).generation, 1);
  assert.deepEqual(
    world.eventsOf('session-refreshed').map((event) => event.generation),
    [1],
  );
});

test('a young token is answered with an access token alone and nothing is written', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  await refreshOnce(world, jar);
  world.forward(30);
  world.calls.length = 0;
  const resolution = await world.sessions.resolve(jar.refreshOnly);
  assert.equal(resolution.status, 'signed-in');
  const issued = resolution.status === 'signed-in' ? await resolution.grant?.issue() : null;
  assert.ok(issued?.access);
  assert.equal(issued.refresh, null);
  assert.deepEqual(world.calls, ['read']);
});

test('RF3: two racing tabs get twins, and both stay good whichever is used', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.forward(ACCESS_DUE);
  const other = jar.copy();
  await visit(world, jar);
  world.forward(20);
  await visit(world, other);
  assert.notEqual(jar.refresh, other.refresh);
  assert.equal(await refreshOnce(world, jar), 'ada');
  // The jar of the slower tab won in the browser: its cookie is the twin of what was confirmed.
  assert.equal(await visit(world, other, { tokens: other.refreshOnly }), 'ada');
  assert.deepEqual(world.eventsOf('session-ended'), []);
});

onEveryStore('RF3: an answer that never arrived signs nobody out, not even after a week', async (world) => {
  const { jar } = await signIn(world);
  for (let i = 0; i < 5; i++) {
    world.forward(DAY);
    const lost = await world.sessions.resolve(jar.tokens);
    assert.equal(lost.status, 'signed-in');
    if (lost.status === 'signed-in') await lost.grant?.issue();
  }
  assert.equal(await refreshOnce(world, jar), 'ada');
  assert.equal(await refreshOnce(world, jar), 'ada');
});

test('fifty requests at once with one due token all succeed, and one of them confirms', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  await refreshOnce(world, jar);
  world.forward(ACCESS_DUE);
  world.calls.length = 0;
  const answers = await Promise.all(Array.from({ length: 50 }, () => visit(world, jar.copy())));
  assert.deepEqual(new Set(answers), new Set(['ada']));
  assert.equal((await world.record(id)).generation, 1);
  assert.equal(world.eventsOf('session-refreshed').length, 1);
});

test('busy writers of data do not make a good token fail', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  await refreshOnce(world, jar);
  world.forward(ACCESS_DUE);
  let writes = 0;
  world.plan = (_call, operation) => {
    // Before each attempt to confirm, somebody else changes the record.
    if (operation === 'update') void world.store.update(id, { set: { writes: writes++ } });
    return null;
  };
  assert.equal(await visit(world, jar), 'ada');
  assert.ok(writes > 1);
  world.plan = () => null;
  assert.equal(await refreshOnce(world, jar), 'ada');
  assert.equal((await world.record(id)).generation, 1);
});

onEveryStore('a store that lost its last writes is told, and signs nobody out', async (world) => {
  const { jar, id } = await signIn(world);
  const early = await world.record(id);
  for (let i = 0; i < 4; i++) await refreshOnce(world, jar);
  // The store comes back from a snapshot.
  await world.store.delete(id);
  await world.store.create(early);
  assert.equal(await refreshOnce(world, jar), 'ada');
  assert.deepEqual(
    world
      .eventsOf('store-regressed')
      .map(({ storedGeneration, presentedGeneration }) => [storedGeneration, presentedGeneration]),
    [[0, 4]],
  );
  assert.equal((await world.record(id)).generation, 4);
  assert.equal(await refreshOnce(world, jar), 'ada');
  assert.equal(world.eventsOf('store-regressed').length, 1);
});

test('a regressed store is told once although the confirmation needs several rounds', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  const token = issueToken(world.ring, 'refresh', id, 5, Math.floor(world.now() / 1000));
  world.forward(ACCESS_DUE);
  let disturbed = 0;
  world.plan = (_call, operation) => {
    if (operation === 'update' && disturbed++ < 3) void world.store.update(id, { set: { disturbed } });
    return null;
  };
  assert.equal(await visit(world, jar, { tokens: { access: [], refresh: [token] } }), 'ada');
  assert.equal(world.eventsOf('store-regressed').length, 1);
});

test('the 21st successor of one generation is reported, once, and nobody is signed out', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  world.forward(31);
  const tokens = jar.refreshOnly;
  for (let i = 1; i <= 60; i++) {
    assert.equal(await visit(world, jar, { tokens }), 'ada');
    assert.equal(world.eventsOf('refresh-hammering').length, i >= 21 ? 1 : 0, `after ${i}`);
  }
  const [event] = world.eventsOf('refresh-hammering');
  assert.equal(event?.sessionId, id);
  assert.equal(event?.successors, 21);
});

test('a client that refreshes as often, each time with the newest token, is not reported', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  for (let i = 0; i < 60; i++) {
    world.forward(31);
    assert.equal(await visit(world, jar, { tokens: jar.refreshOnly }), 'ada');
  }
  assert.deepEqual(world.eventsOf('refresh-hammering'), []);
});

test('the last generation that a token can carry stays good for ever', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  jar.refresh = issueToken(world.ring, 'refresh', id, MAX_GENERATION, Math.floor(world.now() / 1000));
  for (let i = 0; i < 3; i++) assert.equal(await refreshOnce(world, jar), 'ada');
  assert.equal((await world.record(id)).generation, MAX_GENERATION);
});

test('the tokens that go out say how long they are of use, and no longer than the session lives', async () => {
  const world = createWorld();
  const started = await world.sessions.start({ userId: 'ada', idleSeconds: 100, absoluteSeconds: 200 });
  assert.equal(started.status, 'started');
  const issued = started.status === 'started' ? await started.grant.issue() : null;
  assert.equal(issued?.access.maxAgeSeconds, 200);
  assert.equal(issued?.refresh?.maxAgeSeconds, 200);
  assert.match(issued?.access.value as string, /^[\w-]{80}$/);
});
