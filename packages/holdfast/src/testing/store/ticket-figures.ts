/** Conformance: the figures follow what happens, without anybody counting. */
import assert from 'node:assert/strict';
import type { TicketFigures } from '../../core/ticket-store.ts';
import { sampleTicket, type TicketScenario } from './ticket-scenario.ts';

const STEP_MS = 10_000;

export function ticketFigures(scenario: TicketScenario): void {
  scenario('an empty store counts nothing', async ({ assertFigures }) => {
    await assertFigures({ live: 0, used: 0, totalCreated: 0, totalUsed: 0 });
  });

  scenario('figures follow tickets from being made to being forgotten', async (fixture) => {
    const { tickets, make, use, time, assertFigures } = fixture;
    const [first, second, third] = [await make(), await make(), await make({ origins: ['https://shop.example'] })];
    await assertFigures({ live: 3, used: 0, totalCreated: 3, totalUsed: 0 });
    await use(first, { proof: 'A'.repeat(22) });
    await assertFigures({ live: 2, used: 1, totalCreated: 3, totalUsed: 1 });
    // None of these counts: a repetition, a second use, a wrong origin, a fetch of the page, a full house.
    await use(first, { proof: 'A'.repeat(22) });
    await use(first);
    await use(third);
    await tickets.read(second.key, time.now);
    await tickets.create(sampleTicket(), 1, time.now);
    await assertFigures({ live: 2, used: 1, totalCreated: 3, totalUsed: 1 });
    time.now += 600_000;
    const late = await make();
    await assertFigures({ live: 3, used: 1, totalCreated: 4, totalUsed: 1 });
    time.now = first.expiresAt - 1;
    await assertFigures({ live: 3, used: 1, totalCreated: 4, totalUsed: 1 });
    time.now = first.expiresAt + STEP_MS;
    await assertFigures({ live: 1, used: 0, totalCreated: 4, totalUsed: 1 });
    assert.equal((await use(second)).status, 'expired');
    time.now = late.expiresAt + STEP_MS;
    await assertFigures({ live: 0, used: 0, totalCreated: 4, totalUsed: 1 });
  });

  scenario('tickets that end at different times go one after another', async ({ tickets, make, use, time }) => {
    const start = time.now;
    const lifetimes = Array.from({ length: 12 }, (_, n) => 7001 + n * 13_337);
    for (const lifetime of lifetimes) await make({ expiresAt: start + lifetime });
    const used = await make({ expiresAt: start + 50_001 });
    await use(used);
    for (time.now = start; time.now < start + 180_000; time.now += 2500) {
      const figures = await tickets.figures(time.now);
      const passed = time.now - start;
      assertBetween(figures, 'live', lifetimes, passed);
      assertBetween(figures, 'used', [50_001], passed);
      if (time.now % 30_000 === 0) assert.deepEqual(await tickets.recount(time.now), figures);
    }
    assert.deepEqual(await tickets.figures(time.now), { live: 0, used: 0, totalCreated: 13, totalUsed: 1 });
  });

  scenario('figures are the same after a sweep', async ({ tickets, make, use, time, assertFigures }) => {
    const gone = await make();
    await use(await make());
    time.now = gone.expiresAt + 600_000;
    const kept = await make();
    await make();
    await use(kept);
    await assertFigures({ live: 1, used: 1, totalCreated: 4, totalUsed: 2 });
    await tickets.sweep(100, time.now);
    await assertFigures({ live: 1, used: 1, totalCreated: 4, totalUsed: 2 });
  });
}

/** As many as have not ended, and beyond them at most those that ended within the last step. */
function assertBetween(
  figures: TicketFigures,
  name: 'live' | 'used',
  lifetimes: readonly number[],
  passed: number,
): void {
  const least = lifetimes.filter((lifetime) => lifetime > passed).length;
  const most = lifetimes.filter((lifetime) => lifetime + STEP_MS > passed).length;
  assert.ok(figures[name] >= least && figures[name] <= most, `${name} ${figures[name]}, not ${least} to ${most}`);
}
