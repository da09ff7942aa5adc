import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenGrant } from '../../src/core/outcomes.ts';
import type { Session } from '../../src/core/record.ts';
import type { Fault } from './faults.ts';
import {
  ACCESS_DUE,
  createWorld,
  Jar,
  NEW_SECRET,
  OLD_SECRET,
  onEveryStore,
  signIn,
  visit,
  type World,
} from './world.ts';

interface Scene {
  readonly jar: Jar;
  readonly id: string;
  readonly session: Session;
}

interface Operation {
  /** What happened before; the person is signed in at the end of it. */
  readonly before?: (world: World, scene: Scene) => Promise<void>;
  readonly run: (
    world: World,
    scene: Scene,
  ) => Promise<{ readonly status: string; readonly grant?: TokenGrant | null }>;
  /** What the operation answers when nothing fails. */
  readonly good: string;
  /** The operation is meant to end the session, so only "not done" may leave it alive. */
  readonly ends?: true;
  /** Store operations whose lost answer may leave the former session ended: it was to end, and the sign-in is repeated. */
  readonly mayEnd?: readonly string[];
}

async function due(world: World, { jar }: Scene): Promise<void> {
  world.forward(ACCESS_DUE);
  await visit(world, jar);
  world.forward(ACCESS_DUE);
}

const OPERATIONS: Record<string, Operation> = {
  'a request with a good access token': {
    run: (world, { jar }) => world.sessions.resolve(jar.tokens),
    good: 'signed-in',
  },
  'a request that is due to note activity': {
    before: async (world) => world.forward(200),
    run: (world, { jar }) => world.sessions.resolve(jar.tokens),
    good: 'signed-in',
  },
  'a refresh that confirms': {
    before: due,
    run: (world, { jar }) => world.sessions.resolve(jar.tokens),
    good: 'signed-in',
  },
  'a refresh that confirms nothing': {
    before: async (world) => world.forward(ACCESS_DUE),
    run: (world, { jar }) => world.sessions.resolve(jar.tokens),
    good: 'signed-in',
  },
  'a refresh after a key rotation': {
    before: async (world) => world.forward(ACCESS_DUE),
    run: (world, { jar }) => world.process([OLD_SECRET, NEW_SECRET]).resolve(jar.tokens),
    good: 'signed-in',
  },
  'a request under an id that was rotated': {
    before: async (world, { id }) => void (await world.sessions.rotateId(id)),
    run: (world, { jar }) => world.sessions.resolve(jar.tokens),
    good: 'signed-in',
  },
  'an update': { run: (world, { id }) => world.sessions.update(id, { set: { a: 1 } }), good: 'updated' },
  'an update under an id that was rotated': {
    before: async (world, { id }) => void (await world.sessions.rotateId(id)),
    run: (world, { id }) => world.sessions.update(id, { set: { a: 1 } }),
    good: 'updated',
  },
  'a new id': { run: (world, { id }) => world.sessions.rotateId(id), good: 'rotated' },
  'a step-up': { run: (world, { id }) => world.sessions.stepUp(id, ['otp']), good: 'rotated' },
  'a list of devices': { run: (world) => world.sessions.list('ada'), good: 'listed' },
  'a sign-out': {
    run: (world, { id }) => world.sessions.end(id, 'signed-out', { userId: 'ada' }),
    good: 'ended',
    ends: true,
  },
  'a sign-out everywhere': { run: (world) => world.sessions.endAll('ada', 'revoked'), good: 'ended', ends: true },
  'a sign-out everywhere else': {
    run: (world, { id }) => world.sessions.endAll('ada', 'revoked', { exceptId: id }),
    good: 'ended',
  },
  'a sign-in on another device': { run: (world) => world.sessions.start({ userId: 'ada' }), good: 'started' },
  'a sign-in over the own session': {
    run: (world, { session }) => world.sessions.start({ userId: 'ada', replaces: session }),
    good: 'started',
    mayEnd: ['take'],
  },
  'a check of the keys': { run: (world) => world.sessions.checkKeys('here'), good: 'checked' },
};

/** Runs the operation with a fault at its n-th store call; false when it made fewer calls. */
async function runWithFault(name: string, operation: Operation, n: number, fault: Fault): Promise<boolean> {
  const where = `${name}, call ${n} ${fault}`;
  const world = createWorld();
  const { jar, id } = await signIn(world, 'ada', { idleSeconds: 3600 });
  const scene = { jar, id, session: await world.record(id) };
  await operation.before?.(world, scene);
  const former = jar.copy();

  let hit = '';
  world.calls.length = 0;
  world.plan = (call, called) => {
    if (call !== n) return null;
    hit = called;
    return fault;
  };
  const outcome = await operation.run(world, scene);
  world.plan = () => null;
  assert.ok(outcome.status === operation.good || outcome.status === 'unreachable', `${where}: ${outcome.status}`);
  if (hit === '') return false;
  assert.ok(world.eventsOf('store-failed').length >= 1, `${where}: nobody was told`);

  world.forward(10);
  if (outcome.status === 'unreachable') {
    // The browser got a 503 and no cookie: it is where it was, unless the very end that it asked for was done.
    const mayHaveEnded = fault === 'loses its answer' && (operation.ends || operation.mayEnd?.includes(hit));
    const word = await visit(world, former);
    assert.ok(word === 'ada' || mayHaveEnded, `${where}: ${word}`);
  } else if (!operation.ends) {
    await jar.receive(outcome.grant ?? null);
    assert.equal(await visit(world, jar), 'ada', where);
    world.forward(ACCESS_DUE);
    assert.equal(await visit(world, jar), 'ada', where);
    world.forward(ACCESS_DUE);
    assert.equal(await visit(world, jar), 'ada', where);
  }
  return true;
}

