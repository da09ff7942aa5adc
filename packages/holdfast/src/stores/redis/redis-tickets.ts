/**
 * One-time sessions in Redis: each under a key of its own, `auth_session:<uuid>`, which Redis expires, and their counts in
 * the hash `auth_stats` (scripts/ticket-counts.ts).
 *
 * - On one server and behind Sentinel every operation is one script over both, so they cannot come apart.
 * - On a Cluster both are on different servers, and an operation takes two steps: a ticket is counted before it is made, and
 *   used before that is counted. The limit holds and a ticket is used once in any case; what an interruption between the
 *   steps leaves is one too many that waits, until its ten seconds are over, or `recount`.
 * - What Redis has answered and loses all the same is its own limit: with `appendfsync everysec` a power cut, without
 *   `waitReplicas` a failover, can take back the last second, and with it that a ticket was used. `waitReplicas` waits for
 *   tickets that are made and used.
 * - The names are fixed, so that operators can watch them. Where the store's prefix is another than `holdfast`, they begin
 *   with it (`<prefix>:auth_session:<uuid>`, `<prefix>:auth_stats`), so that two applications on one Redis stay apart.
 */
import type { Clock } from '../../core/crypto.ts';
import {
  type ConsumeTicketResult,
  type CreateTicketResult,
  TICKET_RETENTION_MS,
  type Ticket,
  type TicketFigures,
  type TicketStore,
  type TicketUse,
} from '../../core/ticket-store.ts';
import { isForgotten, stepBefore, stepOf, TICKET_STEP_MS } from '../ticket-rules.ts';
import { Batch } from './batch.ts';
import { redisErrorCode } from './failure.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript } from './port.ts';
import { toBytes, toList } from './replies.ts';
import { CONSUME_TICKET_ALONE, CONSUME_TICKETS, NOTE_TICKET_USE } from './scripts/ticket-consume.ts';
import { CREATE_TICKETS, MADE, PUT_TICKET, RELEASE_TICKET, RESERVE_TICKET } from './scripts/ticket-create.ts';
import { SETTLE_TICKETS, TICKET_FIGURES } from './scripts/ticket-figures.ts';
import { OPEN_TICKET } from './scripts/ticket-open.ts';
import { USE } from './scripts/ticket-use.ts';
import { type TicketKeys, ticketKeysOf } from './ticket-keys.ts';
import { decodeTicket, encodeOrigin, encodeTicket } from './ticket-layout.ts';
import { recountTickets } from './ticket-recount.ts';

const REFUSED: ReadonlyMap<number, Exclude<ConsumeTicketResult, { readonly ticket: Ticket }>> = new Map([
  [USE.absent, { status: 'absent' }],
  [USE.used, { status: 'used' }],
  [USE.expired, { status: 'expired' }],
  [USE.wrongOrigin, { status: 'wrong-origin' }],
]);

interface Making {
  readonly key: string;
  readonly bytes: Buffer;
  readonly keptMs: string;
  readonly bucket: string;
  readonly max: string;
  readonly now: string;
}

interface Using {
  readonly names: readonly string[];
  /** Time, origin, proof and for how long it counts. */
  readonly args: readonly string[];
}

interface Used {
  readonly status: number;
  readonly bytes: Buffer | null;
  /** Which of the names it was. */
  readonly place: number;
}

export class RedisTickets implements TicketStore {
  readonly #port: RedisPort;
  readonly #keys: TicketKeys;
  readonly #clock: Clock;
  readonly #making = new Batch<Making, number>((list) => this.#makeTogether(list));
  readonly #using = new Batch<Using, Used>((list) => this.#useTogether(list));
  /** Whether tickets and counts are on different servers, which the first operation finds out. */
  #isSpread = false;

  constructor(port: RedisPort, prefix: string, clock: Clock) {
    this.#port = port;
    this.#keys = ticketKeysOf(prefix);
    this.#clock = clock;
  }

