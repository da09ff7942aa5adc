/**
 * One-time sessions in PostgreSQL.
 *
 * Making and using are one statement each. What they count is spread over lanes (ticket-schema.ts): each holds its part of
 * the limit, the parts add up to it, and a maker takes any lane that has room, so that the limit holds exactly while two
 * makers wait for each other only when they meet in one lane. Nobody is refused while there is room in any of them. After
 * the limit was lowered, some lanes may hold more than their part; until that has passed, tickets are made one at a time.
 */
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import type {
  ConsumeTicketResult,
  CreateTicketResult,
  Ticket,
  TicketFigures,
  TicketStore,
  TicketUse,
} from '../../core/ticket-store.ts';
import { stepBefore, TICKET_STEP_MS } from '../ticket-rules.ts';
import type { Database } from './database.ts';
import type { Row } from './driver.ts';
import { codeOf } from './failure.ts';
import { isTexts, parseJson } from './row.ts';
import { type TicketStatements, ticketStatementsFor } from './ticket-statements.ts';

/** A maker that finds its lane full tries the next; each time that happens another one has made a ticket. */
const ROUNDS = 200;
const UNIQUE_VIOLATION = '23505';
/** Counting anew looks at every ticket, while nobody makes or uses one. */
const RECOUNT_TIMEOUT_MS = 30_000;

export class TicketTable implements TicketStore {
  readonly #database: Database;
  readonly #sql: TicketStatements;
  readonly #clock: Clock;

  constructor(database: Database, schema: string, clock: Clock) {
    this.#database = database;
    this.#sql = ticketStatementsFor(schema);
    this.#clock = clock;
  }

  async create(ticket: Ticket, max: number, now: number): Promise<CreateTicketResult> {
    const { key, createdAt, expiresAt, origins, payload } = ticket;
    const values = [key, createdAt, expiresAt, origins, payload, max, stepBefore(now)];
    let dropped = false;
    let alone = false;
    for (let round = 0; round < ROUNDS; round++) {
      const [made, taken, full, uneven, over, firstStep] = await this.#tryCreating(values, alone);
      if (made === 't') return { status: 'created' };
      if (taken === 't') {
        if ((await this.#database.query(this.#sql.clear, [key, now])).length === 0) return { status: 'exists' };
      } else if (full === 't') {
        if (dropped || over !== 't') {
          return { status: 'limit-reached', freeAt: firstStep == null ? now : Number(firstStep) * TICKET_STEP_MS };
        }
        dropped = true;
        await this.#dropSteps(now);
      }
      alone = uneven === 't';
    }
    throw new StoreUnreachableError('too many made one-time sessions at the same moment: try again');
  }

  async read(key: string, openedAt?: number): Promise<Ticket | null> {
    if (openedAt === undefined) return firstTicket(await this.#database.read(this.#sql.read, [key, this.#clock()]));
    const ticket = firstTicket(await this.#database.query(this.#sql.open, [key, openedAt]));
    if (ticket === null || ticket.openedAt !== null || ticket.usedAt !== null) return ticket;
    if (ticket.expiresAt <= openedAt) return ticket;
    // Who waits for another that notes or uses it still sees what was before the statement began (READ COMMITTED).
    return firstTicket(await this.#database.read(this.#sql.read, [key, openedAt]));
  }

  async consume(keys: readonly string[], use: TicketUse): Promise<ConsumeTicketResult> {
    const values = [keys, use.at, use.origin, use.proof, use.repeatMs];
    const row = (await this.#database.query(this.#sql.consume, values))[0];
    if (row === undefined) return { status: 'absent' };
    const [status, written, ...cells] = row;
    switch (status) {
      case 'used':
      case 'expired':
      case 'wrong-origin':
        return { status };
      case 'consumed':
      case 'repeated': {
        // Locked, judged as new, and yet not written: that cannot be told from one that was lost.
        if (status === 'consumed' && written !== 't')
          throw new StoreUnreachableError('a one-time session could not be used: try again');
        const ticket = toTicket(cells);
        return { status, ticket: status === 'consumed' ? { ...ticket, usedAt: use.at } : ticket };
      }
      default:
        throw new StoreUnreachableError(`a one-time session was judged as ${status}`);
    }
  }

  async figures(now: number): Promise<TicketFigures> {
    return toFigures(await this.#database.read(this.#sql.figures, [stepBefore(now)]));
  }

  async sweep(limit: number, now: number): Promise<number> {
    const { length } = await this.#database.query(this.#sql.sweep, [now, limit]);
    // Once, when all that can go has gone: for a moment nobody can make or use a ticket.
    if (length < limit) await this.#dropSteps(now);
    return length;
  }

  /** Counts and tickets change in one statement; this is for whoever has changed the tables by hand. */
  recount(now: number): Promise<TicketFigures> {
    const { lockLanes, clearCounts, countAll, sumUp, figures } = this.#sql;
    return this.#database.transaction(
      lockLanes,
      async (run) => {
        await run(clearCounts, []);
        await run(countAll, [stepBefore(now)]);
        await run(sumUp, []);
        return toFigures(await run(figures, [stepBefore(now)]));
      },
      RECOUNT_TIMEOUT_MS,
    );
  }

  async #tryCreating(values: readonly unknown[], alone: boolean): Promise<Row> {
    const { create, lockLanes } = this.#sql;
    try {
      const rows = alone
        ? await this.#database.transaction(lockLanes, (run) => run(create, [...values, true]))
        : await this.#database.query(create, [...values, false]);
      return rows[0] ?? [];
    } catch (error) {
      // Another one has made the same key since the statement looked, and the next look will find it.
      if (codeOf(error) === UNIQUE_VIOLATION) return [];
      throw error;
    }
  }

  /** What these steps counted has expired. */
  async #dropSteps(now: number): Promise<void> {
    await this.#database.transaction(this.#sql.lockLanes, (run) => run(this.#sql.dropSteps, [stepBefore(now)]));
  }
}

function firstTicket([row]: readonly Row[]): Ticket | null {
  return row === undefined ? null : toTicket(row);
}

function toTicket([key, createdAt, expiresAt, openedAt, usedAt, originsText, payload]: Row): Ticket {
  const origins = parseJson(originsText);
  // Never bound to none because its origins cannot be read.
  if (!isTexts(origins)) throw new StoreUnreachableError('a one-time session has origins that cannot be read');
  return {
    key: String(key),
    createdAt: Number(createdAt),
    expiresAt: Number(expiresAt),
    openedAt: openedAt == null ? null : Number(openedAt),
    usedAt: usedAt == null ? null : Number(usedAt),
    origins,
    payload: String(payload),
  };
}

function toFigures(rows: readonly Row[]): TicketFigures {
  const [live, used, totalCreated, totalUsed] = (rows[0] ?? []).map(Number);
  return { live: live ?? 0, used: used ?? 0, totalCreated: totalCreated ?? 0, totalUsed: totalUsed ?? 0 };
}
