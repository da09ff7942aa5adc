/**
 * One-time sessions (tickets): a back end makes one, hands its id to a page, and the page uses it once.
 *
 * What each returns: malformed, unknown and long gone ids are `not-found`; used and expired ones are refused with their
 * reason for ten minutes after their end; a store that does not answer is `unreachable`, and then nothing was used that
 * the same caller could not ask for again with the same idempotency key.
 */
import type { Reason } from '../protocol/reasons.ts';
import { encodeBase64url } from './base64url.ts';
import { type ContextOptions, createContext, toUnreachable } from './context.ts';
import { HoldfastError } from './errors.ts';
import { withinDeadline } from './guard.ts';
import type { Unreachable } from './outcomes.ts';
import type { Json } from './record.ts';
import { assertStorable } from './session-data.ts';
import type { StoreHealth } from './store.ts';
import { isTicketId, newTicketId, ticketKeys } from './ticket-id.ts';
import { MOST_TICKET_ORIGINS, ticketOriginProblem } from './ticket-origins.ts';
import type { TicketPolicy } from './ticket-policy.ts';
import { TICKET_PAYLOAD_MAX, type Ticket, type TicketFigures, type TicketStore } from './ticket-store.ts';

/** What travels with a ticket. */
export interface TicketContents {
  /** Origins whose pages may embed it, exact, e.g. `https://shop.example`; at most 32. Without one it is bound to none. */
  readonly origins?: readonly string[];
  /** Whom it is for, in the maker's words; at most 200 characters. */
  readonly user?: string;
  /** Small JSON that comes back when it is used; with `user` at most 8,192 characters of JSON. */
  readonly data?: Json;
}

/** A ticket as its maker and its user see it. */
export interface TicketFacts {
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly openedAt: number | null;
  readonly usedAt: number | null;
  readonly origins: readonly string[];
  readonly user: string | null;
  readonly data: Json | null;
}

/** The answer of `create`. The id is told here and never again. */
export type CreateTicketOutcome =
  | { readonly status: 'created'; readonly id: string; readonly ticket: TicketFacts }
  | { readonly status: 'limit-reached'; readonly reason: 'limit-reached'; readonly retryAfterSeconds: number }
  | Unreachable;

/** Why a ticket is no good. */
export type TicketRefusal = Extract<Reason, 'already-used' | 'ticket-expired' | 'not-found' | 'wrong-origin'>;

/** The answer of `look`. A ticket that is used or expired is shown for as long as it is remembered; null: there is none. */
export type LookTicketOutcome =
  | { readonly status: 'live'; readonly ticket: TicketFacts }
  | { readonly status: 'refused'; readonly reason: TicketRefusal; readonly ticket: TicketFacts | null }
  | Unreachable;

/** The answer of `consume`. `repeated`: the answer to this very caller had been lost, and is given again. */
export type ConsumeTicketOutcome =
  | { readonly status: 'consumed'; readonly ticket: TicketFacts; readonly repeated: boolean }
  | { readonly status: 'refused'; readonly reason: TicketRefusal }
  | Unreachable;

/** The figures, and how many may wait at a time. */
export type TicketFiguresOutcome =
  | (TicketFigures & { readonly status: 'counted'; readonly maxTickets: number })
  | Unreachable;

/** Makes and uses one-time sessions. */
export interface Tickets {
  /** Throws `invalid-data` for contents that cannot be kept; that is for the caller to check. */
  create(contents?: TicketContents): Promise<CreateTicketOutcome>;
  /** Looks without using it; `opened` notes that the page which will use it was fetched. */
  look(id: string, options?: { readonly opened?: boolean }): Promise<LookTicketOutcome>;
  /**
   * Uses it, once. `origin` is the embedding page's; a ticket bound to origins refuses any other, and is not used by that.
   * `idempotencyKey` is the caller's own, at most 200 characters: with it a lost answer is given again for
   * `repeatSeconds`, as often as it is asked for.
   */
  consume(
    id: string,
    options?: { readonly origin?: string; readonly idempotencyKey?: string },
  ): Promise<ConsumeTicketOutcome>;
  figures(): Promise<TicketFiguresOutcome>;
  /** Counts anew by looking at every ticket; for after a restore. */
  recount(): Promise<TicketFiguresOutcome>;
  /** Removes what was kept for long enough; answers how many went. */
  sweep(): Promise<number>;
  health(): Promise<StoreHealth>;
}

