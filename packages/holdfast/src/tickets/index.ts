/** One-time sessions: a back end makes one, a page uses it once. */
export { MOST_TICKET_ORIGINS, ticketOriginProblem } from '../core/ticket-origins.ts';
export type { TicketPolicy } from '../core/ticket-policy.ts';
export type {
  ConsumeTicketOutcome,
  CreateTicketOutcome,
  LookTicketOutcome,
  TicketContents,
  TicketFacts,
  TicketFiguresOutcome,
  TicketRefusal,
  Tickets,
} from '../core/tickets.ts';
export { createTickets, type TicketsOptions } from './create-tickets.ts';
export {
  type CreatedTicketOutcome,
  type Denied,
  type TicketClient,
  type TicketClientOptions,
  type TicketStatusOutcome,
  ticketClient,
  type ValidatedTicket,
  type ValidatedTicketOutcome,
} from './ticket-client.ts';
