/** A store in trouble never uses up a one-time session that its caller could not ask for again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from './faults.ts';
import { createTicketWorld, type TicketWorld } from './tickets-world.ts';
import { NEW_SECRET, OTHER_SECRET } from './world.ts';

const SHOP = 'https://shop.example';

/** One fault at the next call of the operation, then none. */
function once(world: TicketWorld, operation: string, fault: Fault): void {
  world.plan = (called) => {
    if (called !== operation) return null;
    world.plan = () => null;
    return fault;
  };
}

test('every operation on a store that fails or hangs is unreachable, and told as an event', async () => {
  for (const fault of ['fails', 'hangs', 'loses its answer'] as const) {
    const operations: Record<string, (world: TicketWorld, id: string) => Promise<{ status: string }>> = {
      createTicket: ({ tickets }) => tickets.create(),
      readTicket: ({ tickets }, id) => tickets.look(id),
      openTicket: ({ tickets }, id) => tickets.look(id, { opened: true }),
      consumeTicket: ({ tickets }, id) => tickets.consume(id),
      ticketFigures: ({ tickets }) => tickets.figures(),
      recountTickets: ({ tickets }) => tickets.recount(),
    };
    for (const [operation, run] of Object.entries(operations)) {
      const world = createTicketWorld();
      const id = await world.make();
      world.plan = () => fault;
      assert.deepEqual(await run(world, id), {
        status: 'unreachable',
        reason: 'store-unreachable',
        retryAfterSeconds: fault === 'fails' ? 7 : 1,
      });
      const told = world.events.map((event) => (event.type === 'store-failed' ? event.operation : event.type));
      assert.deepEqual(told, [operation], fault);
      assert.equal(JSON.stringify(world.events).includes(id), false);
    }
  }
});

test('nothing is used while the store fails, and the ticket is good when it is back', async () => {
  for (const fault of ['fails', 'hangs'] as const) {
    const world = createTicketWorld();
    const id = await world.make({ origins: [SHOP] });
    once(world, 'consume', fault);
    const refused = await world.tickets.consume(id, { origin: SHOP, idempotencyKey: 'try-1' });
    assert.equal(refused.status, 'unreachable');
    assert.equal((await world.tickets.look(id)).status, 'live');
    const consumed = await world.tickets.consume(id, { origin: SHOP, idempotencyKey: 'try-1' });
    assert.ok(consumed.status === 'consumed' && !consumed.repeated);
  }
});

test('whoever lost the answer asks again with the same key and gets it, until the time for that is over', async () => {
  const world = createTicketWorld();
  const id = await world.make({ origins: [SHOP], user: 'ada', data: { order: 17 } });
  const mine = { origin: SHOP, idempotencyKey: 'a7f0' };
  once(world, 'consume', 'loses its answer');
  assert.equal((await world.tickets.consume(id, mine)).status, 'unreachable');
  const usedAt = world.now();
  world.forward(9);
  for (const other of [{ origin: SHOP }, { origin: SHOP, idempotencyKey: 'a7f1' }, { idempotencyKey: 'a7f0' }]) {
    assert.equal((await world.tickets.consume(id, other)).status, 'refused');
  }
  const consumed = await world.tickets.consume(id, mine);
  assert.ok(consumed.status === 'consumed' && consumed.repeated);
  const { ticket } = consumed;
  assert.deepEqual([ticket.usedAt, ticket.user, ticket.data], [usedAt, 'ada', { order: 17 }]);
  assert.deepEqual(await world.tickets.consume(id, mine), consumed);
  world.forward(1);
  assert.deepEqual(await world.tickets.consume(id, mine), { status: 'refused', reason: 'already-used' });
  const figures = await world.tickets.figures();
  assert.ok(figures.status === 'counted' && figures.totalUsed === 1 && figures.used === 1);
});

test('whoever lost the answer and waits for too long, or gave no key, has lost it', async () => {
  const world = createTicketWorld();
  const [late, keyless] = [await world.make(), await world.make()];
  once(world, 'consume', 'loses its answer');
  await world.tickets.consume(late, { idempotencyKey: 'k' });
  once(world, 'consume', 'loses its answer');
  await world.tickets.consume(keyless);
  assert.deepEqual(await world.tickets.consume(keyless), { status: 'refused', reason: 'already-used' });
  world.forward(11);
  assert.deepEqual(await world.tickets.consume(late, { idempotencyKey: 'k' }), {
    status: 'refused',
    reason: 'already-used',
  });
});

