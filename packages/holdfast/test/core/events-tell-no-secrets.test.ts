import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import type { SessionEvent } from '../../src/core/events.ts';
import { createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { ACCESS_DUE, createWorld, Jar, NEW_SECRET, OLD_SECRET, signIn, visit, type World } from './world.ts';

/** Everything that can happen, once; answers every token that was handed out. */
async function liveThroughEverything(world: World): Promise<Set<string>> {
  const tokens = new Set<string>();
  const keep = (jar: Jar): void => {
    for (const token of [jar.access, jar.refresh]) if (token) tokens.add(token);
  };
  const { jar, id } = await signIn(world, 'ada');
  keep(jar);
  const thief = jar.copy();
  world.forward(31);
  for (let i = 0; i < 25; i++) await visit(world, jar.copy(), { tokens: jar.refreshOnly });
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    await visit(world, jar);
    keep(jar);
  }
  const eve = await signIn(world, 'eve');
  keep(eve.jar);
  await world.sessions.resolve({ access: [jar.access as string, eve.jar.access as string], refresh: [] });
  await world.store.update(id, { fields: { generation: 0, confirmedIssuedAt: 0 } });
  world.forward(ACCESS_DUE);
  await visit(world, jar);
  keep(jar);
  await world.sessions.rotateId(eve.id);
  world.plan = () => 'loses its answer';
  await visit(world, jar);
  world.plan = () => null;
  await visit(world, thief, { tokens: thief.refreshOnly });
  return tokens;
}

test('CK8, TK12: no event holds a token or a secret', async () => {
  const world = createWorld();
  const tokens = await liveThroughEverything(world);
  const kinds = new Set(world.events.map(({ type }) => type));
  for (const kind of [
    'session-started',
    'session-ended',
    'session-refreshed',
    'session-id-rotated',
    'store-regressed',
    'refresh-hammering',
    'conflicting-users',
    'store-failed',
  ] as const) {
    assert.ok(kinds.has(kind), `${kind} happened`);
  }
  const told = JSON.stringify(world.events);
  for (const secret of [NEW_SECRET, OLD_SECRET, ...tokens]) assert.ok(!told.includes(secret));
  // Not even the part of a token that proves it.
  for (const token of tokens) assert.ok(!told.includes(token.slice(40)));
  assert.ok(tokens.size > 5);
});

test('TK6: nothing that a store keeps holds a token or its tag', async () => {
  const world = createWorld();
  const kept: string[] = [];
  const { store } = world;
  const create = store.create.bind(store);
  store.create = (record, limit) => {
    kept.push(JSON.stringify(record));
    return create(record, limit);
  };
  const tokens = await liveThroughEverything(world);
  for (const token of tokens) assert.ok(kept.every((text) => !text.includes(token.slice(40))));
});

async function startWith(onEvent: (event: SessionEvent) => void): Promise<void> {
  const sessions = createSessions({ store: memoryStore(), secrets: NEW_SECRET, sweepSeconds: 0, onEvent });
  const started = await sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started');
  const jar = new Jar();
  await jar.receive(started.grant);
  assert.equal((await sessions.resolve(jar.tokens)).status, 'signed-in');
  assert.deepEqual(await sessions.end(started.session.id, 'signed-out'), { status: 'ended', ended: 1 });
  await sessions.close();
}

test('a listener that throws or rejects breaks nothing', async () => {
  let told = 0;
  await startWith(() => {
    told++;
    throw new Error('a listener in trouble');
  });
  await startWith(async () => {
    told++;
    throw new Error('an async listener in trouble');
  });
  // An unhandled rejection would show by now, and fail this test.
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told, 4);
});

test('events are published on a diagnostics channel too', async () => {
  const heard: SessionEvent[] = [];
  const listen = (message: unknown): void => void heard.push(message as SessionEvent);
  subscribe('holdfast:session', listen);
  try {
    await startWith(() => undefined);
  } finally {
    unsubscribe('holdfast:session', listen);
  }
  assert.deepEqual(
    heard.map(({ type }) => type),
    ['session-started', 'session-ended'],
  );
});

test('an injected clock and random source make everything repeatable', async () => {
  const run = async (): Promise<unknown> => {
    let byte = 0;
    const sessions = createSessions({
      store: memoryStore({ clock: () => 1_767_614_400_000 }),
      secrets: [NEW_SECRET],
      clock: () => 1_767_614_400_000,
      randomBytes: (length) => new Uint8Array(length).map(() => byte++),
      sweepSeconds: 0,
    });
    const started = await sessions.start({ userId: 'ada' });
    return started.status === 'started' ? [started.session, await started.grant.issue()] : null;
  };
  const first = await run();
  assert.ok(first);
  assert.deepEqual(await run(), first);
});
