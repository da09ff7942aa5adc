import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCESS_DUE, createWorld, DAY, Jar, onEveryStore, signIn, visit, type World } from './world.ts';

async function rotate(world: World, id: string): Promise<{ jar: Jar; id: string }> {
  const rotated = await world.sessions.rotateId(id);
  assert.ok(rotated.status === 'rotated', rotated.status);
  const jar = new Jar();
  await jar.receive(rotated.grant);
  return { jar, id: rotated.session.id };
}

onEveryStore('LC3: after a change of id the session is the same under a new one', async (world) => {
  const { id } = await signIn(world, 'ada', { data: { cart: [1] }, device: { ip: '192.0.2.1' } });
  const before = await world.record(id);
  world.forward(100);
  const { jar, id: next } = await rotate(world, id);
  assert.notEqual(next, id);
  assert.equal(await visit(world, jar), 'ada');
  const after = await world.record(next);
  for (const field of ['userId', 'createdAt', 'authenticatedAt', 'absoluteExpiresAt', 'idleSeconds'] as const) {
    assert.equal(after[field], before[field], field);
  }
  assert.deepEqual({ ...after.data }, { cart: [1] });
  assert.deepEqual({ ...after.device }, { ip: '192.0.2.1' });
  assert.equal(after.version, before.version + 1);
  assert.deepEqual(
    world.eventsOf('session-id-rotated').map(({ sessionId, previousId }) => [sessionId, previousId]),
    [[next, id]],
  );
});

onEveryStore(
  'requests in flight under the old id are answered for the grace period, and not a moment longer',
  async (world) => {
    const { jar: old, id } = await signIn(world);
    const { jar } = await rotate(world, id);
    const tokens = old.tokens;
    assert.equal(await visit(world, old, { tokens }), 'ada');
    world.forward(29.999);
    assert.equal(await visit(world, old, { tokens }), 'ada');
    assert.equal(await visit(world, old, { tokens: { access: [], refresh: tokens.refresh } }), 'ada');
    world.forward(0.001);
    assert.equal(await visit(world, old, { tokens }), 'revoked');
    assert.equal(await visit(world, old, { tokens: { access: [], refresh: tokens.refresh } }), 'revoked');
    assert.equal(await visit(world, jar), 'ada');
  },
);

test('the first answer with the new id may get lost: the next request under the old one brings it again', async () => {
  for (const kind of ['access', 'refresh'] as const) {
    const world = createWorld();
    const { jar, id } = await signIn(world);
    if (kind === 'refresh') world.forward(ACCESS_DUE);
    await rotate(world, id);
    world.forward(10);
    assert.equal(await visit(world, jar, { tokens: { access: [], refresh: [], [kind]: jar.tokens[kind] } }), 'ada');
    for (let i = 0; i < 4; i++) {
      world.forward(DAY);
      assert.equal(await visit(world, jar), 'ada', kind);
    }
    assert.deepEqual(world.eventsOf('session-ended'), []);
  }
});

test('once the new tokens are in use the old id hands out none any more', async () => {
  const world = createWorld();
  const { jar: old, id } = await signIn(world);
  const { id: next } = await rotate(world, id);
  await world.store.update(next, { fields: { generation: 1 } });
  const resolution = await world.sessions.resolve(old.tokens);
  assert.ok(resolution.status === 'signed-in');
  assert.equal(resolution.grant, null);
});

onEveryStore('a request that noted activity under the old id does not lengthen its life', async (world) => {
  const { jar: old, id } = await signIn(world, 'ada', { idleSeconds: 1200 });
  world.forward(100);
  await rotate(world, id);
  await world.store.touch(id, world.now(), world.now() + 1_200_000);
  world.forward(30);
  assert.equal(await visit(world, old), 'revoked');
  assert.deepEqual(await world.sessions.update(id, { set: { a: 1 } }), { status: 'gone', reason: 'revoked' });
});

test('a superseded token under the old id is a copy, and ends the session under the new one', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  const copy = jar.copy();
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
  const { jar: moved } = await rotate(world, id);
  assert.equal(await visit(world, copy, { tokens: copy.refreshOnly }), 'reused');
  assert.equal(await visit(world, moved), 'reused');
});

onEveryStore('sign-out under the old id ends the session', async (world) => {
  const { jar: old, id } = await signIn(world);
  const { jar, id: next } = await rotate(world, id);
  assert.deepEqual(await world.sessions.end(id, 'signed-out', { userId: 'ada' }), { status: 'ended', ended: 1 });
  assert.equal(await visit(world, jar), 'signed-out');
  assert.equal(await visit(world, old), 'signed-out');
  assert.deepEqual(
    world.eventsOf('session-ended').map(({ sessionId }) => sessionId),
    [next],
  );
  assert.deepEqual(await world.sessions.end(id, 'signed-out'), { status: 'ended', ended: 0 });
});

test('a sign-out under the old id that met a failing store can be repeated', async () => {
  const world = createWorld();
  const { id } = await signIn(world);
  const { jar } = await rotate(world, id);
  for (const operation of ['read', 'take']) {
    world.plan = (_call, name) => (name === operation ? 'fails' : null);
    assert.equal((await world.sessions.end(id, 'signed-out')).status, 'unreachable');
  }
  let takes = 0;
  world.plan = (_call, name) => (name === 'take' && ++takes === 2 ? 'fails' : null);
  await world.sessions.end(id, 'signed-out');
  world.plan = () => null;
  await world.sessions.end(id, 'signed-out');
  assert.equal(await visit(world, jar), 'signed-out');
  assert.equal(world.eventsOf('session-ended').length, 1);
});

