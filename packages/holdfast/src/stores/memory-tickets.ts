/** One-time sessions in this process's memory: for tests. */
import type { Clock } from '../core/crypto.ts';
import type {
  ConsumeTicketResult,
  CreateTicketResult,
  Ticket,
  TicketFigures,
  TicketStore,
  TicketUse,
} from '../core/ticket-store.ts';
import { isForgotten, isNew, judgeUse, stepBefore, stepOf, TICKET_STEP_MS } from './ticket-rules.ts';

interface Kept {
  readonly ticket: Ticket;
  readonly proof: string | null;
}

interface Count {
  live: number;
  used: number;
}

export class MemoryTickets implements TicketStore {
  readonly #clock: Clock;
  readonly #assertOpen: () => void;
  readonly #kept = new Map<string, Kept>();
  /** By the step in which they expire. */
  readonly #counts = new Map<number, Count>();
  #totalCreated = 0;
  #totalUsed = 0;

  /** `assertOpen` throws when the store was closed. */
  constructor(clock: Clock, assertOpen: () => void) {
    this.#clock = clock;
    this.#assertOpen = assertOpen;
  }

  create(ticket: Ticket, max: number, now: number): CreateTicketResult {
    this.#assertOpen();
    if (this.#lookUp(ticket.key, now) !== undefined) return { status: 'exists' };
    if (this.#sums(now).live >= max) return { status: 'limit-reached', freeAt: this.#freeAt(now) };
    const kept = { ...ticket, origins: Object.freeze([...ticket.origins]) };
    this.#kept.set(ticket.key, { ticket: Object.freeze(kept), proof: null });
    this.#countIn(ticket.expiresAt).live++;
    this.#totalCreated++;
    return { status: 'created' };
  }

  read(key: string, openedAt?: number): Ticket | null {
    this.#assertOpen();
    const kept = this.#lookUp(key, openedAt ?? this.#clock());
    if (kept === undefined || openedAt === undefined || !isNew(kept.ticket, openedAt)) return kept?.ticket ?? null;
    const ticket = Object.freeze({ ...kept.ticket, openedAt });
    this.#kept.set(key, { ...kept, ticket });
    return ticket;
  }

  consume(keys: readonly string[], use: TicketUse): ConsumeTicketResult {
    this.#assertOpen();
    const key = keys.find((each) => this.#lookUp(each, use.at) !== undefined);
    const kept = key === undefined ? undefined : this.#kept.get(key);
    if (key === undefined || kept === undefined) return { status: 'absent' };
    const status = judgeUse(kept.ticket, kept.proof, use);
    if (status === 'repeated') return { status, ticket: kept.ticket };
    if (status !== 'consumed') return { status };
    const ticket = Object.freeze({ ...kept.ticket, usedAt: use.at });
    this.#kept.set(key, { ticket, proof: use.proof });
    const count = this.#countIn(ticket.expiresAt);
    count.live--;
    count.used++;
    this.#totalUsed++;
    return { status, ticket };
  }

  figures(now: number): TicketFigures {
    this.#assertOpen();
    return { ...this.#sums(now), totalCreated: this.#totalCreated, totalUsed: this.#totalUsed };
  }

  sweep(limit: number, now: number): number {
    this.#assertOpen();
    for (const step of this.#counts.keys()) if (step <= stepBefore(now)) this.#counts.delete(step);
    let removed = 0;
    for (const [key, { ticket }] of this.#kept) {
      if (removed >= limit) break;
      if (!isForgotten(ticket.expiresAt, now)) continue;
      this.#kept.delete(key);
      removed++;
    }
    return removed;
  }

  recount(now: number): TicketFigures {
    // Counts and tickets change in one step, so they cannot come apart.
    return this.figures(now);
  }

  clear(): void {
    this.#kept.clear();
    this.#counts.clear();
  }

  #lookUp(key: string, now: number): Kept | undefined {
    const kept = this.#kept.get(key);
    return kept === undefined || isForgotten(kept.ticket.expiresAt, now) ? undefined : kept;
  }

  #countIn(expiresAt: number): Count {
    const step = stepOf(expiresAt);
    const count = this.#counts.get(step) ?? { live: 0, used: 0 };
    this.#counts.set(step, count);
    return count;
  }

  /** Over the steps to come, of which a day has 8,640, however many tickets there are. */
  #sums(now: number): Count {
    const sums = { live: 0, used: 0 };
    for (const [step, { live, used }] of this.#counts) {
      if (step <= stepBefore(now)) continue;
      sums.live += live;
      sums.used += used;
    }
    return sums;
  }

  #freeAt(now: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const [step, { live }] of this.#counts) if (live > 0 && step > stepBefore(now)) first = Math.min(first, step);
    return first === Number.POSITIVE_INFINITY ? now : first * TICKET_STEP_MS;
  }
}
