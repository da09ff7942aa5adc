/** The suite for stores that keep one-time sessions: the contract of `TicketStore`, sentence by sentence. */
import { describe } from 'node:test';
import type { StoreHarness } from './store/harness.ts';
import { ticketCreating } from './store/ticket-creating.ts';
import { ticketFigures } from './store/ticket-figures.ts';
import { ticketKeeping } from './store/ticket-keeping.ts';
import { ticketRepeating } from './store/ticket-repeating.ts';
import { ticketScenarios } from './store/ticket-scenario.ts';
import { ticketUsing } from './store/ticket-using.ts';

/** Registers the suite with node:test under the given name. Each test opens a backend of its own through the harness. */
export function storeTickets(describeName: string, harness: StoreHarness): void {
  describe(describeName, () => {
    const scenario = ticketScenarios(harness);
    describe('making', () => ticketCreating(scenario));
    describe('using', () => ticketUsing(scenario));
    describe('asking again', () => ticketRepeating(scenario));
    describe('counting', () => ticketFigures(scenario));
    describe('keeping', () => ticketKeeping(scenario));
  });
}
