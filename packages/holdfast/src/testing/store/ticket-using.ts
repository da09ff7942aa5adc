/** Conformance: a ticket is used once, in time, and from where it may be. */
import assert from 'node:assert/strict';
import { TICKET_RETENTION_MS, type Ticket } from '../../core/ticket-store.ts';
import { MANY, sampleTicket, sampleTicketKey, sampleUse, type TicketScenario, tally } from './ticket-scenario.ts';

const CALLERS = 64;
const CONTESTS = 10;
const SHOP = 'https://shop.example';

export function ticketUsing(scenario: TicketScenario): void {
  scenario('a new ticket is used, and says what it was made with and when it was used', async (fixture) => {
    const { handle, make, use, time } = fixture;
    const ticket = await make({ origins: [SHOP], payload: '{"d":1}' });
    time.now += 5000;
    const used = { ...ticket, usedAt: time.now };
    assert.deepEqual(await use(ticket, { origin: SHOP }), { status: 'consumed', ticket: used });
    assert.deepEqual(await handle(1).read(ticket.key), used);
    time.now += 1;
    assert.deepEqual(await use(ticket, { origin: SHOP }), { status: 'used' });
    assert.deepEqual(await handle(1).read(ticket.key), used);
  });

  scenario('what is not there is absent', async ({ tickets }) => {
    assert.deepEqual(await tickets.consume([sampleTicketKey()], sampleUse()), { status: 'absent' });
    assert.deepEqual(await tickets.consume([sampleTicketKey(), sampleTicketKey()], sampleUse()), { status: 'absent' });
  });

  scenario(`of ${CALLERS} parallel callers exactly one uses it`, async (fixture) => {
    const { handle, make, time } = fixture;
    for (let contest = 0; contest < CONTESTS; contest++) {
      const { key } = await make();
      const results = await Promise.all(
        Array.from({ length: CALLERS }, async (_, n) => handle(n).consume([key], sampleUse({ at: time.now + n }))),
      );
      assert.deepEqual(tally(results), { consumed: 1, used: CALLERS - 1 });
      const winner = results.find(({ status }) => status === 'consumed');
      assert.ok(winner?.status === 'consumed');
      assert.deepEqual(await handle(1).read(key), winner.ticket);
    }
    // Whoever won, it was before this: what is used later than a count is none of its business.
    time.now += CALLERS;
    await fixture.assertFigures({ live: 0, used: CONTESTS, totalCreated: CONTESTS, totalUsed: CONTESTS });
  });

  scenario('it is found under each key that it may have been made under', async (fixture) => {
    const { tickets, make, time } = fixture;
    for (const place of [0, 1, 2]) {
      const ticket = await make({ payload: `"${place}"` });
      const keys = [sampleTicketKey(), sampleTicketKey(), sampleTicketKey()];
      keys[place] = ticket.key;
      const used = { ...ticket, usedAt: time.now };
      const use = sampleUse({ at: time.now });
      assert.deepEqual(await tickets.consume(keys, use), { status: 'consumed', ticket: used });
      assert.deepEqual(await tickets.consume(keys, use), { status: 'used' });
      assert.deepEqual(await tickets.consume([...keys].reverse(), use), { status: 'used' });
    }
    await fixture.assertFigures({ live: 0, used: 3, totalCreated: 3, totalUsed: 3 });
  });

  scenario('another origin, and none, is refused and changes nothing', async (fixture) => {
    const { tickets, make, use } = fixture;
    const ticket = await make({ origins: [SHOP, 'https://other.example:8443'] });
    const wrong = [
      null,
      '',
      'null',
      'https://stranger.example',
      'https://SHOP.example',
      'http://shop.example',
      'https://shop.example:443',
      'https://shop.example/',
      'https://shop.exampl',
      'https://shop.example.stranger.example',
      'https://other.example',
      `${SHOP}\nhttps://other.example:8443`,
      `${SHOP} https://other.example:8443`,
      `${SHOP},https://other.example:8443`,
      `${SHOP}","https://other.example:8443`,
      '%',
      '.*',
    ];
    for (const origin of wrong) {
      assert.deepEqual(await use(ticket, { origin, proof: 'p'.repeat(22) }), { status: 'wrong-origin' }, `${origin}`);
    }
    assert.deepEqual(await tickets.read(ticket.key), ticket);
    await fixture.assertFigures({ live: 1, used: 0, totalCreated: 1, totalUsed: 0 });
    assert.equal((await use(ticket, { origin: 'https://other.example:8443' })).status, 'consumed');
  });

  scenario('a ticket that is bound to no origin is used from any', async ({ make, use }) => {
    assert.equal((await use(await make(), { origin: 'https://anywhere.example' })).status, 'consumed');
    assert.equal((await use(await make(), { origin: null })).status, 'consumed');
  });

  scenario('it is used until it expires and not from then on, which changes nothing', async (fixture) => {
    const { tickets, make, use, time } = fixture;
    const [early, late] = [await make(), await make()];
    time.now = early.expiresAt - 1;
    assert.equal((await use(early)).status, 'consumed');
    time.now = late.expiresAt;
    assert.deepEqual(await use(late), { status: 'expired' });
    time.now += TICKET_RETENTION_MS - 1;
    assert.deepEqual(await use(late), { status: 'expired' });
    assert.deepEqual(await tickets.read(late.key), late);
    assert.deepEqual(await use(early), { status: 'used' });
  });

  scenario('the page is noted as fetched the first time, and read alike by all', async (fixture) => {
    const { tickets, handle, make, use, time } = fixture;
    const ticket = await make({ origins: [SHOP], payload: '"p"' });
    const opened = { ...ticket, openedAt: time.now + 3 };
    assert.deepEqual(await tickets.read(ticket.key, time.now + 3), opened);
    assert.deepEqual(await handle(1).read(ticket.key, time.now + 900), opened);
    assert.deepEqual(await handle(2).read(ticket.key), opened);
    await fixture.assertFigures({ live: 1, used: 0, totalCreated: 1, totalUsed: 0 });
    time.now += 1000;
    const used = { ...opened, usedAt: time.now };
    assert.deepEqual(await use(ticket, { origin: SHOP }), { status: 'consumed', ticket: used });
    assert.equal(await tickets.read(sampleTicketKey(), time.now), null);
  });

  scenario('the page is noted only while the ticket is new', async ({ tickets, make, use, time }) => {
    const [used, expired] = [await make(), await make()];
    await use(used);
    assert.deepEqual(await tickets.read(used.key, time.now + 1), { ...used, usedAt: time.now });
    time.now = expired.expiresAt;
    assert.deepEqual(await tickets.read(expired.key, time.now), expired);
    assert.deepEqual(await tickets.read(expired.key), expired);
  });

  scenario('of parallel fetches of the page one is noted', async ({ handle, make, time }) => {
    const { key } = await make();
    const seen = await Promise.all(Array.from({ length: 12 }, async (_, n) => handle(n).read(key, time.now + n)));
    const times = new Set(seen.map((ticket) => ticket?.openedAt));
    assert.equal(times.size, 1);
    assert.equal(times.has(null), false);
  });

  scenario('whatever is made, fetched, used and swept at once, each is used once and counted', async (fixture) => {
    const { handle, time } = fixture;
    const tickets: Ticket[] = Array.from({ length: 60 }, () => sampleTicket());
    const results = await Promise.all(
      tickets.map(async (ticket, n) => {
        await handle(n).create(ticket, MANY, time.now);
        const callers = n % 3 === 0 ? [] : [1, 2, 3];
        const tries = callers.map(async (m) => handle(n + m).consume([ticket.key], sampleUse({ at: time.now })));
        const opening = handle(n).read(ticket.key, time.now);
        const sweeping = handle(n + 1).sweep(10, time.now);
        const answers = await Promise.all(tries);
        await Promise.all([opening, sweeping]);
        return answers;
      }),
    );
    assert.deepEqual(tally(results.flat()), { consumed: 40, used: 80 });
    await fixture.assertFigures({ live: 20, used: 40, totalCreated: 60, totalUsed: 40 });
  });
}
