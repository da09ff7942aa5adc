import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyRing } from '../../src/core/key-ring.ts';
import { issueToken } from '../../src/core/token.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { ACCESS_DUE, createWorld, Jar, OTHER_SECRET, signIn, visit, type World } from './world.ts';

function both(one: string | null, other: string | null): [string[], string[]] {
  return [
    [one as string, other as string],
    [other as string, one as string],
  ];
}

async function refreshes(world: World, jar: Jar, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
  }
}

test('CK9: junk under our names hides no good token, whatever the order and however much there is', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const foreign = createKeyRing([OTHER_SECRET], nodeCrypto);
  const junk = [
    '',
    'x',
    'a'.repeat(80),
    'a'.repeat(4000),
    issueToken(foreign, 'access', 'AAAAAAAAAAAAAAAAAAAAAA', 1, 1),
  ];
  for (let i = 0; i < 100; i++) junk.push(`junk ${i}`);
  const access = jar.access as string;
  const refresh = jar.refresh as string;
  assert.equal(await visit(world, jar, { tokens: { access: [...junk, access], refresh: [] } }), 'ada');
  assert.equal(await visit(world, jar, { tokens: { access: [access, ...junk], refresh: [] } }), 'ada');
  assert.equal(await visit(world, jar, { tokens: { access: junk, refresh: [...junk, refresh] } }), 'ada');
  assert.equal(await visit(world, jar, { tokens: { access: junk, refresh: [refresh, ...junk] } }), 'ada');
});

test('CK9: a superseded refresh token beside the current one is an old scope of a cookie, not a theft', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  const former = jar.copy();
  await refreshes(world, jar, 3);
  for (const refresh of both(former.refresh, jar.refresh)) {
    world.forward(ACCESS_DUE);
    assert.equal(await visit(world, jar, { tokens: { access: [], refresh } }), 'ada');
  }
  assert.deepEqual(world.eventsOf('session-ended'), []);
  assert.equal(await visit(world, jar, { tokens: { access: [], refresh: [former.refresh as string] } }), 'reused');
});

test('a dead session beside a live one of the same person counts for nothing', async () => {
  const world = createWorld();
  const dead = await signIn(world);
  const { jar } = await signIn(world);
  await world.sessions.end(dead.id, 'signed-out');
  for (const access of both(dead.jar.access, jar.access)) {
    assert.equal(await visit(world, jar, { tokens: { access, refresh: [] } }), 'ada');
  }
  for (const refresh of both(dead.jar.refresh, jar.refresh)) {
    assert.equal(await visit(world, jar, { tokens: { access: [], refresh } }), 'ada');
  }
});

test('two live sessions of one person are no conflict', async () => {
  const world = createWorld();
  const one = await signIn(world);
  const two = await signIn(world);
  for (const access of both(one.jar.access, two.jar.access)) {
    assert.equal(await visit(world, one.jar, { tokens: { access, refresh: [] } }), 'ada');
  }
  assert.deepEqual(world.eventsOf('conflicting-users'), []);
});

test('CK10: valid tokens of two people are refused in both orders, told, and end neither session', async () => {
  const world = createWorld();
  const ada = await signIn(world, 'ada');
  const eve = await signIn(world, 'eve');
  for (const access of both(ada.jar.access, eve.jar.access)) {
    const resolution = await world.sessions.resolve({ access, refresh: [] });
    assert.equal(resolution.status, 'not-signed-in');
    assert.ok(resolution.status === 'not-signed-in' && resolution.conflictingUsers && resolution.grant === null);
  }
  for (const refresh of both(ada.jar.refresh, eve.jar.refresh)) {
    const resolution = await world.sessions.resolve({ access: [], refresh });
    assert.ok(resolution.status === 'not-signed-in' && resolution.conflictingUsers && resolution.grant === null);
  }
  assert.equal(world.eventsOf('conflicting-users').length, 4);
  assert.deepEqual(new Set(world.eventsOf('conflicting-users')[0]?.sessionIds), new Set([ada.id, eve.id]));
  assert.equal(await visit(world, ada.jar), 'ada');
  assert.equal(await visit(world, eve.jar), 'eve');
});

test('an anonymous session beside a person’s own gives way to it', async () => {
  const world = createWorld();
  const started = await world.sessions.startAnonymous();
  const anonymous = new Jar();
  if (started.status === 'started') await anonymous.receive(started.grant);
  const { jar } = await signIn(world);
  for (const access of both(anonymous.access, jar.access)) {
    assert.equal(await visit(world, jar, { tokens: { access, refresh: [] } }), 'ada');
  }
});

test('a request with tokens of more sessions than anybody has is refused as a conflict after a bounded number of reads', async () => {
  const world = createWorld();
  const eve = await Promise.all(Array.from({ length: 30 }, () => signIn(world, 'eve')));
  const { jar } = await signIn(world, 'ada');
  for (const kind of ['access', 'refresh'] as const) {
    world.calls.length = 0;
    const texts = [...eve.map((session) => session.jar[kind] as string), jar[kind] as string];
    const resolution = await world.sessions.resolve({ access: [], refresh: [], [kind]: texts });
    assert.ok(resolution.status === 'not-signed-in' && resolution.conflictingUsers, kind);
    assert.ok(world.calls.length <= 8);
  }
});

test('the same token sent many times is one token', async () => {
  const world = createWorld();
  const { jar } = await signIn(world);
  world.calls.length = 0;
  const access = Array.from({ length: 50 }, () => jar.access as string);
  assert.equal(await visit(world, jar, { tokens: { access, refresh: [] } }), 'ada');
  assert.deepEqual(world.calls, ['read']);
});

test('of several good refresh tokens of a session the newest counts, in both orders', async () => {
  for (const order of [0, 1]) {
    const world = createWorld();
    const { jar, id } = await signIn(world);
    const former = jar.copy();
    await refreshes(world, jar, 1);
    world.forward(ACCESS_DUE);
    const refresh = both(former.refresh, jar.refresh)[order] as string[];
    assert.equal(await visit(world, jar, { tokens: { access: [], refresh } }), 'ada');
    assert.equal((await world.record(id)).generation, 1);
  }
});