/** How contents are kept: the user and the data, each where it was given. */
interface Payload {
  readonly u?: string;
  readonly d?: Json;
}

const SWEEP_BATCH = 500;
const LONGEST_USER = 200;
const LONGEST_KEY = 200;
const PROOF_LABEL = 'holdfast v1 one-time session, asked again';
/** Two ids of 122 random bits never meet: when the key is taken as often as this, the random bytes are none. */
const ATTEMPTS = 4;

/** Puts the engine together. Throws `invalid-option` for a store that keeps no tickets. */
export function createTicketEngine(options: ContextOptions, policy: Required<TicketPolicy>): Tickets {
  const { ttlSeconds, maxTickets, repeatSeconds } = policy;
  const store = ticketsOf(options.store);
  const context = createContext(options);
  const { crypto, ring, clock, reading, writing } = context;

  async function answering<T>(run: () => Promise<T>): Promise<T | Unreachable> {
    try {
      return await run();
    } catch (error) {
      return toUnreachable(error);
    }
  }

  function counted(figures: TicketFigures): TicketFiguresOutcome {
    return { status: 'counted', ...figures, maxTickets };
  }

  return {
    async create(contents = {}) {
      const payload = toPayload(contents);
      const origins = [...(contents.origins ?? [])];
      return answering(async () => {
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          const id = newTicketId(crypto);
          const createdAt = clock();
          const ticket: Ticket = {
            key: ticketKeys(ring, id)[0],
            createdAt,
            expiresAt: createdAt + ttlSeconds * 1000,
            openedAt: null,
            usedAt: null,
            origins,
            payload,
          };
          const made = await writing.direct('createTicket', () => store.create(ticket, maxTickets, createdAt));
          if (made.status === 'created')
            return { status: 'created', id, ticket: factsOf(ticket, fromPayload(payload) ?? {}) };
          if (made.status === 'limit-reached') {
            const retryAfterSeconds = Math.max(1, Math.ceil((made.freeAt - createdAt) / 1000));
            return { status: 'limit-reached', reason: 'limit-reached', retryAfterSeconds };
          }
        }
        throw new HoldfastError('invalid-option', 'randomBytes gives the same bytes again and again');
      });
    },

    async look(id, { opened = false } = {}) {
      if (!isTicketId(id)) return { ...refused('not-found'), ticket: null };
      return answering(async () => {
        const now = clock();
        for (const key of ticketKeys(ring, id)) {
          const found = opened
            ? await writing('openTicket', () => store.read(key, now))
            : await reading('readTicket', () => store.read(key));
          const ticket = found === null ? null : toFacts(found);
          if (found === null || ticket === null) continue;
          if (found.usedAt !== null) return { ...refused('already-used'), ticket };
          return now >= found.expiresAt ? { ...refused('ticket-expired'), ticket } : { status: 'live', ticket };
        }
        return { ...refused('not-found'), ticket: null };
      });
    },

    async consume(id, { origin, idempotencyKey } = {}) {
      if (!isTicketId(id)) return refused('not-found');
      if (idempotencyKey !== undefined && (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY)) {
        throw new HoldfastError('invalid-data', `an idempotency key has 1 to ${LONGEST_KEY} characters`);
      }
      return answering(async () => {
        const proof = idempotencyKey === undefined ? null : proofOf(id, idempotencyKey);
        const use = { at: clock(), origin: origin ?? null, proof, repeatMs: repeatSeconds * 1000 };
        const result = await writing.direct('consumeTicket', () => store.consume(ticketKeys(ring, id), use));
        switch (result.status) {
          case 'consumed':
          case 'repeated': {
            const ticket = toFacts(result.ticket);
            // It is used now, which takes nothing from anybody: damaged it was absent before, and stays so.
            if (ticket === null) return refused('not-found');
            return { status: 'consumed', ticket, repeated: result.status === 'repeated' };
          }
          case 'used':
            return refused('already-used');
          case 'expired':
            return refused('ticket-expired');
          case 'wrong-origin':
            return refused('wrong-origin');
          case 'absent':
            return refused('not-found');
        }
      });
    },

    figures: () => answering(async () => counted(await reading('ticketFigures', () => store.figures(clock())))),
    recount: () =>
      answering(async () => counted(await context.counting('recountTickets', () => store.recount(clock())))),

    async sweep() {
      let removed = 0;
      try {
        for (;;) {
          const batch = await writing('sweepTickets', () => store.sweep(SWEEP_BATCH, clock()));
          removed += batch;
          if (batch < SWEEP_BATCH) return removed;
        }
      } catch {
        // The guard has reported it; what is left goes with the next sweep.
        return removed;
      }
    },

    async health() {
      try {
        return await withinDeadline('health', () => options.store.health(), context.deadline);
      } catch (error) {
        return { healthy: false, message: error instanceof Error ? error.message : 'the session store failed' };
      }
    },
  };

  /**
   * Keyed with the id, which no store knows: the same idempotency key proves nothing for another ticket, and the proof
   * outlives a change of secrets between two attempts.
   */
  function proofOf(id: string, idempotencyKey: string): string {
    const encoder = new TextEncoder();
    const mac = crypto.createMac(crypto.deriveKey(encoder.encode(id), PROOF_LABEL));
    return encodeBase64url(mac(encoder.encode(idempotencyKey)).slice(0, 16));
  }
}

