/** What scenarios of one-time sessions work with: the tickets of one or several handles, and samples of them. */
import assert from 'node:assert/strict';
import type { Store } from '../../core/store.ts';
import type { ConsumeTicketResult, Ticket, TicketFigures, TicketStore, TicketUse } from '../../core/ticket-store.ts';
import { type Fixture, START, type StoreCapability, type StoreHarness, scenarios } from './harness.ts';

export interface TicketFixture {
  readonly store: Store;
  readonly tickets: TicketStore;
  /** The time by which all handles live; what a scenario does not name a time for happens then. */
  readonly time: { now: number };
  /** Handles on one backend, in turn: several where the store can be opened more than once. */
  readonly handle: (n: number) => TicketStore;
  /** Makes a ticket, which has to succeed. */
  make(overrides?: Partial<Ticket>): Promise<Ticket>;
  use(ticket: Ticket, overrides?: Partial<TicketUse>): Promise<ConsumeTicketResult>;
  /** The figures now, by each handle, have to be these; and so they have to be when all tickets are looked at. */
  assertFigures(expected: TicketFigures): Promise<void>;
}

export type TicketScenario = (
  name: string,
  run: (fixture: TicketFixture) => Promise<void>,
  needs?: StoreCapability,
) => void;

/** Room for all that a scenario makes. */
export const MANY = 1_000_000;
/** For how long tickets live here: no multiple of ten seconds, so that ends do not fall together with steps of counting. */
export const TTL_MS = 1_804_321;
const HANDLES = 3;

export function ticketScenarios(harness: StoreHarness): TicketScenario {
  const scenario = scenarios(harness);
  const handles = harness.declared?.['second-handle'] === undefined ? HANDLES : 1;
  return (name, run, needs) => scenario(name, async (fixture) => run(await toTicketFixture(fixture, handles)), needs);
}

async function toTicketFixture({ store, time, another }: Fixture, handles: number): Promise<TicketFixture> {
  const all = [ticketsOf(store)];
  while (all.length < handles) all.push(ticketsOf(await another()));
  const handle = (n: number): TicketStore => all[n % all.length] as TicketStore;
  return {
    store,
    tickets: handle(0),
    time,
    handle,
    async make(overrides) {
      const ticket = sampleTicket({ createdAt: time.now, expiresAt: time.now + TTL_MS, ...overrides });
      assert.deepEqual(await handle(0).create(ticket, MANY, time.now), { status: 'created' });
      return ticket;
    },
    use: async (ticket, overrides) => handle(0).consume([ticket.key], sampleUse({ at: time.now, ...overrides })),
    async assertFigures(expected) {
      for (const tickets of all) assert.deepEqual(await tickets.figures(time.now), expected);
      assert.deepEqual(await handle(0).recount(time.now), expected, 'what a recount finds');
      assert.deepEqual(await handle(0).figures(time.now), expected, 'after a recount');
    },
  };
}

function ticketsOf(store: Store): TicketStore {
  assert.ok(store.tickets, 'the store keeps no one-time sessions');
  return store.tickets;
}

let made = 0;

/** A new ticket with a key of its own. */
export function sampleTicket(overrides: Partial<Ticket> = {}): Ticket {
  return {
    key: sampleTicketKey(),
    createdAt: START,
    expiresAt: START + TTL_MS,
    openedAt: null,
    usedAt: null,
    origins: [],
    payload: '',
    ...overrides,
  };
}

/** In the form in which the engine makes them, but counted instead of hashed: never the same twice. */
export function sampleTicketKey(): string {
  made++;
  const hex = made.toString(16).padStart(8, '0');
  return `${hex}-a5c3-4f10-9e7b-${(made * 7919).toString(16).padStart(12, '0')}`;
}

/** Somebody who has no origin to show and could not ask again. */
export function sampleUse(overrides: Partial<TicketUse> = {}): TicketUse {
  return { at: START, origin: null, proof: null, repeatMs: 10_000, ...overrides };
}

/** How often each answer was given. */
export function tally(results: readonly { readonly status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