test('the policy says how long may be asked again, and whether at all', async () => {
  const world = createTicketWorld({ policy: { repeatSeconds: 0 } });
  const id = await world.make();
  await world.tickets.consume(id, { idempotencyKey: 'k' });
  assert.equal((await world.tickets.consume(id, { idempotencyKey: 'k' })).status, 'refused');
  const patient = createTicketWorld({ policy: { repeatSeconds: 60 } });
  const other = await patient.make();
  await patient.tickets.consume(other, { idempotencyKey: 'k' });
  patient.forward(59);
  assert.equal((await patient.tickets.consume(other, { idempotencyKey: 'k' })).status, 'consumed');
});

test('another process answers whoever lost the answer of the first', async () => {
  const world = createTicketWorld();
  const id = await world.make();
  once(world, 'consume', 'loses its answer');
  await world.tickets.consume(id, { idempotencyKey: 'k' });
  const same = world.process([NEW_SECRET]);
  const consumed = await same.consume(id, { idempotencyKey: 'k' });
  assert.ok(consumed.status === 'consumed' && consumed.repeated);
});

test('while a new secret is rolled out, whoever lost the answer gets it from a process with the new one', async () => {
  const world = createTicketWorld();
  const id = await world.make();
  once(world, 'consume', 'loses its answer');
  await world.tickets.consume(id, { idempotencyKey: 'k' });
  const rotated = world.process([OTHER_SECRET, NEW_SECRET]);
  const consumed = await rotated.consume(id, { idempotencyKey: 'k' });
  assert.ok(consumed.status === 'consumed' && consumed.repeated, consumed.status);
});

test('the same key proves nothing for another ticket, and the store never learns it', async () => {
  const world = createTicketWorld();
  const proofs: (string | null)[] = [];
  const consume = world.store.consume.bind(world.store);
  world.store.consume = (keys, use) => {
    proofs.push(use.proof);
    return consume(keys, use);
  };
  for (let n = 0; n < 3; n++) await world.tickets.consume(await world.make(), { idempotencyKey: '1' });
  await world.tickets.consume(await world.make());
  assert.equal(new Set(proofs).size, 4);
  for (const proof of proofs.slice(0, 3)) assert.match(proof ?? '', /^[\w-]{22}$/);
  assert.equal(proofs[3], null);
});

test('a ticket whose payload was damaged counts as absent, and is no error', async () => {
  for (const payload of ['{"u":"ad', 'null', '[]', '7', '{"u":1}', '{"u":""}']) {
    const world = createTicketWorld();
    const create = world.store.create.bind(world.store);
    world.store.create = (ticket, max, at) => create({ ...ticket, payload }, max, at);
    const id = await world.make({ user: 'ada' });
    const absent = { status: 'refused', reason: 'not-found' } as const;
    assert.deepEqual(await world.tickets.look(id), { ...absent, ticket: null }, payload);
    assert.deepEqual(await world.tickets.consume(id, { idempotencyKey: 'k' }), absent, payload);
    assert.deepEqual(await world.tickets.consume(id, { idempotencyKey: 'k' }), absent, payload);
    assert.deepEqual(world.events, []);
  }
});

test('an idempotency key that is empty or too long is refused', async () => {
  const world = createTicketWorld();
  const id = await world.make();
  for (const idempotencyKey of ['', 'x'.repeat(201)]) {
    await assert.rejects(world.tickets.consume(id, { idempotencyKey }), { code: 'invalid-data' });
  }
  assert.equal((await world.tickets.consume(id, { idempotencyKey: 'x'.repeat(200) })).status, 'consumed');
});

test('a sweep that fails says how far it came and does not throw', async () => {
  const world = createTicketWorld({ policy: { maxTickets: 2000 } });
  for (let n = 0; n < 700; n++) await world.make();
  world.forward(2400);
  let sweeps = 0;
  world.plan = () => (++sweeps === 2 ? 'fails' : null);
  assert.equal(await world.tickets.sweep(), 500);
  assert.equal(world.events.at(-1)?.type, 'store-failed');
  world.plan = () => null;
  assert.equal(await world.tickets.sweep(), 200);
});

test('health is asked of the store itself', async () => {
  const world = createTicketWorld();
  assert.equal((await world.tickets.health()).healthy, true);
});
