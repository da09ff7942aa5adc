/** One-time sessions in the session file: a table of tickets, and counts that change in the same transactions. */
import type { StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/crypto.ts';
import type { Awaitable } from '../../core/store.ts';
import {
  type ConsumeTicketResult,
  type CreateTicketResult,
  TICKET_RETENTION_MS,
  type Ticket,
  type TicketFigures,
  type TicketStore,
  type TicketUse,
} from '../../core/ticket-store.ts';
import { isForgotten, isNew, judgeUse, stepBefore, stepOf, TICKET_STEP_MS } from '../ticket-rules.ts';
import { allRows, type Connection, firstRow } from './connection.ts';
import type { RetryQueue } from './retry-queue.ts';
import { type Row, toStrings } from './row.ts';

interface Parts {
  readonly clock: Clock;
  /** For what may be lost in a power cut: when a page was fetched, and what was swept. */
  readonly quick: Connection;
  /** For what must not: a ticket that was used must never be new again. */
  readonly durable: Connection;
  readonly reads: RetryQueue;
  readonly writes: RetryQueue;
}

const COLUMNS = 'key, created_at, expires_at, opened_at, used_at, origins, payload, proof';
const READ = `SELECT ${COLUMNS} FROM tickets WHERE key = ?`;
/** The sums hold all steps that were not dropped; those that are over no longer count. */
const FIGURES = `SELECT s.live - coalesce(sum(c.live), 0), s.used - coalesce(sum(c.used), 0), s.total_created, s.total_used
  FROM ticket_sums s LEFT JOIN ticket_counts c ON c.step <= ?`;

interface Found {
  readonly ticket: Ticket;
  readonly proof: string | null;
}

/**
 * Each count has its step of time as key, and `ticket_sums` holds the sums of all steps in one row, so that no operation
 * adds up more than the steps that ended since the last one. A step that was dropped too early, by a process whose clock is
 * ahead, may come back with negative counts, and takes them with it when it is dropped again: the sums are always those of
 * the steps.
 */
export class TicketTable implements TicketStore {
  readonly #parts: Parts;
  readonly #read: StatementSync;
  readonly #open: StatementSync;
  readonly #figures: StatementSync;
  readonly #sweep: StatementSync;
  readonly #durable: ReturnType<typeof prepareDurable>;
  readonly #dropQuick: Dropping;
  readonly #dropDurable: Dropping;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { quick, durable } = parts;
    this.#read = quick.prepare(READ);
    this.#open = quick.prepare('UPDATE tickets SET opened_at = ? WHERE key = ?');
    this.#figures = quick.prepare(FIGURES);
    this.#sweep = quick.prepare(
      'DELETE FROM tickets WHERE key IN (SELECT key FROM tickets WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
    );
    this.#durable = prepareDurable(durable);
    this.#dropQuick = prepareDropping(quick);
    this.#dropDurable = prepareDropping(durable);
  }

  create(ticket: Ticket, max: number, now: number): Awaitable<CreateTicketResult> {
    const { key, createdAt, expiresAt, payload } = ticket;
    const origins = JSON.stringify(ticket.origins);
    return this.#parts.writes.run(() =>
      this.#parts.durable.transaction((): CreateTicketResult => {
        const { read, insert, sums, count, add, firstStep } = this.#durable;
        if (toFound(firstRow(read, key), now) !== null) return { status: 'exists' };
        dropSteps(this.#dropDurable, now);
        if (Number(firstRow(sums)?.[0]) >= max) {
          const step = firstRow(firstStep, stepBefore(now))?.[0];
          return { status: 'limit-reached', freeAt: step == null ? now : Number(step) * TICKET_STEP_MS };
        }
        insert.run(key, createdAt, expiresAt, origins, payload);
        count.run(stepOf(expiresAt), 1, 0);
        add.run(1, 0, 1, 0);
        return { status: 'created' };
      }),
    );
  }

  read(key: string, openedAt?: number): Awaitable<Ticket | null> {
    const { clock, quick, reads, writes } = this.#parts;
    const look = (): Ticket | null => toFound(firstRow(this.#read, key), openedAt ?? clock())?.ticket ?? null;
    if (openedAt === undefined) return reads.run(look);
    return writes.run(() => {
      const seen = look();
      // Fetched before, used or over: that stays so, and needs no lock.
      if (seen === null || !isNew(seen, openedAt)) return seen;
      return quick.transaction(() => {
        const found = look();
        if (found === null || !isNew(found, openedAt)) return found;
        this.#open.run(openedAt, key);
        return { ...found, openedAt };
      });
    });
  }

  consume(keys: readonly string[], use: TicketUse): Awaitable<ConsumeTicketResult> {
    return this.#parts.writes.run((): ConsumeTicketResult => {
      const seen = judge(this.#read, keys, use);
      // Whoever changes nothing waits for no lock.
      if (seen.status !== 'consumed') return toResult(seen);
      return this.#parts.durable.transaction(() => {
        const { read, use: write, count, add } = this.#durable;
        const judged = judge(read, keys, use);
        if (judged.found === null) return { status: 'absent' };
        const { ticket } = judged.found;
        if (judged.status === 'consumed') {
          write.run(use.at, use.proof, ticket.key);
          count.run(stepOf(ticket.expiresAt), -1, 1);
          add.run(-1, 1, 0, 1);
        }
        return toResult(judged);
      });
    });
  }

  figures(now: number): Awaitable<TicketFigures> {
    return this.#parts.reads.run(() => toFigures(firstRow(this.#figures, stepBefore(now))));
  }

  sweep(limit: number, now: number): Awaitable<number> {
    return this.#parts.writes.run(() =>
      this.#parts.quick.transaction(() => {
        dropSteps(this.#dropQuick, now);
        return Number(this.#sweep.run(now - TICKET_RETENTION_MS, limit).changes);
      }),
    );
  }

  /** Counts and tickets change in one transaction; this is for whoever has changed the table by hand. */
  recount(now: number): Awaitable<TicketFigures> {
    return this.#parts.writes.run(() =>
      this.#parts.durable.transaction(() => {
        const { clear, recount, sumUp, figures } = this.#durable;
        clear.run();
        recount.run(stepBefore(now) * TICKET_STEP_MS);
        sumUp.run();
        return toFigures(firstRow(figures, stepBefore(now)));
      }),
    );
  }
}

