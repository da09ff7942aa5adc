/**
 * The contract between one-time sessions (tickets) and whatever keeps them.
 *
 * - A ticket is *new*, *used*, or over. It is used once: of any number of callers, in any number of processes, exactly one
 *   gets `consumed`. Expired, used and absent are values; only a backend that failed throws `StoreUnreachableError`.
 * - Nothing but `create` inserts. The limit is enforced in the same atomic step, so parallel makers cannot exceed it.
 * - No operation but `sweep` takes longer the more tickets there are.
 * - A ticket stays for TICKET_RETENTION_MS after its end, so that the reason can be told, and is absent after that, swept or
 *   not. What it holds is never changed but for `openedAt`, `usedAt` and the proof, each once.
 * - Times come from the caller's clock; a store judges by the time that it is given.
 */
import type { Awaitable } from './awaitable.ts';

/** How long a used or expired ticket is remembered after `expiresAt`: ten minutes. */
export const TICKET_RETENTION_MS: number = 600_000;

/** The longest `payload`, in UTF-16 units. */
export const TICKET_PAYLOAD_MAX: number = 8192;

/** A one-time session as it is kept. */
export interface Ticket {
  /** A keyed hash of the id in the form of a UUID (lower case): what the store knows it by opens nothing. */
  readonly key: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  /** From then on it cannot be used any more. */
  readonly expiresAt: number;
  /** When the page that uses it was first fetched; null before. */
  readonly openedAt: number | null;
  /** When it was used; null before. */
  readonly usedAt: number | null;
  /** Origins whose pages may embed it, exact; empty where none was chosen. */
  readonly origins: readonly string[];
  /** What its maker gave along, as JSON text; empty for nothing. */
  readonly payload: string;
}

/** The answer of `create`. `exists`: the key is taken; nothing was written. `limit-reached`: as many as allowed wait to be used. */
export type CreateTicketResult =
  | { readonly status: 'created' }
  | { readonly status: 'exists' }
  /** `freeAt`: when the next one expires at the earliest, as far as the store knows without looking through all. */
  | { readonly status: 'limit-reached'; readonly freeAt: number };

/** Who uses a ticket, and when. */
export interface TicketUse {
  readonly at: number;
  /** The embedding page's origin; null where nobody vouches for one, which a ticket with `origins` refuses. */
  readonly origin: string | null;
  /** Keyed hash of the caller's idempotency key, 22 characters of base64url; null without one. */
  readonly proof: string | null;
  /** For how long after the use the same proof gets the same answer again, as often as it asks. */
  readonly repeatMs: number;
}

/**
 * The answer of `consume`. `repeated`: this very caller had used it and lost the answer. `used`: somebody had.
 * `wrong-origin` and `expired` change nothing.
 */
export type ConsumeTicketResult =
  | { readonly status: 'consumed' | 'repeated'; readonly ticket: Ticket }
  | { readonly status: 'used' | 'expired' | 'wrong-origin' | 'absent' };

/** How many there are; each is known without counting. Tickets count as expired at most 10 seconds late. */
export interface TicketFigures {
  /** Neither used nor expired. */
  readonly live: number;
  /** Used and not yet past their `expiresAt`. */
  readonly used: number;
  /** Since the store was set up. */
  readonly totalCreated: number;
  readonly totalUsed: number;
}

/** Where tickets are kept: beside the sessions of a store, over the same connections. */
export interface TicketStore {
  /** Inserts, never replaces. `now` decides which ones count towards `max`. */
  create(ticket: Ticket, max: number, now: number): Awaitable<CreateTicketResult>;
  /** Reads; with `openedAt` it also notes that the page was fetched, the first time only and only while it is new. */
  read(key: string, openedAt?: number): Awaitable<Ticket | null>;
  /** Uses it, in one atomic step. Several keys are the same ticket under the keys of a key ring, the newest first. */
  consume(keys: readonly string[], use: TicketUse): Awaitable<ConsumeTicketResult>;
  figures(now: number): Awaitable<TicketFigures>;
  /** Removes up to `limit` that were kept for long enough before `now`; answers how many. */
  sweep(limit: number, now: number): Awaitable<number>;
  /**
   * Counts anew what `figures` tells, by looking at every ticket; for an operator after a restore. Where counts cannot
   * come apart it does nothing. Answers what it found.
   */
  recount(now: number): Awaitable<TicketFigures>;
}
