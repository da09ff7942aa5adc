import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, onEveryStore, signIn, visit, type World } from './world.ts';

async function count(world: World, userId = 'ada'): Promise<number> {
  const listed = await world.sessions.list(userId);
  assert.ok(listed.status === 'listed');
  return listed.sessions.length;
}

const EVICT = { policy: { maxPerUser: 3, onLimit: 'evict-oldest' } } as const;
const REFUSE = { policy: { maxPerUser: 3, onLimit: 'refuse' } } as const;

onEveryStore(
  'LC12: at the limit the session used longest ago gives way, and is told so',
  async (world) => {
    const all = [];
    for (let i = 0; i < 4; i++) {
      world.forward(1);
      all.push(await signIn(world));
    }
    const [first, ...rest] = all;
    assert.equal(await visit(world, first?.jar as never), 'limit-reached');
    for (const { jar } of rest) assert.equal(await visit(world, jar), 'ada');
    assert.deepEqual(
      world.eventsOf('session-ended').map(({ sessionId, reason }) => [sessionId, reason]),
      [[first?.id, 'limit-reached']],
    );
  },
  EVICT,
);

onEveryStore(
  'LC12: where the limit refuses, the fourth sign-in is refused and nobody is signed out',
  async (world) => {
    const all = [await signIn(world), await signIn(world), await signIn(world)];
    assert.deepEqual(await world.sessions.start({ userId: 'ada' }), { status: 'limit-reached' });
    for (const { jar } of all) assert.equal(await visit(world, jar), 'ada');
    assert.equal((await signIn(world, 'bob')).id.length, 22);
    await world.sessions.end(all[0]?.id as string, 'signed-out');
    await signIn(world);
    assert.equal(await count(world), 3);
  },
  REFUSE,
);

onEveryStore(
  'thirty sign-ins at once never exceed the limit (evict-oldest)',
  async (world) => {
    const started = await Promise.all(Array.from({ length: 30 }, () => signIn(world)));
    assert.equal(await count(world), 3);
    const answers = await Promise.all(started.map(({ jar }) => visit(world, jar)));
    assert.equal(answers.filter((answer) => answer === 'ada').length, 3);
    assert.equal(answers.filter((answer) => answer === 'limit-reached').length, 27);
  },
  EVICT,
);

onEveryStore(
  'thirty sign-ins at once never exceed the limit (refuse)',
  async (world) => {
    const started = await Promise.all(Array.from({ length: 30 }, () => world.sessions.start({ userId: 'ada' })));
    assert.equal(started.filter(({ status }) => status === 'started').length, 3);
    assert.equal(await count(world), 3);
  },
  REFUSE,
);

test('expired and anonymous sessions do not count', async () => {
  const world = createWorld(REFUSE);
  for (let i = 0; i < 3; i++) await signIn(world, 'ada', { idleSeconds: 60 });
  for (let i = 0; i < 5; i++) await world.sessions.startAnonymous();
  world.forward(60);
  for (let i = 0; i < 3; i++) await signIn(world);
  assert.equal(await count(world), 3);
});

onEveryStore(
  'signing in again in the same browser takes its own place: no other device gives way, and it is not refused',
  async (world) => {
    const phone = await signIn(world);
    const tablet = await signIn(world);
    const browser = await signIn(world);
    const again = await signIn(world, 'ada', { replaces: await world.record(browser.id) });
    for (const { jar } of [phone, tablet, again]) assert.equal(await visit(world, jar), 'ada');
    assert.equal(await visit(world, browser.jar), 'signed-out');
    assert.equal(await count(world), 3);
  },
  REFUSE,
);

for (const options of [EVICT, REFUSE]) {
  test(`a session that ended already makes no room for one too many (${options.policy.onLimit})`, async () => {
    const world = createWorld(options);
    const former = await signIn(world);
    const replaces = await world.record(former.id);
    await world.sessions.end(former.id, 'signed-out');
    for (let i = 0; i < 3; i++) {
      world.forward(1);
      await signIn(world);
    }
    world.forward(1);
    const outcome = await world.sessions.start({ userId: 'ada', replaces });
    assert.equal(outcome.status, options.policy.onLimit === 'refuse' ? 'limit-reached' : 'started');
    assert.equal(await count(world), 3);
    if (outcome.status === 'started') {
      const listed = await world.sessions.list('ada');
      assert.equal(listed.status === 'listed' && listed.sessions[0]?.id, outcome.session.id);
    }
  });

  test(`twenty sign-ins over one session at once end within the limit (${options.policy.onLimit})`, async () => {
    const world = createWorld(options);
    const former = await signIn(world);
    world.forward(1);
    await signIn(world);
    const replaces = await world.record(former.id);
    await Promise.all(Array.from({ length: 20 }, () => world.sessions.start({ userId: 'ada', replaces })));
    assert.ok((await count(world)) <= 3);
  });
}
