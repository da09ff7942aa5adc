/** One-time sessions are made, looked at and used once; their ids open nothing but themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../src/core/record.ts';
import type { Store } from '../../src/core/store.ts';
import { isTicketId } from '../../src/core/ticket-id.ts';
import { resolveTicketPolicy } from '../../src/core/ticket-policy.ts';
import { createTicketEngine, type TicketContents } from '../../src/core/tickets.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { createTickets } from '../../src/tickets/index.ts';
import { createTicketWorld } from './tickets-world.ts';
import { NEW_SECRET, OLD_SECRET, OTHER_SECRET } from './world.ts';

const SHOP = 'https://shop.example';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('a ticket goes from being made to being used, once', async () => {
  const world = createTicketWorld();
  const contents = { origins: [SHOP], user: 'ada', data: { order: 17, lines: ['ä', '🦀', null] } };
  const made = await world.tickets.create(contents);
  assert.ok(made.status === 'created');
  const facts = {
    createdAt: world.now(),
    expiresAt: world.now() + 1_800_000,
    openedAt: null,
    usedAt: null,
    ...contents,
  };
  assert.deepEqual(made.ticket, facts);
  assert.deepEqual(await world.tickets.look(made.id), { status: 'live', ticket: facts });
  world.forward(2);
  const opened = { ...facts, openedAt: world.now() };
  assert.deepEqual(await world.tickets.look(made.id, { opened: true }), { status: 'live', ticket: opened });
  world.forward(1);
  const used = { ...opened, usedAt: world.now() };
  assert.deepEqual(await world.tickets.consume(made.id, { origin: SHOP }), {
    status: 'consumed',
    ticket: used,
    repeated: false,
  });
  assert.deepEqual(await world.tickets.consume(made.id, { origin: SHOP }), {
    status: 'refused',
    reason: 'already-used',
  });
  assert.deepEqual(await world.tickets.look(made.id), { status: 'refused', reason: 'already-used', ticket: used });
  assert.deepEqual(await world.tickets.figures(), {
    status: 'counted',
    live: 0,
    used: 1,
    totalCreated: 1,
    totalUsed: 1,
    maxTickets: 1000,
  });
});

test('a ticket without contents comes back without any', async () => {
  const world = createTicketWorld();
  const consumed = await world.tickets.consume(await world.make());
  assert.ok(consumed.status === 'consumed');
  const { origins, user, data } = consumed.ticket;
  assert.deepEqual({ origins, user, data }, { origins: [], user: null, data: null });
});

test('an expired ticket says so for ten minutes, and is not found after that', async () => {
  const world = createTicketWorld({ policy: { ttlSeconds: 60 } });
  const id = await world.make();
  world.forward(60);
  assert.deepEqual(await world.tickets.consume(id), { status: 'refused', reason: 'ticket-expired' });
  const looked = await world.tickets.look(id, { opened: true });
  assert.ok(looked.status === 'refused' && looked.reason === 'ticket-expired' && looked.ticket?.openedAt === null);
  world.forward(600);
  assert.deepEqual(await world.tickets.consume(id), { status: 'refused', reason: 'not-found' });
  assert.deepEqual(await world.tickets.look(id), { status: 'refused', reason: 'not-found', ticket: null });
  assert.equal(await world.tickets.sweep(), 1);
});

test('from another origin it is refused and stays new', async () => {
  const world = createTicketWorld();
  const id = await world.make({ origins: [SHOP, 'http://localhost:3000'] });
  for (const options of [{}, { origin: 'null' }, { origin: 'https://stranger.example' }, { origin: `${SHOP}/` }]) {
    assert.deepEqual(await world.tickets.consume(id, options), { status: 'refused', reason: 'wrong-origin' });
  }
  assert.equal((await world.tickets.consume(id, { origin: 'http://localhost:3000' })).status, 'consumed');
});

test('ids are UUIDs of version 4 that the store never learns', async () => {
  const world = createTicketWorld();
  const keys: string[] = [];
  const create = world.store.create.bind(world.store);
  world.store.create = (ticket, max, now) => {
    keys.push(ticket.key);
    return create(ticket, max, now);
  };
  const ids = await Promise.all(Array.from({ length: 200 }, () => world.make()));
  assert.equal(new Set([...ids, ...keys]).size, 400);
  for (const text of [...ids, ...keys]) assert.match(text, UUID);
  // What lies in the store opens nothing.
  for (const key of keys) assert.equal((await world.tickets.consume(key)).status, 'refused');
});

test('whatever is not exactly an id is not found, and the store is not asked', async () => {
  const world = createTicketWorld();
  const id = await world.make();
  world.calls.length = 0;
  const hex = id.replaceAll('-', '');
  const wrong: unknown[] = [
    '',
    ' ',
    id.toUpperCase(),
    ` ${id}`,
    `${id} `,
    `${id}\n`,
    `{${id}}`,
    `urn:uuid:${id}`,
    hex,
    id.slice(0, -1),
    `${id}0`,
    `${id.slice(0, 14)}1${id.slice(15)}`,
    `${id.slice(0, 19)}c${id.slice(20)}`,
    id.replaceAll('-', '_'),
    '00000000-0000-0000-0000-000000000000',
    '../../etc/passwd',
    '*',
    'auth_stats',
    'x'.repeat(100_000),
    [id],
    { toString: () => id },
    null,
    undefined,
    17,
  ];
  for (const each of wrong) {
    assert.equal(isTicketId(each), false);
    assert.deepEqual(await world.tickets.consume(each as string), { status: 'refused', reason: 'not-found' });
    assert.deepEqual(await world.tickets.look(each as string), {
      status: 'refused',
      reason: 'not-found',
      ticket: null,
    });
  }
  assert.deepEqual(world.calls, []);
  assert.equal((await world.tickets.consume(id)).status, 'consumed');
});

test('a ticket made under the secret of before is found after the rotation, and used once by both', async () => {
  const world = createTicketWorld({ secrets: [OLD_SECRET] });
  const [one, two, three] = [await world.make(), await world.make(), await world.make()];
  const rotated = world.process([NEW_SECRET, OLD_SECRET]);
  const looked = await rotated.look(one, { opened: true });
  assert.ok(looked.status === 'live' && looked.ticket.openedAt === world.now());
  assert.equal((await rotated.consume(one)).status, 'consumed');
  assert.deepEqual(await world.tickets.consume(one), { status: 'refused', reason: 'already-used' });
  assert.equal((await world.tickets.consume(two)).status, 'consumed');
  assert.deepEqual(await rotated.consume(two), { status: 'refused', reason: 'already-used' });
  const stranger = world.process([OTHER_SECRET]);
  assert.deepEqual(await stranger.consume(three), { status: 'refused', reason: 'not-found' });
  const figures = await rotated.figures();
  assert.ok(figures.status === 'counted' && figures.live === 1 && figures.used === 2);
});

test('at the limit none is made, and the answer says when to come again', async () => {
  const world = createTicketWorld({ policy: { ttlSeconds: 60, maxTickets: 2 } });
  const id = await world.make();
  world.forward(20);
  await world.make();
  const refused = await world.tickets.create();
  assert.ok(refused.status === 'limit-reached' && refused.reason === 'limit-reached');
  assert.ok(refused.retryAfterSeconds >= 40 && refused.retryAfterSeconds <= 50, `${refused.retryAfterSeconds}`);
  const figures = await world.tickets.figures();
  assert.ok(figures.status === 'counted' && figures.totalCreated === 2 && figures.maxTickets === 2);
  world.forward(refused.retryAfterSeconds);
  await world.make();
  assert.equal((await world.tickets.create()).status, 'limit-reached');
  assert.equal((await world.tickets.consume(id)).status, 'refused');
});

test('a ticket that is used gives room at once', async () => {
  const world = createTicketWorld({ policy: { maxTickets: 1 } });
  const id = await world.make();
  assert.equal((await world.tickets.create()).status, 'limit-reached');
  await world.tickets.consume(id);
  await world.make();
});

test('contents that could not come back as they are, are refused before the store is asked', async () => {
  const world = createTicketWorld();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const bad: unknown[] = [
    { origins: ['https://shop.example/'] },
    { origins: ['https://SHOP.example'] },
    { origins: ['https://shop.example:443'] },
    { origins: ['https://*.example'] },
    { origins: ['https://a;script-src'] },
    { origins: ["https://a,'self'"] },
    { origins: ['ftp://shop.example'] },
    { origins: ['https://ada@shop.example'] },
    { origins: ['shop.example'] },
    { origins: ['null'] },
    { origins: ['*'] },
    { origins: [''] },
    { origins: [SHOP, 'about:blank'] },
    { origins: Array.from({ length: 33 }, (_, n) => `https://shop-${n}.example`) },
    { user: '' },
    { user: 'x'.repeat(201) },
    { user: 17 },
    { data: Number.NaN },
    { data: { when: new Date(0) } },
    { data: { lost: undefined } },
    { data: 10n },
    { data: circle },
    { data: () => 1 },
    { data: JSON.parse('{"__proto__":{"admin":true}}') as Json },
  ];
  for (const contents of bad) {
    await assert.rejects(world.tickets.create(contents as TicketContents), { code: 'invalid-data' });
  }
  assert.deepEqual(world.calls, []);
});

test('origins are taken as browsers send them: names, addresses and ports', async () => {
  const world = createTicketWorld();
  const origins = [
    'https://xn--bcher-kva.example',
    'https://a_b.shop.example:8443',
    'http://localhost:3000',
    'http://127.0.0.1',
    'https://[2001:db8::1]:8443',
  ];
  const id = await world.make({ origins });
  assert.equal((await world.tickets.consume(id, { origin: 'https://[2001:db8::1]:8443' })).status, 'consumed');
});

test('every problem of the contents is told at once', async () => {
  const { tickets } = createTicketWorld();
  const contents = { origins: ['nowhere', SHOP, '*'], user: '' };
  await assert.rejects(tickets.create(contents), { message: /"nowhere"[\s\S]*"\*"[\s\S]*user has 1 to 200/ });
});

test('contents of up to 8,192 characters of JSON come back, and longer ones are too large', async () => {
  const world = createTicketWorld();
  const data = 'ä'.repeat(8192 - '{"d":""}'.length);
  const consumed = await world.tickets.consume(await world.make({ data }));
  assert.ok(consumed.status === 'consumed' && consumed.ticket.data === data);
  await assert.rejects(world.tickets.create({ data: `${data}a` }), { code: 'data-too-large' });
  await assert.rejects(world.tickets.create({ data, user: 'a' }), { code: 'data-too-large' });
  for (const odd of ['\ud800', '\u0000', '"\\', '\u2028', false, 0, '', [], {}]) {
    const used = await world.tickets.consume(await world.make({ data: odd, user: 'a\u0000\udfff' }));
    assert.ok(used.status === 'consumed');
    assert.deepEqual([used.ticket.data, used.ticket.user], [odd, 'a\u0000\udfff']);
  }
});

test('what the maker changes in its contents after the call changes nothing', async () => {
  const world = createTicketWorld();
  const origins = [SHOP];
  const made = await world.tickets.create({ origins });
  origins[0] = 'https://stranger.example';
  assert.ok(made.status === 'created');
  assert.deepEqual(made.ticket.origins, [SHOP]);
  assert.equal((await world.tickets.consume(made.id, { origin: 'https://stranger.example' })).status, 'refused');
  assert.equal((await world.tickets.consume(made.id, { origin: SHOP })).status, 'consumed');
});

test('a policy that cannot work is refused with every bad value', () => {
  const bad = { ttlSeconds: 9, maxTickets: 0, repeatSeconds: 61 };
  assert.throws(() => createTicketWorld({ policy: bad }), {
    code: 'invalid-option',
    message:
      /ttlSeconds[\s\S]*10 to 86400, not 9\n[\s\S]*maxTickets[\s\S]*not 0\n[\s\S]*repeatSeconds[\s\S]*0 to 60, not 61/,
  });
  for (const ttlSeconds of [86_401, 10.5, Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    assert.throws(() => createTicketWorld({ policy: { ttlSeconds } }), { code: 'invalid-option' });
  }
  for (const maxTickets of [100_000_001, 1.5]) {
    assert.throws(() => createTicketWorld({ policy: { maxTickets } }), { code: 'invalid-option' });
  }
  createTicketWorld({ policy: { ttlSeconds: 86_400, maxTickets: 100_000_000, repeatSeconds: 0 } });
});

test('a store that keeps no one-time sessions is refused by its name', () => {
  const store = { kind: 'papyrus' } as Store;
  const options = { store } as Parameters<typeof createTicketEngine>[0];
  assert.throws(() => createTicketEngine(options, resolveTicketPolicy({})), {
    code: 'invalid-option',
    message: /papyrus/,
  });
});

test('random bytes that repeat end in an error, not in a loop', async () => {
  const world = createTicketWorld({ randomBytes: (length) => new Uint8Array(length) });
  const id = await world.make();
  await assert.rejects(world.make(), { code: 'invalid-option', message: /randomBytes/ });
  assert.equal((await world.tickets.consume(id)).status, 'consumed');
});

test('a sweep goes on until nothing is left to remove', async () => {
  const world = createTicketWorld({ policy: { maxTickets: 2000 } });
  for (let n = 0; n < 1001; n++) await world.make();
  world.forward(1800 + 600);
  assert.equal(await world.tickets.sweep(), 1001);
  assert.equal(await world.tickets.sweep(), 0);
});

test('createTickets names everything that cannot work at once', () => {
  const options = { store: memoryStore(), secrets: 'weak', deadlineMs: 0, policy: { ttlSeconds: 1 } };
  assert.throws(
    () => createTickets(options),
    ({ message }: Error) => /secret 1 of 1/.test(message) && /deadlineMs/.test(message) && /ttlSeconds/.test(message),
  );
});
