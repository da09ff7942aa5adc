import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../src/core/record.ts';
import { createWorld, Jar, onEveryStore, signIn, visit, type World } from './world.ts';

async function visitAnonymously(world: World, data = {}): Promise<{ jar: Jar; session: Session }> {
  const started = await world.sessions.startAnonymous({ data });
  assert.ok(started.status === 'started');
  const jar = new Jar();
  await jar.receive(started.grant);
  return { jar, session: started.session };
}

/** The session as the application sees it in a request. */
async function sessionOf(world: World, jar: Jar): Promise<Session> {
  const resolution = await world.sessions.resolve(jar.tokens);
  if (resolution.status === 'signed-in') return resolution.session;
  assert.ok(resolution.status === 'not-signed-in' && resolution.anonymous);
  return resolution.anonymous;
}

test('a new session says whose it is, how they proved it, from where and for how long', async () => {
  const world = createWorld();
  const started = await world.sessions.start({
    userId: 'ada',
    amr: ['pwd', 'otp'],
    device: { userAgent: 'x'.repeat(1000), ip: '192.0.2.1' },
    data: { theme: 'dark' },
  });
  assert.ok(started.status === 'started');
  const { session } = started;
  assert.match(session.id, /^[\w-]{22}$/);
  assert.equal(session.userId, 'ada');
  assert.deepEqual(session.amr, ['pwd', 'otp']);
  assert.equal(session.authenticatedAt, world.now());
  assert.equal(session.device.userAgent?.length, 256);
  assert.equal(session.device.ip, '192.0.2.1');
  assert.deepEqual(session.data, { theme: 'dark' });
  assert.deepEqual(world.events, [{ type: 'session-started', sessionId: session.id, userId: 'ada', at: world.now() }]);
});

onEveryStore('an anonymous visitor is not signed in and has a session all the same', async (world) => {
  const { jar, session } = await visitAnonymously(world, { cart: [1] });
  const resolution = await world.sessions.resolve(jar.tokens);
  assert.ok(resolution.status === 'not-signed-in');
  assert.equal(resolution.reason, 'no-token');
  assert.equal(resolution.anonymous?.id, session.id);
  assert.deepEqual({ ...resolution.anonymous?.data }, { cart: [1] });
  for (let i = 0; i < 5; i++) {
    world.forward(400);
    assert.equal(await visit(world, jar), 'no-token');
  }
  assert.equal((await sessionOf(world, jar)).id, session.id);
});

onEveryStore(
  'anonymous data survive sign-in, those given at sign-in win, and the anonymous session is over',
  async (world) => {
    const { jar } = await visitAnonymously(world, { cart: [1, 2], theme: 'dark' });
    const { jar: signedIn, id } = await signIn(world, 'ada', {
      data: { theme: 'light', role: 'user' },
      replaces: await sessionOf(world, jar),
    });
    assert.deepEqual({ ...(await world.record(id)).data }, { cart: [1, 2], theme: 'light', role: 'user' });
    assert.equal(await visit(world, signedIn), 'ada');
    assert.equal(await visit(world, jar), 'signed-out');
  },
);

onEveryStore('what is written to the anonymous session while the sign-in is under way comes along', async (world) => {
  const { jar, session } = await visitAnonymously(world, { cart: [1], theme: 'dark', wish: 'x' });
  const seen = await sessionOf(world, jar);
  await world.sessions.update(session.id, { set: { cart: [1, 2], theme: 'blue', seen: true }, unset: ['wish'] });
  const { id } = await signIn(world, 'ada', { data: { theme: 'light' }, replaces: seen });
  assert.deepEqual({ ...(await world.record(id)).data }, { cart: [1, 2], theme: 'light', seen: true });
});

onEveryStore('a write in flight at sign-in either comes along or is told that it was too late', async (world) => {
  for (let round = 0; round < 20; round++) {
    const { session } = await visitAnonymously(world);
    const [written, { id }] = await Promise.all([
      world.sessions.update(session.id, { set: { late: round } }),
      signIn(world, `user ${round}`, { replaces: session }),
    ]);
    const { data } = await world.record(id);
    assert.equal(data.late, written.status === 'updated' ? round : undefined);
  }
});