onEveryStore('a session that ends while its id changes is over under both ids, whatever came first', async (world) => {
  for (let round = 0; round < 10; round++) {
    for (const everything of [true, false]) {
      const user = `user ${round} ${everything}`;
      const { jar: old, id } = await signIn(world, user);
      const end = everything ? world.sessions.endAll(user, 'revoked') : world.sessions.end(id, 'revoked');
      const [rotated] = await Promise.all([world.sessions.rotateId(id), end]);
      assert.notEqual(await visit(world, old), user);
      if (rotated.status === 'rotated') {
        const jar = new Jar();
        await jar.receive(rotated.grant);
        assert.notEqual(await visit(world, jar), user);
      }
      const listed = await world.sessions.list(user);
      assert.deepEqual(listed, { status: 'listed', sessions: [] });
    }
  }
});

test('when everything of the user ends just before the id changes, nothing stays behind', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  world.plan = (_call, operation) => {
    if (operation === 'move') void world.store.takeByUser('ada', { reason: 'revoked', at: world.now() });
    return null;
  };
  assert.deepEqual(await world.sessions.rotateId(id), { status: 'gone', reason: 'revoked' });
  world.plan = () => null;
  assert.equal(await visit(world, jar), 'revoked');
  assert.deepEqual(await world.store.count(), { sessions: 0, byKey: {} });
});

onEveryStore('signing out everywhere else while the own id changes leaves the own session alone', async (world) => {
  for (let round = 0; round < 10; round++) {
    const user = `user ${round}`;
    const { id } = await signIn(world, user);
    await signIn(world, user);
    const tasks = [
      async () => world.sessions.rotateId(id),
      async () => world.sessions.endAll(user, 'revoked', { exceptId: id }),
    ];
    if (round % 2 === 1) tasks.reverse();
    const answers = await Promise.all(tasks.map(async (run) => run()));
    const rotated = answers.find(({ status }) => status === 'rotated');
    assert.ok(rotated?.status === 'rotated');
    const listed = await world.sessions.list(user);
    assert.deepEqual(listed.status === 'listed' && listed.sessions.map((session) => session.id), [rotated.session.id]);
  }
});

onEveryStore('two changes of id at once both succeed and lead to one session', async (world) => {
  const { id } = await signIn(world);
  const rotated = await Promise.all([world.sessions.rotateId(id), world.sessions.stepUp(id, ['otp'])]);
  for (const answer of rotated) {
    assert.ok(answer.status === 'rotated', answer.status);
    const jar = new Jar();
    await jar.receive(answer.grant);
    assert.equal(await visit(world, jar), 'ada');
  }
  const listed = await world.sessions.list('ada');
  assert.ok(listed.status === 'listed');
  assert.equal(listed.sessions.length, 1);
  assert.deepEqual(listed.sessions[0]?.amr, ['pwd', 'otp']);
});

test('step-up adds the proof, renews its time and gives a new id', async () => {
  const world = createWorld();
  const { id } = await signIn(world, 'ada', { amr: ['pwd'] });
  world.forward(1000);
  const stepped = await world.sessions.stepUp(id, ['otp', 'pwd']);
  assert.ok(stepped.status === 'rotated');
  assert.deepEqual(stepped.session.amr, ['pwd', 'otp']);
  assert.equal(stepped.session.authenticatedAt, world.now());
  assert.notEqual(stepped.session.id, id);
  await world.sessions.end(stepped.session.id, 'revoked');
  assert.deepEqual(await world.sessions.stepUp(stepped.session.id, ['otp']), { status: 'gone', reason: 'revoked' });
  assert.deepEqual(await world.sessions.stepUp('AAAAAAAAAAAAAAAAAAAAAA', ['otp']), {
    status: 'gone',
    reason: 'not-found',
  });
});

test('proofs of two step-ups at once are both kept', async () => {
  const world = createWorld();
  const { id } = await signIn(world);
  await Promise.all([world.sessions.stepUp(id, ['otp']), world.sessions.stepUp(id, ['hwk'])]);
  const listed = await world.sessions.list('ada');
  assert.ok(listed.status === 'listed');
  assert.deepEqual(new Set(listed.sessions[0]?.amr), new Set(['pwd', 'otp', 'hwk']));
});

test('a session at the limit can change its id, and nobody is evicted by that', async () => {
  const world = createWorld({ policy: { maxPerUser: 2, onLimit: 'refuse' } });
  const one = await signIn(world);
  const two = await signIn(world);
  const { jar } = await rotate(world, one.id);
  assert.equal(await visit(world, jar), 'ada');
  assert.equal(await visit(world, two.jar), 'ada');
});

test('a record that others keep changing gives "unreachable" after some rounds, and leaves nothing behind', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  let n = 0;
  world.plan = (_call, operation) => {
    if (operation === 'move') void world.store.update(id, { set: { n: n++ } });
    return null;
  };
  assert.equal((await world.sessions.rotateId(id)).status, 'unreachable');
  world.plan = () => null;
  assert.equal(await visit(world, jar), 'ada');
  assert.equal((await world.store.count()).sessions, 1);
});
