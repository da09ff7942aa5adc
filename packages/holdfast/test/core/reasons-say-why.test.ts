import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moreTelling } from '../../src/core/reason-order.ts';
import { issueToken } from '../../src/core/token.ts';
import { REASONS, type Reason } from '../../src/protocol/reasons.ts';
import { ACCESS_DUE, createWorld, DAY, NEW_SECRET, OTHER_SECRET, signIn, visit } from './world.ts';

const NOBODY = { access: [], refresh: [] };

test('each way of not being signed in has its own reason', async () => {
  const world = createWorld({ policy: { idleSeconds: DAY, absoluteSeconds: 2 * DAY } });
  const { jar, id } = await signIn(world);
  const token = jar.refresh as string;
  const stranger = world.process([OTHER_SECRET]);
  const bytes = Buffer.from(token, 'base64url');
  bytes[59] = (bytes[59] as number) ^ 1;
  const second = Math.floor(world.now() / 1000);
  const unknown = issueToken(world.ring, 'refresh', 'AAAAAAAAAAAAAAAAAAAAAA', 0, second);

  assert.equal(await visit(world, jar, { tokens: NOBODY }), 'no-token');
  assert.equal(await visit(world, jar, { tokens: { ...NOBODY, refresh: ['x'] } }), 'malformed');
  assert.equal(await visit(world, jar, { tokens: { ...NOBODY, refresh: [jar.access as string] } }), 'malformed');
  assert.equal(await visit(world, jar, { sessions: stranger }), 'unknown-key');
  assert.equal(
    await visit(world, jar, { tokens: { ...NOBODY, refresh: [bytes.toString('base64url')] } }),
    'bad-signature',
  );
  assert.equal(await visit(world, jar, { tokens: { ...NOBODY, refresh: [unknown] } }), 'not-found');

  const idle = (await signIn(world)).jar;
  world.forward(DAY);
  assert.equal(await visit(world, idle), 'expired-idle');
  for (const reason of ['signed-out', 'revoked'] as const) {
    const session = await signIn(world);
    await world.sessions.end(session.id, reason);
    assert.equal(await visit(world, session.jar), reason);
    assert.equal(await visit(world, session.jar, { tokens: session.jar.refreshOnly }), reason);
  }
  assert.notEqual(id, '');
});

test('of several reasons the more telling one is told, in whatever order the tokens come', async () => {
  const world = createWorld();
  const { jar, id } = await signIn(world);
  await world.sessions.end(id, 'revoked');
  const dead = jar.refresh as string;
  for (const refresh of [
    [dead, 'junk'],
    ['junk', dead],
  ]) {
    assert.equal(await visit(world, jar, { tokens: { access: ['junk'], refresh } }), 'revoked');
  }
});

test('every reason has a place in the order, and the order is that of the table', () => {
  const reasons = Object.keys(REASONS) as Reason[];
  for (const [index, reason] of reasons.entries()) {
    for (const before of reasons.slice(0, index + 1)) {
      assert.equal(moreTelling(before, reason), reason);
      assert.equal(moreTelling(reason, before), reason);
    }
  }
});

test('an undecodable record counts as absent, is left alone and told', async () => {
  const world = createWorld({
    store: (clock) => {
      const inner = createWorld({}).store;
      return Object.assign(Object.create(inner), {
        read: () => ({ status: 'undecodable', detail: 'format 9' }),
        create: () => ({ status: 'created', evicted: [] }),
        update: () => ({ status: 'undecodable', detail: 'format 9' }),
        take: () => ({ status: 'undecodable', detail: 'format 9' }),
        delete: () => assert.fail(`deleted unasked at ${clock()}`),
      });
    },
    secrets: [NEW_SECRET],
  });
  const { jar, id } = await signIn(world);
  assert.equal(await visit(world, jar), 'not-found');
  world.forward(ACCESS_DUE);
  assert.equal(await visit(world, jar), 'not-found');
  assert.deepEqual(await world.sessions.update(id, { set: { a: 1 } }), { status: 'gone', reason: 'not-found' });
  assert.deepEqual(await world.sessions.rotateId(id), { status: 'gone', reason: 'not-found' });
  assert.deepEqual(await world.sessions.end(id, 'revoked'), { status: 'ended', ended: 0 });
  assert.ok(
    world.eventsOf('undecodable-record').every(({ sessionId, detail }) => sessionId === id && detail === 'format 9'),
  );
  assert.ok(world.eventsOf('undecodable-record').length >= 2);
});