interface Dropping {
  readonly drop: StatementSync;
  readonly subtract: StatementSync;
}

function prepareDropping(connection: Connection): Dropping {
  return {
    drop: connection.prepare('DELETE FROM ticket_counts WHERE step <= ? RETURNING live, used'),
    subtract: connection.prepare('UPDATE ticket_sums SET live = live - ?, used = used - ?'),
  };
}

function dropSteps({ drop, subtract }: Dropping, now: number): void {
  for (const [live, used] of allRows(drop, stepBefore(now))) subtract.run(Number(live), Number(used));
}

function prepareDurable(connection: Connection) {
  const prepare = (sql: string): StatementSync => connection.prepare(sql);
  return {
    read: prepare(READ),
    // REPLACE, because one that was kept for long enough may be there still.
    insert: prepare(`REPLACE INTO tickets (key, created_at, expires_at, origins, payload) VALUES (?, ?, ?, ?, ?)`),
    use: prepare('UPDATE tickets SET used_at = ?, proof = ? WHERE key = ?'),
    sums: prepare('SELECT live FROM ticket_sums'),
    count: prepare(
      `INSERT INTO ticket_counts (step, live, used) VALUES (?, ?, ?)
        ON CONFLICT (step) DO UPDATE SET live = live + excluded.live, used = used + excluded.used`,
    ),
    add: prepare(
      `UPDATE ticket_sums SET live = live + ?, used = used + ?, total_created = total_created + ?,
        total_used = total_used + ?`,
    ),
    firstStep: prepare('SELECT step FROM ticket_counts WHERE step > ? AND live > 0 ORDER BY step LIMIT 1'),
    clear: prepare('DELETE FROM ticket_counts'),
    recount: prepare(
      `INSERT INTO ticket_counts (step, live, used)
        SELECT (expires_at + ${TICKET_STEP_MS - 1}) / ${TICKET_STEP_MS}, sum(used_at IS NULL), sum(used_at IS NOT NULL)
        FROM tickets WHERE expires_at > ? GROUP BY 1`,
    ),
    sumUp: prepare(
      `UPDATE ticket_sums SET live = (SELECT coalesce(sum(live), 0) FROM ticket_counts),
        used = (SELECT coalesce(sum(used), 0) FROM ticket_counts)`,
    ),
    figures: prepare(FIGURES),
  };
}

interface Judged {
  readonly status: ReturnType<typeof judgeUse> | 'absent';
  /** As it is from now on. */
  readonly found: Found | null;
}

function judge(read: StatementSync, keys: readonly string[], use: TicketUse): Judged {
  for (const key of keys) {
    const found = toFound(firstRow(read, key), use.at);
    if (found === null) continue;
    const status = judgeUse(found.ticket, found.proof, use);
    if (status !== 'consumed') return { status, found };
    return { status, found: { ticket: { ...found.ticket, usedAt: use.at }, proof: use.proof } };
  }
  return { status: 'absent', found: null };
}

function toResult({ status, found }: Judged): ConsumeTicketResult {
  if (status !== 'consumed' && status !== 'repeated') return { status };
  return found === null ? { status: 'absent' } : { status, ticket: found.ticket };
}

function toFound(row: Row | undefined, now: number): Found | null {
  if (row === undefined) return null;
  const [key, createdAt, expiresAt, openedAt, usedAt, originsText, payload, proof] = row;
  const origins = toStrings(originsText);
  // Damaged: a ticket that was bound to origins must not become one that is bound to none.
  if (origins === null || isForgotten(Number(expiresAt), now)) return null;
  return {
    ticket: {
      key: String(key),
      createdAt: Number(createdAt),
      expiresAt: Number(expiresAt),
      openedAt: openedAt == null ? null : Number(openedAt),
      usedAt: usedAt == null ? null : Number(usedAt),
      origins,
      payload: String(payload),
    },
    proof: proof == null ? null : String(proof),
  };
}

function toFigures(row: Row | undefined): TicketFigures {
  const [live, used, totalCreated, totalUsed] = (row ?? []).map(Number);
  return { live: live ?? 0, used: used ?? 0, totalCreated: totalCreated ?? 0, totalUsed: totalUsed ?? 0 };
}
