/** Conformance: whoever used a ticket and lost the answer gets it again for as long as allowed; nobody else does. */
import assert from 'node:assert/strict';
import { sampleUse, type TicketScenario, tally } from './ticket-scenario.ts';

const MINE = 'AAAAAAAAAAAAAAAAAAAAAA';
const OTHERS = 'AAAAAAAAAAAAAAAAAAAAAB';
const SHOP = 'https://shop.example';

export function ticketRepeating(scenario: TicketScenario): void {
  scenario('the same caller gets the same answer again, as often as it asks', async (fixture) => {
    const { handle, make, time } = fixture;
    const ticket = await make({ origins: [SHOP], payload: '{"u":"ada"}' });
    await handle(1).read(ticket.key, time.now);
    const keys = [ticket.key];
    const first = await handle(0).consume(keys, sampleUse({ at: time.now, origin: SHOP, proof: MINE }));
    assert.ok(first.status === 'consumed');
    const again = sampleUse({ at: time.now + 9999, origin: SHOP, proof: MINE });
    assert.deepEqual(await handle(1).consume(keys, again), { status: 'repeated', ticket: first.ticket });
    // Attempts that were given up arrive all the same, when the store wakes: none of them takes the answer away.
    assert.deepEqual(await handle(2).consume(keys, again), { status: 'repeated', ticket: first.ticket });
    assert.deepEqual(await handle(0).consume(keys, again), { status: 'repeated', ticket: first.ticket });
    assert.deepEqual(await handle(0).read(ticket.key), first.ticket);
    await fixture.assertFigures({ live: 0, used: 1, totalCreated: 1, totalUsed: 1 });
  });

  scenario('later than allowed it is used', async ({ make, use, time }) => {
    const ticket = await make();
    await use(ticket, { proof: MINE, repeatMs: 3000 });
    assert.equal((await use(ticket, { at: time.now + 2999, proof: MINE, repeatMs: 3000 })).status, 'repeated');
    // From the use on, not from the last repetition.
    assert.deepEqual(await use(ticket, { at: time.now + 3001, proof: MINE, repeatMs: 3000 }), { status: 'used' });
  });

  scenario('where no repetition is allowed there is none', async ({ make, use }) => {
    const ticket = await make();
    await use(ticket, { proof: MINE, repeatMs: 0 });
    assert.deepEqual(await use(ticket, { proof: MINE, repeatMs: 0 }), { status: 'used' });
  });

  scenario('with another proof, and without one, it is used', async ({ make, use }) => {
    const ticket = await make();
    await use(ticket, { proof: MINE });
    assert.deepEqual(await use(ticket, { proof: OTHERS }), { status: 'used' });
    assert.deepEqual(await use(ticket, { proof: null }), { status: 'used' });
    // Whoever tried has not taken the answer away from its owner.
    assert.equal((await use(ticket, { proof: MINE })).status, 'repeated');
  });

  scenario('who used it without a proof cannot ask again, and nobody can in their place', async ({ make, use }) => {
    const ticket = await make();
    await use(ticket, { proof: null });
    assert.deepEqual(await use(ticket, { proof: null }), { status: 'used' });
    assert.deepEqual(await use(ticket, { proof: MINE }), { status: 'used' });
  });

  scenario('from another origin it is not repeated', async ({ make, use }) => {
    const ticket = await make({ origins: [SHOP] });
    await use(ticket, { origin: SHOP, proof: MINE });
    const stolen = await use(ticket, { origin: 'https://stranger.example', proof: MINE });
    assert.ok(stolen.status === 'used' || stolen.status === 'wrong-origin', stolen.status);
    assert.equal((await use(ticket, { origin: SHOP, proof: MINE })).status, 'repeated');
  });

  scenario('the answer to who used it in time is repeated when it has expired since', async ({ make, use, time }) => {
    const ticket = await make();
    time.now = ticket.expiresAt - 1;
    const first = await use(ticket, { proof: MINE });
    assert.ok(first.status === 'consumed');
    time.now += 2;
    assert.deepEqual(await use(ticket, { proof: MINE }), { status: 'repeated', ticket: first.ticket });
  });

  scenario(
    'of parallel callers with one proof one uses it, and all get the answer',
    async ({ handle, make, time, assertFigures }) => {
      const { key } = await make();
      const use = sampleUse({ at: time.now, proof: MINE });
      const results = await Promise.all(Array.from({ length: 24 }, async (_, n) => handle(n).consume([key], use)));
      assert.deepEqual(tally(results), { consumed: 1, repeated: 23 });
      await assertFigures({ live: 0, used: 1, totalCreated: 1, totalUsed: 1 });
    },
  );

  scenario('it is repeated also under another order of keys', async ({ tickets, make, time }) => {
    const { key } = await make();
    const use = sampleUse({ at: time.now, proof: MINE });
    const other = '00000000-0000-4000-8000-000000000000';
    assert.equal((await tickets.consume([key], use)).status, 'consumed');
    assert.equal((await tickets.consume([other, key], use)).status, 'repeated');
  });
}
