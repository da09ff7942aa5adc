import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RETENTION_MS } from '../../src/core/record.ts';
import { ACCESS_DUE, createWorld, DAY, onEveryStore, signIn, visit } from './world.ts';

const MILLISECOND = 0.001;

onEveryStore('LC5: a session that nobody uses is over at the very millisecond', async (world) => {
  const { jar } = await signIn(world, 'ada', { idleSeconds: 1000 });
  world.forward(1000 - MILLISECOND);
  assert.equal(await visit(world, jar, { passive: true }), 'ada');
  world.forward(MILLISECOND);
  assert.equal(await visit(world, jar), 'expired-idle');
});

onEveryStore('LC6: however busy, a session is over at its absolute expiry, to the millisecond', async (world) => {
  const { jar } = await signIn(world, 'ada', { idleSeconds: 1000, absoluteSeconds: 5000 });
  for (let i = 0; i < 9; i++) {
    world.forward(500);
    assert.equal(await visit(world, jar), 'ada');
  }
  world.forward(500 - MILLISECOND);
  assert.equal(await visit(world, jar), 'ada');
  world.forward(MILLISECOND);
  assert.equal(await visit(world, jar), 'expired-absolute');
});

test('a good access token does not outlive its session', async () => {
  const world = createWorld();
  const { jar } = await signIn(world, 'ada', { idleSeconds: 10, absoluteSeconds: 10 });
  world.forward(10);
  assert.equal(await visit(world, jar), 'expired-absolute');
});

test('a session’s own lifetimes override the policy, and others keep the policy’s', async () => {
  const world = createWorld({ policy: { idleSeconds: 1000, absoluteSeconds: DAY } });
  const short = await signIn(world, 'ada', { idleSeconds: 100 });
  const long = await signIn(world, 'ada', { idleSeconds: 2 * DAY, absoluteSeconds: 20 * DAY });
  const usual = await signIn(world, 'ada');
  world.forward(100);
  assert.equal(await visit(world, short.jar), 'expired-idle');
  world.forward(899);
  assert.equal(await visit(world, usual.jar, { passive: true }), 'ada');
  world.forward(1);
  assert.equal(await visit(world, usual.jar), 'expired-idle');
  world.forward(DAY);
  assert.equal(await visit(world, long.jar), 'ada');
});

test('a short absolute life alone shortens the idle time too', async () => {
  const world = createWorld();
  const started = await world.sessions.start({ userId: 'ada', absoluteSeconds: 60 });
  assert.ok(started.status === 'started' && started.session.idleSeconds === 60);
});

test('use moves the idle expiry, passive requests do not', async () => {
  const world = createWorld();
  const used = await signIn(world, 'ada', { idleSeconds: 1200 });
  const polled = await signIn(world, 'ada', { idleSeconds: 1200 });
  for (let i = 0; i < 11; i++) {
    world.forward(100);
    assert.equal(await visit(world, used.jar), 'ada');
    assert.equal(await visit(world, polled.jar, { passive: true }), 'ada');
  }
  world.forward(100);
  assert.equal(await visit(world, polled.jar, { passive: true }), 'expired-idle');
  assert.equal(await visit(world, used.jar), 'ada');
});

test('a passive request still refreshes, so that polling pages keep working tokens', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  const { lastSeenAt } = await world.record(id);
  for (let i = 0; i < 3; i++) {
    world.forward(ACCESS_DUE);
    assert.equal(await visit(world, jar, { passive: true }), 'ada');
  }
  const record = await world.record(id);
  assert.equal(record.generation, 2);
  assert.equal(record.lastSeenAt, lastSeenAt);
});

test('what expired can neither be changed nor given a new id, and ending it counts nothing but tells the true reason', async () => {
  const world = createWorld();
  const { id } = await signIn(world, 'ada', { idleSeconds: 60 });
  world.forward(60);
  assert.deepEqual(await world.sessions.update(id, { set: { a: 1 } }), { status: 'gone', reason: 'expired-idle' });
  assert.deepEqual(await world.sessions.rotateId(id), { status: 'gone', reason: 'expired-idle' });
  assert.deepEqual(await world.sessions.stepUp(id, ['otp']), { status: 'gone', reason: 'expired-idle' });
  assert.deepEqual(await world.sessions.list('ada'), { status: 'listed', sessions: [] });
  assert.deepEqual(await world.sessions.end(id, 'revoked'), { status: 'ended', ended: 0 });
  assert.deepEqual(
    world.eventsOf('session-ended').map(({ reason }) => reason),
    ['expired-idle'],
  );
});

onEveryStore('what expired is swept after an hour, and its reason can be told until then', async (world) => {
  const { jar } = await signIn(world, 'ada', { idleSeconds: 60 });
  await signIn(world, 'bob');
  world.forward(60 + RETENTION_MS / 1000 - MILLISECOND);
  assert.equal(await world.sessions.sweep(), 0);
  assert.equal(await visit(world, jar), 'expired-idle');
  world.forward(MILLISECOND);
  assert.deepEqual(world.eventsOf('session-ended'), []);
  assert.equal(await world.sessions.sweep(), 1);
  const [ended, ...more] = world.eventsOf('session-ended');
  assert.deepEqual([ended?.userId, ended?.reason, more.length], ['ada', 'expired-idle', 0]);
  assert.equal(await visit(world, jar), 'not-found');
});

test('a sweep goes on for as long as there is something to remove, and a store that fails on the way throws nothing', async () => {
  const world = createWorld();
  for (let i = 0; i < 1203; i++) await world.sessions.startAnonymous({ idleSeconds: 1 });
  world.forward(2 + RETENTION_MS / 1000);
  world.calls.length = 0;
  world.plan = (call) => (call === 2 ? 'fails' : null);
  assert.equal(await world.sessions.sweep(), 500);
  world.plan = () => null;
  assert.equal(await world.sessions.sweep(), 703);
});