  async create(ticket: Ticket, max: number, now: number): Promise<CreateTicketResult> {
    const making: Making = {
      key: this.#keys.of(ticket.key),
      bytes: encodeTicket(ticket),
      keptMs: String(Math.max(1, Math.ceil(ticket.expiresAt + TICKET_RETENTION_MS - now))),
      bucket: String(stepOf(ticket.expiresAt)),
      max: String(max),
      now: String(Math.floor(now)),
    };
    const made = await this.#either(
      () => this.#making.add(making),
      () => this.#makeApart(making),
    );
    if (made === MADE.created) return { status: 'created' };
    if (made === MADE.exists) return { status: 'exists' };
    return { status: 'limit-reached', freeAt: Math.max(now, (made - MADE.limit) * TICKET_STEP_MS) };
  }

  async read(key: string, openedAt?: number): Promise<Ticket | null> {
    const name = this.#keys.of(key);
    if (openedAt !== undefined) {
      const opened = await this.#port.run(OPEN_TICKET, [name], [String(Math.floor(openedAt))]);
      return decodeTicket(key, toBytes(opened));
    }
    // Without options it only reads; unlike GET it does not make Redis track the key (scripts/ticket-value.ts).
    const ticket = decodeTicket(key, toBytes(await this.#port.send(name, ['GETEX', name], true)));
    return ticket === null || isForgotten(ticket.expiresAt, this.#clock()) ? null : ticket;
  }

  async consume(keys: readonly string[], use: TicketUse): Promise<ConsumeTicketResult> {
    const using: Using = {
      names: keys.map((key) => this.#keys.of(key)),
      args: [String(Math.floor(use.at)), encodeOrigin(use.origin ?? '') ?? '', use.proof ?? '', String(use.repeatMs)],
    };
    const { status, bytes, place } = await this.#either(
      () => this.#using.add(using),
      () => this.#useApart(using),
    );
    const ticket = decodeTicket(keys[place] ?? '', bytes);
    if (ticket !== null) return { status: status === USE.consumed ? 'consumed' : 'repeated', ticket };
    return REFUSED.get(status) ?? { status: 'absent' };
  }

  async figures(now: number): Promise<TicketFigures> {
    const [live = 0, used = 0, totalCreated = 0, totalUsed = 0] = toList(
      await this.#count(TICKET_FIGURES, [String(stepBefore(now))]),
    ).map((figure) => Math.max(0, Number(figure)));
    return { live, used, totalCreated, totalUsed };
  }

  /** Redis expires the tickets; this removes the counts of those that are over, and answers 0. */
  async sweep(_limit: number, now: number): Promise<number> {
    await this.#count(SETTLE_TICKETS, [String(stepBefore(now))]);
    return 0;
  }

  async recount(now: number): Promise<TicketFigures> {
    await recountTickets(this.#port, this.#keys, now);
    return this.figures(now);
  }

  async #makeTogether(list: readonly Making[]): Promise<readonly number[]> {
    const args: RedisArgument[] = [];
    for (const { bytes, keptMs, bucket, max, now } of list) args.push(bytes, keptMs, bucket, max, now);
    const names = [this.#keys.stats, ...list.map(({ key }) => key)];
    return toList(await this.#port.run(CREATE_TICKETS, names, args)).map(Number);
  }

  async #makeApart({ key, bytes, keptMs, bucket, max, now }: Making): Promise<number> {
    const reserved = Number(await this.#count(RESERVE_TICKET, [bucket, max, now]));
    if (reserved !== MADE.created) return reserved;
    // When this is not answered nobody knows whether it is there, and it stays counted.
    const put = Number(await this.#port.run(PUT_TICKET, [key], [bytes, keptMs, now]));
    if (put === MADE.exists) await this.#tryToCount(RELEASE_TICKET, bucket);
    return put;
  }

  async #useTogether(list: readonly Using[]): Promise<readonly Used[]> {
    const names = [this.#keys.stats, ...list.flatMap((using) => using.names)];
    const args = list.flatMap((using) => [String(using.names.length), ...using.args]);
    const reply = toList(await this.#port.run(CONSUME_TICKETS, names, args));
    return list.map((_, at) => ({
      status: Number(reply[3 * at]),
      bytes: toBytes(reply[3 * at + 1]),
      place: Number(reply[3 * at + 2]),
    }));
  }

  async #useApart({ names, args }: Using): Promise<Used> {
    for (const [place, name] of names.entries()) {
      const [code, bytes, bucket] = toList(await this.#port.run(CONSUME_TICKET_ALONE, [name], args));
      const status = Number(code);
      if (status === USE.consumed) await this.#tryToCount(NOTE_TICKET_USE, String(bucket));
      if (status !== USE.absent) return { status, bytes: toBytes(bytes), place };
    }
    return { status: USE.absent, bytes: null, place: 0 };
  }

  #count(script: RedisScript, args: readonly string[]): Promise<RedisReply> {
    return this.#port.run(script, [this.#keys.stats], args);
  }

  /** What was decided is decided: that it could not be counted as well is no failure of it. */
  async #tryToCount(script: RedisScript, bucket: string): Promise<void> {
    try {
      await this.#count(script, [bucket]);
    } catch {
      // One is counted too many until its ten seconds are over.
    }
  }

  async #either<T>(together: () => Promise<T>, apart: () => Promise<T>): Promise<T> {
    if (this.#isSpread) return apart();
    try {
      return await together();
    } catch (error) {
      if (redisErrorCode(error) !== 'CROSSSLOT') throw error;
      this.#isSpread = true;
      return apart();
    }
  }
}
