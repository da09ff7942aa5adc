/** The engine of one-time sessions over a memory store, with time, randomness, deadlines and failures in the test's hands. */
import { StoreUnreachableError } from '../../src/core/errors.ts';
import type { SessionEvent } from '../../src/core/events.ts';
import { createKeyRing } from '../../src/core/key-ring.ts';
import type { Store } from '../../src/core/store.ts';
import { resolveTicketPolicy, type TicketPolicy } from '../../src/core/ticket-policy.ts';
import type { TicketStore } from '../../src/core/ticket-store.ts';
import { createTicketEngine, type TicketContents, type Tickets } from '../../src/core/tickets.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Fault, plantFaults } from './faults.ts';
import { NEW_SECRET } from './world.ts';

export interface TicketWorld {
  readonly tickets: Tickets;
  /** The store itself, without planted failures. */
  readonly store: TicketStore;
  readonly events: SessionEvent[];
  /** Store calls by operation, those that a fault has kept from it included. */
  readonly calls: string[];
  readonly now: () => number;
  forward(seconds: number): void;
  /** Asked before each store call. */
  plan: (operation: string) => Fault | null;
  /** Another process on the same store. */
  process(secrets: readonly string[], policy?: TicketPolicy): Tickets;
  /** Makes a ticket, which has to succeed, and answers its id. */
  make(contents?: TicketContents): Promise<string>;
}

export interface TicketWorldOptions {
  readonly policy?: TicketPolicy;
  readonly secrets?: readonly string[];
  readonly randomBytes?: (length: number) => Uint8Array;
}

export function createTicketWorld(options: TicketWorldOptions = {}): TicketWorld {
  let time = Date.UTC(2026, 0, 5, 12);
  const now = (): number => time;
  const store: Store = memoryStore({ clock: now });
  const kept = store.tickets;
  if (kept === undefined) throw new Error('the memory store keeps no one-time sessions');
  const events: SessionEvent[] = [];
  const calls: string[] = [];
  const faulty = plantFaults();

  function run<T>(operation: string, call: () => PromiseLike<T> | T): Promise<T> {
    calls.push(operation);
    const refusal = new StoreUnreachableError('planted: not done', { retryAfterSeconds: 7 });
    return faulty.run(world.plan(operation), call, refusal);
  }

  const watched: TicketStore = {
    create: (ticket, max, at) => run('create', () => kept.create(ticket, max, at)),
    read: (key, openedAt) => run('read', () => kept.read(key, openedAt)),
    consume: (keys, use) => run('consume', () => kept.consume(keys, use)),
    figures: (at) => run('figures', () => kept.figures(at)),
    sweep: (limit, at) => run('sweep', () => kept.sweep(limit, at)),
    recount: (at) => run('recount', () => kept.recount(at)),
  };

  const world: TicketWorld = {
    tickets: process(options.secrets ?? [NEW_SECRET]),
    store: kept,
    events,
    calls,
    now,
    forward(seconds) {
      time += seconds * 1000;
    },
    plan: () => null,
    process,
    async make(contents) {
      const made = await world.tickets.create(contents);
      if (made.status !== 'created') throw new Error(`not made: ${made.status}`);
      return made.id;
    },
  };
  return world;

  function process(secrets: readonly string[], policy = options.policy): Tickets {
    return createTicketEngine(
      {
        store: Object.assign(Object.create(store), { tickets: watched, health: () => store.health() }) as Store,
        ring: createKeyRing(secrets, nodeCrypto),
        crypto: options.randomBytes === undefined ? nodeCrypto : { ...nodeCrypto, randomBytes: options.randomBytes },
        clock: now,
        timers: faulty.timers,
        deadlineMs: 1000,
        onEvent: (event) => events.push(event),
      },
      resolveTicketPolicy(policy ?? {}),
    );
  }
}
