/** Conformance: a ticket is kept as it was made, replaces none, and there are never more than allowed. */
import assert from 'node:assert/strict';
import { TICKET_PAYLOAD_MAX, TICKET_RETENTION_MS } from '../../core/ticket-store.ts';
import { sampleTicket, sampleTicketKey, type TicketScenario, TTL_MS, tally } from './ticket-scenario.ts';

const STEP_MS = 10_000;

export function ticketCreating(scenario: TicketScenario): void {
  scenario('a ticket is read as it was made', async ({ tickets, handle, make }) => {
    const lean = await make();
    const full = await make({
      origins: ['https://shop.example', 'http://localhost:8080', 'https://xn--bcher-kva.example:8443'],
      payload: '{"u":"ada","d":{"order":17}}',
    });
    for (const ticket of [lean, full]) {
      assert.deepEqual(await tickets.read(ticket.key), ticket);
      assert.deepEqual(await handle(1).read(ticket.key), ticket);
    }
    assert.equal(await tickets.read(sampleTicketKey()), null);
  });

  scenario('the longest payload comes back unit by unit, whatever it is written in', async ({ tickets, make, use }) => {
    const scripts = ['a', '"', '\\', "'", '\u{1F980}', '\u0001\u001f\u007f', 'ß東\u2028', '{}[]:,', '%$?:;', '\r\n\t'];
    for (const script of scripts) {
      const payload = script.repeat(TICKET_PAYLOAD_MAX).slice(0, TICKET_PAYLOAD_MAX);
      assert.ok(payload.isWellFormed() && payload.length === TICKET_PAYLOAD_MAX);
      const ticket = await make({ payload });
      assert.equal((await tickets.read(ticket.key))?.payload, payload);
      const result = await use(ticket);
      assert.ok(result.status === 'consumed' && result.ticket.payload === payload, script);
    }
  });

  scenario('what the maker does with its objects afterwards changes nothing', async ({ tickets, make }) => {
    const origins = ['https://shop.example'];
    const ticket = await make({ origins });
    origins.push('https://stranger.example');
    assert.deepEqual((await tickets.read(ticket.key))?.origins, ['https://shop.example']);
  });

  scenario('a key that is taken stays as it is: new, used and expired', async (fixture) => {
    const { handle, tickets, make, use, time } = fixture;
    const origin = 'https://shop.example';
    const ticket = await make({ origins: [origin], payload: '"first"' });
    const other = { ...ticket, origins: [], payload: '"second"', expiresAt: ticket.expiresAt + 5 };
    const again = async (): Promise<unknown> => handle(1).create(other, 1000, time.now);
    assert.deepEqual(await again(), { status: 'exists' });
    assert.deepEqual(await tickets.read(ticket.key), ticket);
    await fixture.assertFigures({ live: 1, used: 0, totalCreated: 1, totalUsed: 0 });
    await use(ticket, { origin });
    assert.deepEqual(await again(), { status: 'exists' });
    time.now = ticket.expiresAt + TICKET_RETENTION_MS - 1;
    assert.deepEqual(await again(), { status: 'exists' });
    assert.equal((await tickets.read(ticket.key))?.usedAt, ticket.createdAt);
  });

  scenario('of parallel makers of one key one succeeds', async (fixture) => {
    const { handle, time } = fixture;
    const key = sampleTicketKey();
    const results = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        handle(n).create(sampleTicket({ key, payload: `"${n}"` }), 1000, time.now),
      ),
    );
    assert.deepEqual(tally(results), { created: 1, exists: 7 });
    const winner = results.findIndex(({ status }) => status === 'created');
    assert.equal((await handle(0).read(key))?.payload, `"${winner}"`);
    await fixture.assertFigures({ live: 1, used: 0, totalCreated: 1, totalUsed: 0 });
  });

  scenario('beyond the limit nothing is made, and the answer says when there will be room', async (fixture) => {
    const { tickets, make, time } = fixture;
    const first = await make();
    time.now += 60_000;
    await make();
    const third = sampleTicket();
    const refused = await tickets.create(third, 2, time.now);
    assert.ok(refused.status === 'limit-reached');
    assert.ok(refused.freeAt > time.now && refused.freeAt <= first.expiresAt + STEP_MS, `${refused.freeAt}`);
    assert.equal(await tickets.read(third.key), null);
    await fixture.assertFigures({ live: 2, used: 0, totalCreated: 2, totalUsed: 0 });
    assert.deepEqual(await tickets.create(third, 3, time.now), { status: 'created' });
  });

  scenario('makers with different limits each keep to their own', async ({ tickets, handle, make, time }) => {
    for (let n = 0; n < 20; n++) await make();
    assert.equal((await tickets.create(sampleTicket(), 5, time.now)).status, 'limit-reached');
    assert.equal((await handle(1).create(sampleTicket(), 20, time.now)).status, 'limit-reached');
    assert.equal((await handle(2).create(sampleTicket(), 21, time.now)).status, 'created');
    assert.equal((await handle(2).create(sampleTicket(), 21, time.now)).status, 'limit-reached');
  });

  for (const max of [1, 3, 20, 37]) {
    scenario(`fifty parallel makers get exactly ${max} where ${max} are allowed`, async (fixture) => {
      const { handle, time } = fixture;
      const results = await Promise.all(
        Array.from({ length: 50 }, async (_, n) => handle(n).create(sampleTicket(), max, time.now)),
      );
      assert.deepEqual(tally(results), { created: max, 'limit-reached': 50 - max });
      await fixture.assertFigures({ live: max, used: 0, totalCreated: max, totalUsed: 0 });
    });
  }

  scenario('a used ticket gives room', async ({ tickets, make, use, time }) => {
    const ticket = await make();
    assert.equal((await tickets.create(sampleTicket(), 1, time.now)).status, 'limit-reached');
    await use(ticket);
    assert.equal((await tickets.create(sampleTicket(), 1, time.now)).status, 'created');
    assert.equal((await tickets.create(sampleTicket(), 1, time.now)).status, 'limit-reached');
  });

  scenario('an expired ticket gives room, ten seconds later at the latest', async ({ tickets, make, time }) => {
    const { expiresAt } = await make();
    const next = (): ReturnType<typeof sampleTicket> =>
      sampleTicket({ createdAt: time.now, expiresAt: time.now + TTL_MS });
    time.now = expiresAt - 1;
    assert.equal((await tickets.create(next(), 1, time.now)).status, 'limit-reached');
    time.now = expiresAt + STEP_MS;
    assert.equal((await tickets.create(next(), 1, time.now)).status, 'created');
    assert.equal((await tickets.create(next(), 1, time.now)).status, 'limit-reached');
  });

  scenario('the limit holds while tickets are made and used at once', async (fixture) => {
    const { handle, make, use, time } = fixture;
    const max = 10;
    const before = await Promise.all(Array.from({ length: max }, () => make()));
    const [made] = await Promise.all([
      Promise.all(Array.from({ length: 30 }, async (_, n) => handle(n).create(sampleTicket(), max, time.now))),
      Promise.all(before.slice(0, 6).map((ticket) => use(ticket))),
    ]);
    const created = tally(made).created ?? 0;
    assert.ok(created <= 6, `${created} were made where 6 had left`);
    const { live } = await handle(0).figures(time.now);
    assert.equal(live, max - 6 + created);
    await fixture.assertFigures({ live, used: 6, totalCreated: max + created, totalUsed: 6 });
  });
}