test('a store that fails over the last write of an anonymous session fails no sign-in', async () => {
  const world = createWorld();
  const { jar, session } = await visitAnonymously(world, { cart: [1] });
  const seen = await sessionOf(world, jar);
  await world.sessions.update(session.id, { set: { late: 1 } });
  world.plan = (_call, operation) => (operation === 'update' ? 'fails' : null);
  const { jar: signedIn, id } = await signIn(world, 'ada', { replaces: seen });
  assert.equal(await visit(world, signedIn), 'ada');
  assert.deepEqual({ ...(await world.record(id)).data }, { cart: [1] });
});

onEveryStore('LC4: an anonymous session planted in a browser never becomes its owner’s', async (world) => {
  const { jar: planted, session } = await visitAnonymously(world);
  const attacker = planted.copy();
  const { id, jar } = await signIn(world, 'ada', { replaces: await sessionOf(world, planted) });
  assert.notEqual(id, session.id);
  assert.equal(await visit(world, attacker), 'signed-out');
  assert.equal(await visit(world, attacker, { tokens: attacker.refreshOnly }), 'signed-out');
  assert.equal(await visit(world, jar), 'ada');
});

onEveryStore(
  'LC1, LC2: signing in as B over A’s session shows none of A’s data, and A’s tokens are dead',
  async (world) => {
    const ada = await signIn(world, 'ada', { data: { secret: 'of ada' } });
    const replaces = await sessionOf(world, ada.jar);
    const bob = await signIn(world, 'bob', { replaces });
    assert.notEqual(bob.id, ada.id);
    assert.deepEqual({ ...(await world.record(bob.id)).data }, {});
    assert.equal(await visit(world, ada.jar), 'signed-out');
    assert.equal(await visit(world, ada.jar, { tokens: ada.jar.refreshOnly }), 'signed-out');
    assert.equal(await visit(world, bob.jar), 'bob');
    assert.deepEqual(
      world.eventsOf('session-ended').map(({ sessionId, userId, reason }) => [sessionId, userId, reason]),
      [[ada.id, 'ada', 'signed-out']],
    );
  },
);

onEveryStore('A’s session is dead also when its id was rotated while B signed in over it', async (world) => {
  const ada = await signIn(world, 'ada');
  const replaces = await sessionOf(world, ada.jar);
  const rotated = await world.sessions.rotateId(ada.id);
  assert.ok(rotated.status === 'rotated');
  const moved = new Jar();
  await moved.receive(rotated.grant);
  await signIn(world, 'bob', { replaces });
  assert.equal(await visit(world, moved), 'signed-out');
  assert.equal(await visit(world, moved, { tokens: moved.refreshOnly }), 'signed-out');
  assert.notEqual(await visit(world, ada.jar), 'ada');
});

test('two sign-ins that replace the same session both succeed, and it ends once', async () => {
  const world = createWorld();
  const { session } = await visitAnonymously(world, { cart: [1] });
  const signedIn = await Promise.all([1, 2].map(() => signIn(world, 'ada', { replaces: session })));
  for (const { jar } of signedIn) assert.equal(await visit(world, jar), 'ada');
  assert.equal(world.eventsOf('session-ended').length, 1);
});

test('a session id that exists already is not overwritten, and a random source that repeats itself is a failure', async () => {
  const world = createWorld();
  let made = 0;
  const taken = new Set<string>();
  const { store } = world;
  const create = store.create.bind(store);
  store.create = (record, limit) => {
    made++;
    taken.add(record.id);
    return made < 3 ? { status: 'exists' } : create(record, limit);
  };
  const { jar } = await signIn(world);
  assert.equal(taken.size, 3, 'each try has an id of its own');
  assert.equal(await visit(world, jar), 'ada');
  store.create = () => ({ status: 'exists' });
  await assert.rejects(world.sessions.start({ userId: 'ada' }), /random source repeats itself/);
});

test('data that come back are plain objects, so that applications can compare and print them', async () => {
  const world = createWorld();
  const given = { list: [{ a: 1 }] };
  const started = await world.sessions.start({ userId: 'ada', data: given });
  assert.ok(started.status === 'started');
  assert.deepStrictEqual(started.session.data, given);
});