function refused(reason: TicketRefusal): { readonly status: 'refused'; readonly reason: TicketRefusal } {
  return { status: 'refused', reason };
}

function ticketsOf(store: ContextOptions['store']): TicketStore {
  if (store.tickets === undefined) {
    throw new HoldfastError('invalid-option', `the store ${store.kind} keeps no one-time sessions; use another one`);
  }
  return store.tickets;
}

function toPayload({ origins = [], user, data }: TicketContents): string {
  const problems: string[] = [];
  for (const origin of origins) {
    const problem = ticketOriginProblem(origin);
    if (problem !== null) problems.push(problem);
  }
  if (origins.length > MOST_TICKET_ORIGINS) {
    problems.push(`a one-time session has at most ${MOST_TICKET_ORIGINS} origins`);
  }
  if (user !== undefined && (typeof user !== 'string' || user === '' || user.length > LONGEST_USER)) {
    problems.push(`user has 1 to ${LONGEST_USER} characters`);
  }
  if (problems.length > 0) throw new HoldfastError('invalid-data', problems.join('\n'));
  // What JSON would change or drop without a word would not come back.
  if (data !== undefined) assertStorable({ data });
  const contents: Payload = { ...(user === undefined ? {} : { u: user }), ...(data === undefined ? {} : { d: data }) };
  const payload = user === undefined && data === undefined ? '' : JSON.stringify(contents);
  if (payload.length > TICKET_PAYLOAD_MAX) {
    throw new HoldfastError('data-too-large', `user and data have at most ${TICKET_PAYLOAD_MAX} characters of JSON`);
  }
  return payload;
}

/** Null for a ticket that was damaged where it is kept: it counts as absent. */
function toFacts(ticket: Ticket): TicketFacts | null {
  const contents = fromPayload(ticket.payload);
  return contents === null ? null : factsOf(ticket, contents);
}

function factsOf({ createdAt, expiresAt, openedAt, usedAt, origins }: Ticket, { u, d }: Payload): TicketFacts {
  return { createdAt, expiresAt, openedAt, usedAt, origins, user: u ?? null, data: d ?? null };
}

/** Null for a text that `toPayload` has not made. */
function fromPayload(payload: string): Payload | null {
  if (payload === '') return {};
  try {
    const read: unknown = JSON.parse(payload);
    if (typeof read !== 'object' || read === null || Array.isArray(read)) return null;
    const { u } = read as { readonly u?: unknown };
    return u === undefined || (typeof u === 'string' && u !== '') ? read : null;
  } catch {
    return null;
  }
}
