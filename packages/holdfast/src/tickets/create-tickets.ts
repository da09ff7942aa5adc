/** One-time sessions on Node: the engine with Node's cryptography, clock and events. */
import type { Store } from '../core/store.ts';
import { resolveTicketPolicy, type TicketPolicy } from '../core/ticket-policy.ts';
import { createTicketEngine, type Tickets } from '../core/tickets.ts';
import { type EngineOptions, resolveEngine } from '../runtime/engine-options.ts';
import { startSweeping } from '../runtime/sweeping.ts';

/** What {@link createTickets} takes. */
export interface TicketsOptions extends EngineOptions {
  /** Where tickets live: beside the sessions of this store, which whoever made it closes. */
  readonly store: Store;
  readonly policy?: TicketPolicy;
}

/** Throws `invalid-secret` or `invalid-option` with all problems at once; opens nothing by itself. */
export function createTickets(options: TicketsOptions): Tickets & { close(): void } {
  const { context, policy } = resolveEngine(options, () => resolveTicketPolicy(options.policy ?? {}));
  const tickets = createTicketEngine(context, policy);
  return { ...tickets, close: startSweeping(tickets, options.sweepSeconds) };
}
