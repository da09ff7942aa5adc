/** Conformance: a ticket is remembered for a while after its end and then forgotten, and a closed store says that it is. */
import assert from 'node:assert/strict';
import { TICKET_RETENTION_MS, type TicketStore } from '../../core/ticket-store.ts';
import { assertUnreachable } from './harness.ts';
import { MANY, sampleTicket, sampleTicketKey, sampleUse, type TicketScenario, TTL_MS } from './ticket-scenario.ts';

export function ticketKeeping(scenario: TicketScenario): void {
  scenario('it is remembered for ten minutes after its end and absent from then on', async (fixture) => {
    const { tickets, make, use, time } = fixture;
    const [used, expired] = [await make(), await make()];
    await use(used);
    time.now = used.expiresAt + TICKET_RETENTION_MS - 1;
    for (const { key } of [used, expired]) {
      assert.equal((await tickets.read(key))?.key, key);
      assert.equal((await tickets.read(key, time.now))?.key, key);
    }
    assert.deepEqual(await use(used), { status: 'used' });
    assert.deepEqual(await use(expired), { status: 'expired' });
    time.now += 1;
    for (const ticket of [used, expired]) {
      assert.equal(await tickets.read(ticket.key), null);
      assert.equal(await tickets.read(ticket.key, time.now), null);
      assert.deepEqual(await use(ticket), { status: 'absent' });
    }
  });

  scenario('a key whose ticket was forgotten is free, swept or not', async (fixture) => {
    const { tickets, make, use, time } = fixture;
    const old = await make({ payload: '"old"' });
    await use(old);
    time.now = old.expiresAt + TICKET_RETENTION_MS;
    const next = await make({ key: old.key, payload: '"new"' });
    assert.deepEqual(await tickets.read(next.key), next);
    await fixture.assertFigures({ live: 1, used: 0, totalCreated: 2, totalUsed: 1 });
    assert.equal((await use(next)).status, 'consumed');
  });

  scenario(
    'a sweep removes in batches what was kept for long enough, and nothing else',
    async ({ tickets, make, use, time }) => {
      for (let n = 0; n < 7; n++) {
        const ticket = await make();
        if (n % 2 === 0) await use(ticket);
      }
      assert.equal(await tickets.sweep(100, time.now), 0);
      time.now += TTL_MS;
      const young = await make();
      time.now += TICKET_RETENTION_MS - 1;
      assert.equal(await tickets.sweep(100, time.now), 0);
      time.now += 1;
      assert.equal(await tickets.sweep(3, time.now), 3);
      assert.equal(await tickets.sweep(3, time.now), 3);
      assert.equal(await tickets.sweep(3, time.now), 1);
      assert.equal(await tickets.sweep(3, time.now), 0);
      assert.deepEqual(await tickets.read(young.key), young);
    },
    'sweep',
  );

  scenario(
    'of parallel sweeps each removes others',
    async ({ handle, make, time }) => {
      for (let n = 0; n < 30; n++) await make();
      time.now += TTL_MS + TICKET_RETENTION_MS;
      const removed = await Promise.all([0, 1, 2, 3].map(async (n) => handle(n).sweep(10, time.now)));
      let sum = removed.reduce((a, b) => a + b, 0);
      for (let batch = 1; batch > 0; sum += batch) batch = await handle(0).sweep(10, time.now);
      assert.equal(sum, 30);
    },
    'sweep',
  );

  scenario('a closed store answers everything as unreachable', async ({ store, tickets, make, time }) => {
    const { key } = await make();
    await store.close();
    const operations: readonly ((tickets: TicketStore) => unknown)[] = [
      (t) => t.create(sampleTicket(), MANY, time.now),
      (t) => t.read(key),
      (t) => t.read(key, time.now),
      (t) => t.consume([key], sampleUse({ at: time.now })),
      (t) => t.figures(time.now),
      (t) => t.sweep(1, time.now),
      (t) => t.recount(time.now),
    ];
    for (const operation of operations) await assertUnreachable(() => operation(tickets) as Promise<unknown>);
  });

  scenario(
    'what was made and used is there for the others after the handle was closed',
    async ({ store, handle, make, use, time }) => {
      const [used, open] = [await make(), await make({ payload: '"p"' })];
      await use(used);
      await store.close();
      const next = handle(1);
      assert.deepEqual(await next.consume([used.key], sampleUse({ at: time.now })), { status: 'used' });
      assert.deepEqual(await next.read(open.key), open);
      assert.equal(await next.read(sampleTicketKey()), null);
      assert.deepEqual(await next.figures(time.now), { live: 1, used: 1, totalCreated: 2, totalUsed: 1 });
    },
    'second-handle',
  );
}
