/** Brings copies into the front, in the background: nobody waits for it, and whatever of it fails costs one more question. */
import type { Clock } from '../../core/crypto.ts';
import type { SessionRecord } from '../../core/record.ts';
import type { ReadResult } from '../../core/store.ts';
import type { TransferableStore } from '../../core/transfer.ts';
import type { OpenFront } from './front.ts';
import type { Trust } from './trust.ts';

/** The most sessions that are copied at once; the others are asked of the back until their turn comes. */
const MAX_UNDERWAY = 64;
const TICKET_BYTES = 16;

export interface CopierOptions {
  readonly back: TransferableStore;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** A ticket and where it was had. */
export interface HeldTicket {
  readonly front: OpenFront;
  readonly ticket: SessionRecord;
}

export class Copier {
  readonly #options: CopierOptions;
  readonly #trust: Trust;
  readonly #underway = new Set<string>();

  constructor(options: CopierOptions, trust: Trust) {
    this.#options = options;
    this.#trust = trust;
  }

  /** A ticket for a session that is about to be created; null when the front is not to be had. */
  async ticketFor(record: SessionRecord): Promise<HeldTicket | null> {
    const front = this.#trust.readable();
    if (front === null) return null;
    try {
      return { front, ticket: await this.#trust.within(this.#ticket(front, record)) };
    } catch {
      this.#trust.frontFailed(front);
      return null;
    }
  }

  /** Redeems the ticket for what was created, or lets it go. */
  settle(held: HeldTicket | null, record: SessionRecord | null): void {
    if (held === null) return;
    const { front, ticket } = held;
    this.#inBackground(`ticket ${ticket.id}`, async () => {
      if (record === null) await front.discard(ticket);
      else await front.redeem(ticket, record, this.#options.clock());
    });
  }

  /** Copies the session, as the back has it by then. */
  copy(record: SessionRecord): void {
    const front = this.#trust.readable();
    if (front === null || this.#underway.size >= MAX_UNDERWAY) return;
    this.#inBackground(record.id, () => this.copyTo(front, record));
  }

  /** The back has the record, and the front said something else. */
  refresh(front: OpenFront, record: SessionRecord, said: ReadResult): void {
    if (said.status === 'absent') this.copy(record);
    if (said.status !== 'live' || this.#underway.size >= MAX_UNDERWAY) return;
    this.#inBackground(record.id, async () => {
      if (said.record.version < record.version) await front.overtake(record);
      else await front.store.touch(record.id, record.lastSeenAt, record.expiresAt);
    });
  }

  /** Looks whether the front says the same as the back, and removes what is older there. */
  compare(id: string): void {
    const front = this.#trust.readable();
    if (front === null || this.#underway.size >= MAX_UNDERWAY) return;
    this.#inBackground(id, async () => {
      const truth = await this.#options.back.read(id);
      if (truth.status === 'live') await front.overtake(truth.record);
      else if (truth.status === 'ended') await front.bar(id, truth.tombstone);
      else await front.bar(id, { reason: 'revoked', at: this.#options.clock() });
    });
  }

  #ticket(front: OpenFront, record: SessionRecord): Promise<SessionRecord> {
    return front.ticket(record, this.#options.clock(), this.#options.randomBytes(TICKET_BYTES));
  }

  /** A copy of what the back has now. False when something is there already. */
  async copyTo(front: OpenFront, record: SessionRecord): Promise<boolean> {
    const ticket = await this.#ticket(front, record);
    const now = this.#options.clock();
    const read = await this.#options.back.read(record.id);
    if (read.status === 'live' && read.record.movedTo === null && now < read.record.expiresAt) {
      return front.redeem(ticket, read.record, now);
    }
    await front.discard(ticket);
    // What lives on without a copy, a pointer or an expired session, keeps older copies out by a barrier.
    if (read.status === 'live') await front.bar(record.id, { reason: 'revoked', at: now });
    return true;
  }

  #inBackground(name: string, work: () => Promise<unknown>): void {
    if (this.#underway.has(name)) return;
    this.#underway.add(name);
    const done = (): void => void this.#underway.delete(name);
    this.#trust.within(work()).then(done, done);
  }
}
