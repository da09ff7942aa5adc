/** Limits, counts and tables of one-time sessions in PostgreSQL hold where lanes and migrations could break them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PostgresStore, postgresStore } from '../../src/stores/postgres.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { MANY, sampleTicket, sampleUse, TTL_MS, tally } from '../../src/testing/store/ticket-scenario.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();

function open(schema: string): Promise<PostgresStore> {
  return postgresStore({ url: server.url, schema, cache: false, maxConnections: 16, clock: () => START });
}

async function on(run: (store: PostgresStore, schema: string) => Promise<void>): Promise<void> {
  const schema = newSchema();
  const store = await open(schema);
  try {
    await run(store, schema);
  } finally {
    await store.close();
  }
}

test('a limit that was lowered holds at once, under parallel makers', () =>
  on(async ({ tickets }, schema) => {
    for (let n = 0; n < 20; n++) await tickets.create(sampleTicket(), MANY, START);
    // All in one lane, which is as uneven as it gets: every other lane has room, and there is room for three.
    await server.sql(`UPDATE ${schema}.tickets SET lane = 0`);
    await tickets.recount(START);
    for (let max = 23; max < 38; max += 3) {
      const made = await Promise.all(
        Array.from({ length: 40 }, async () => tickets.create(sampleTicket(), max, START)),
      );
      assert.deepEqual(tally(made), { created: 3, 'limit-reached': 37 });
    }
  }));

test('makers get all that is allowed, however it is spread', () =>
  on(async ({ tickets }) => {
    const made = [];
    for (let n = 0; n < 100; n++) {
      const ticket = sampleTicket();
      made.push(ticket);
      assert.equal((await tickets.create(ticket, 100, START)).status, 'created', `${n}`);
    }
    assert.equal((await tickets.create(sampleTicket(), 100, START)).status, 'limit-reached');
    for (const { key } of made.slice(0, 30)) await tickets.consume([key], sampleUse());
    const again = await Promise.all(Array.from({ length: 50 }, async () => tickets.create(sampleTicket(), 100, START)));
    assert.deepEqual(tally(again), { created: 30, 'limit-reached': 20 });
  }));

test('makers, users, sweeps and recounts at once end in no deadlock and in counts that agree', () =>
  on(async ({ tickets }) => {
    const later = START + TTL_MS + 700_000;
    for (let n = 0; n < 40; n++) await tickets.create(sampleTicket(), MANY, START);
    const fresh = Array.from({ length: 120 }, (_, n) =>
      sampleTicket({ createdAt: later, expiresAt: later + 60_000 + (n % 7) * 9000 }),
    );
    const work = fresh.map(async (ticket, n) => {
      assert.equal((await tickets.create(ticket, MANY, later)).status, 'created');
      if (n % 10 === 0) await tickets.sweep(7, later);
      if (n % 17 === 0) await tickets.recount(later);
      const uses = n % 3 === 0 ? [] : [0, 1].map(async () => tickets.consume([ticket.key], sampleUse({ at: later })));
      return await Promise.all(uses);
    });
    const results = (await Promise.all(work)).flat();
    assert.deepEqual(tally(results), { consumed: 80, used: 80 });
    const expected = { live: 40, used: 80, totalCreated: 160, totalUsed: 80 };
    assert.deepEqual(await tickets.figures(later), expected);
    assert.deepEqual(await tickets.recount(later), expected);
  }));

test('a process whose clock is an hour ahead makes no counts go wrong for good', () =>
  on(async ({ tickets }) => {
    const early = sampleTicket();
    await tickets.create(early, 9, START);
    await tickets.create(sampleTicket({ expiresAt: START + 2 * TTL_MS }), 9, START);
    const later = START + TTL_MS + 10_000;
    await tickets.sweep(100, later);
    assert.equal((await tickets.consume([early.key], sampleUse())).status, 'consumed');
    await tickets.sweep(100, later);
    assert.deepEqual(await tickets.figures(later), { live: 1, used: 0, totalCreated: 2, totalUsed: 1 });
  }));

test('a recount finds what was deleted by hand', () =>
  on(async ({ tickets }, schema) => {
    for (let n = 0; n < 5; n++) await tickets.create(sampleTicket(), 5, START);
    await server.sql(`DELETE FROM ${schema}.tickets WHERE key IN (SELECT key FROM ${schema}.tickets LIMIT 2)`);
    const found = { live: 3, used: 0, totalCreated: 5, totalUsed: 0 };
    assert.deepEqual(await tickets.recount(START), found);
    assert.deepEqual(await tickets.figures(START), found);
  }));

test('a schema of the version before gets its tables for one-time sessions and keeps its sessions', () =>
  on(async (before, schema) => {
    const record = sampleRecord();
    await before.create(record);
    await server.sql(`DROP TABLE ${schema}.tickets, ${schema}.ticket_counts, ${schema}.ticket_lanes;
      DELETE FROM ${schema}.schema_version WHERE version > 1`);
    const store = await open(schema);
    try {
      assert.deepEqual(await store.read(record.id), { status: 'live', record });
      assert.deepEqual(await store.tickets.create(sampleTicket(), 1, START), { status: 'created' });
    } finally {
      await store.close();
    }
  }));

test('using a ticket that was used already writes nothing', () =>
  on(async ({ tickets }, schema) => {
    const { key } = sampleTicket();
    await tickets.create(sampleTicket({ key }), 1, START);
    await tickets.consume([key], sampleUse());
    const version = `SELECT xmin || ' ' || xmax || ' ' || ctid FROM ${schema}.tickets`;
    const written = await server.sql(version);
    for (let n = 0; n < 5; n++) assert.equal((await tickets.consume([key], sampleUse())).status, 'used');
    assert.equal(await server.sql(version), written);
  }));
