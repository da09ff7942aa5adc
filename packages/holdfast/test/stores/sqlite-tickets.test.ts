/** The SQLite store keeps the contract of one-time sessions, also with several handles on one file. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { storeTickets } from '../../src/testing/index.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { sampleTicket, sampleUse, TTL_MS } from '../../src/testing/store/ticket-scenario.ts';
import { sqliteDirectory, temporaryDirectory } from './sqlite-directory.ts';

let directory = '';

storeTickets('sqlite store: one-time sessions', {
  open(clock) {
    directory = temporaryDirectory();
    return sqliteStore({ directory, clock });
  },
  reopen: (clock) => sqliteStore({ directory, clock }),
  corrupt: () => undefined,
  cleanup: () => rmSync(directory, { recursive: true, force: true }),
});

test('a session file of the version before gets its tables for one-time sessions and keeps its sessions', async (context) => {
  const before = sqliteDirectory(context);
  const clock = (): number => START;
  const record = sampleRecord();
  const first = before.open({ clock });
  await first.create(record);
  await first.close();
  before.raw().exec('DROP TABLE tickets; DROP TABLE ticket_counts; DROP TABLE ticket_sums; PRAGMA user_version = 1');
  const store = before.open({ clock });
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  const ticket = sampleTicket();
  assert.deepEqual(await store.tickets?.create(ticket, 1, START), { status: 'created' });
  assert.deepEqual(await store.tickets?.read(ticket.key), ticket);
});

test('a ticket whose origins were damaged is gone, and not open to all', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock: () => START });
  const ticket = sampleTicket({ origins: ['https://shop.example'] });
  await store.tickets?.create(ticket, 1, START);
  directory.raw().exec("UPDATE tickets SET origins = '[17'");
  assert.equal(await store.tickets?.read(ticket.key), null);
  assert.deepEqual(await store.tickets?.consume([ticket.key], sampleUse()), { status: 'absent' });
});

test('a recount finds what was deleted by hand', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock: () => START });
  for (let n = 0; n < 5; n++) await store.tickets?.create(sampleTicket(), 5, START);
  directory.raw().exec('DELETE FROM tickets WHERE key IN (SELECT key FROM tickets LIMIT 2)');
  const found = { live: 3, used: 0, totalCreated: 5, totalUsed: 0 };
  assert.deepEqual(await store.tickets?.recount(START), found);
  assert.deepEqual(await store.tickets?.figures(START), found);
});

test('a process whose clock is an hour ahead makes no counts go wrong for good', async (context) => {
  const directory = sqliteDirectory(context);
  const { tickets } = directory.open({ clock: () => START });
  assert.ok(tickets);
  const early = sampleTicket();
  await tickets.create(early, 9, START);
  await tickets.create(sampleTicket({ expiresAt: START + 2 * TTL_MS }), 9, START);
  await tickets.sweep(100, START + TTL_MS + 10_000);
  assert.equal((await tickets.consume([early.key], sampleUse())).status, 'consumed');
  const later = START + TTL_MS + 10_000;
  await tickets.sweep(100, later);
  assert.deepEqual(await tickets.figures(later), { live: 1, used: 0, totalCreated: 2, totalUsed: 1 });
});
