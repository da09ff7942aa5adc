/**
 * Another process on a store of one-time sessions: `node tickets-worker.ts make|use sqlite|postgres <where> [arguments]`.
 * Says `ready` once it is connected, begins when it has read all of stdin, and then answers lines on stdout.
 */
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Store } from '../../src/core/store.ts';
import type { TicketStore } from '../../src/core/ticket-store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleTicket, sampleUse } from '../../src/testing/store/ticket-scenario.ts';

const PATIENCE_MS = 60_000;
const [task, kind, where = '', first = '0', second = '0'] = process.argv.slice(2);
const clock = (): number => START;
const store: Store =
  kind === 'sqlite' ? sqliteStore({ directory: where, clock, deadlineMs: PATIENCE_MS }) : await remote();

async function remote(): Promise<Store> {
  const [url = '', schema = ''] = where.split(' ');
  return postgresStore({ url, schema, clock, cache: false, maxConnections: 4, statementTimeoutMs: PATIENCE_MS });
}

/** Tries to make as many tickets, 16 at a time; says the key of each that was made. */
async function make(tickets: TicketStore, count: number, max: number): Promise<void> {
  for (let n = 0; n < count; n += 16) {
    await Promise.all(
      Array.from({ length: Math.min(16, count - n) }, async () => {
        const key = randomUUID();
        const { status } = await tickets.create(sampleTicket({ key }), max, START);
        if (status === 'created') process.stdout.write(`${key}\n`);
      }),
    );
  }
}

/** Many callers at once for each key; says the keys that they won. */
async function use(tickets: TicketStore, keys: readonly string[], callers: number): Promise<void> {
  for (const key of keys) {
    const results = await Promise.all(
      Array.from({ length: callers }, async (_, n) =>
        tickets.consume([key], sampleUse({ proof: `${process.pid}-${n}`.padEnd(22, 'A') })),
      ),
    );
    for (const { status } of results) {
      if (status === 'consumed') process.stdout.write(`${key}\n`);
      else if (status !== 'used') throw new Error(`${key} was ${status}`);
    }
  }
}

const { tickets } = store;
if (tickets === undefined) throw new Error('the store keeps no one-time sessions');
process.stdout.write('ready\n');
const keys = (await text(process.stdin)).split('\n').filter(Boolean);
if (task === 'make') await make(tickets, Number(first), Number(second));
else await use(tickets, keys, Number(first));
await store.close();