for (const [name, operation] of Object.entries(OPERATIONS)) {
  test(`RV11: ${name} survives a store that fails, hangs or loses its answer at any call`, async () => {
    for (const fault of ['fails', 'hangs', 'loses its answer'] as const) {
      let n = 1;
      while (await runWithFault(name, operation, n, fault)) n++;
      assert.ok(n > 1, 'the operation calls the store');
      assert.ok(n < 20);
    }
  });
}

test('a sign-in that fails half-way leaves no second session behind', async () => {
  for (const operation of ['create', 'take']) {
    const world = createWorld();
    const { jar, id } = await signIn(world);
    const replaces = await world.record(id);
    world.plan = (_call, called) => (called === operation ? 'fails' : null);
    assert.equal((await world.sessions.start({ userId: 'ada', replaces })).status, 'unreachable');
    world.plan = () => null;
    assert.equal((await world.store.count()).sessions, 1);
    assert.equal(await visit(world, jar), 'ada');
    assert.equal(world.eventsOf('session-started').length, 1);
  }
});

onEveryStore(
  'with a full disk people stay signed in: refreshing gives an access token alone, until the disk is well',
  async (world) => {
    const { jar } = await signIn(world);
    world.forward(ACCESS_DUE);
    await visit(world, jar);
    world.plan = (_call, operation) => (operation === 'read' ? null : 'fails');
    const refresh = jar.refresh;
    for (let i = 0; i < 30; i++) {
      world.forward(ACCESS_DUE);
      assert.equal(await visit(world, jar), 'ada');
      assert.equal(jar.refresh, refresh);
    }
    assert.equal((await world.sessions.start({ userId: 'bob' })).status, 'unreachable');
    assert.equal((await world.sessions.update('AAAAAAAAAAAAAAAAAAAAAA', {})).status, 'gone', 'reading still works');
    world.plan = () => null;
    for (let i = 0; i < 5; i++) {
      world.forward(ACCESS_DUE);
      assert.equal(await visit(world, jar), 'ada');
    }
    assert.notEqual(jar.refresh, refresh);
    assert.deepEqual(world.eventsOf('session-ended'), []);
  },
);

test('a store that is down for an hour gives "unreachable" with a time to come back, and everybody is signed in after it', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.plan = () => 'fails';
  for (let i = 0; i < 100; i++) {
    world.forward(36);
    const resolution = await world.sessions.resolve(jar.tokens);
    assert.ok(resolution.status === 'unreachable');
    assert.ok(resolution.retryAfterSeconds >= 1 && resolution.retryAfterSeconds <= 8);
  }
  world.plan = () => null;
  world.forward(10);
  assert.equal(await visit(world, jar), 'ada');
});

test('junk needs no store: it is answered also while the store is down', async () => {
  const world = createWorld();
  world.plan = () => 'fails';
  assert.equal(await visit(world, new Jar(), { tokens: { access: ['x'], refresh: ['y'] } }), 'malformed');
  assert.equal(await visit(world, new Jar()), 'no-token');
  assert.deepEqual(world.calls, []);
});

test('the health of a store that hangs or throws is a sentence, not a hang, also while the circuit is open', async () => {
  const world = createWorld();
  assert.equal((await world.sessions.health()).healthy, true);
  world.plan = () => 'fails';
  for (let i = 0; i < 6; i++) await world.sessions.list('ada');
  for (const fault of ['hangs', 'fails', 'loses its answer'] as const) {
    world.plan = () => fault;
    const health = await world.sessions.health();
    assert.equal(health.healthy, false);
    assert.ok(health.message.length > 0);
  }
  world.plan = () => null;
  assert.equal((await world.sessions.health()).healthy, true);
});

onEveryStore('after close everything is unreachable, and nothing throws', async (world) => {
  const { jar, id } = await signIn(world);
  await world.sessions.close();
  assert.equal(await visit(world, jar), 'unreachable');
  assert.equal((await world.sessions.end(id, 'signed-out')).status, 'unreachable');
  assert.equal((await world.sessions.start({ userId: 'ada' })).status, 'unreachable');
  assert.equal((await world.sessions.health()).healthy, false);
  assert.equal(await world.sessions.sweep(), 0);
});
