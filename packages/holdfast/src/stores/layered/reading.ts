/**
 * Reads. The front is believed where it says "live" and may be used; everything else is asked of the back. Where the front
 * answers at once, a signed-in person's request makes no promise here.
 */
import type { Clock } from '../../core/crypto.ts';
import { isPromise } from '../../core/guard.ts';
import type { Awaitable, Ended, Live, ReadResult } from '../../core/store.ts';
import type { TransferableStore } from '../../core/transfer.ts';
import type { Copier } from './copier.ts';
import type { OpenFront } from './front.ts';
import { tryTo } from './trace.ts';
import type { Trust } from './trust.ts';

export interface ReadingOptions {
  readonly back: TransferableStore;
  readonly clock: Clock;
  readonly trust: Trust;
  readonly copier: Copier;
}

export class Reading {
  readonly #back: TransferableStore;
  readonly #clock: Clock;
  readonly #trust: Trust;
  readonly #copier: Copier;

  constructor({ back, clock, trust, copier }: ReadingOptions) {
    this.#back = back;
    this.#clock = clock;
    this.#trust = trust;
    this.#copier = copier;
  }

  // Not async, for the sake of the first sentence above.
  read(id: string): Awaitable<ReadResult> {
    const front = this.#trust.readable();
    if (front === null) return this.#readBack(id);
    let answer: Awaitable<ReadResult>;
    try {
      answer = front.store.read(id);
    } catch {
      this.#trust.frontFailed(front);
      return this.#readBack(id);
    }
    if (isPromise(answer)) return this.#readFront(id, front, answer);
    return this.#isGood(answer) ? answer : this.#missed(id, front, answer);
  }

  async #readFront(id: string, front: OpenFront, asked: PromiseLike<ReadResult>): Promise<ReadResult> {
    let answer: ReadResult;
    try {
      answer = await this.#trust.within(asked);
    } catch {
      this.#trust.frontFailed(front);
      return this.#readBack(id);
    }
    // The question may have been under way for longer than the lease.
    if (this.#trust.readable() !== front) return this.#readBack(id);
    return this.#isGood(answer) ? answer : this.#missed(id, front, answer);
  }

  /** The back alone, or the front when the back does not answer and nobody else can have suspended it. */
  #readBack(id: string): Awaitable<ReadResult> {
    if (this.#trust.withoutBack() !== null) return this.#readEither(id);
    const front = this.#trust.current;
    const truth = this.#back.read(id);
    if (front === null) return truth;
    if (isPromise(truth)) return truth.then((read): Awaitable<ReadResult> => this.#told(front, id, read));
    return this.#told(front, id, truth);
  }

  async #readEither(id: string): Promise<ReadResult> {
    const asked = (async () => this.#back.read(id))();
    try {
      const known = this.#trust.current;
      const truth = await this.#trust.withinBack(asked);
      return known === null ? truth : await this.#told(known, id, truth);
    } catch {
      this.#trust.backFailed();
      const front = this.#trust.withoutBack();
      const answer = front === null ? null : await this.#trust.within(front.store.read(id)).catch(() => null);
      // A back that is only slow still has the last word.
      return answer !== null && this.#isGood(answer) ? answer : asked;
    }
  }

  /** The front said something else than "live". */
  async #missed(id: string, front: OpenFront, said: ReadResult): Promise<ReadResult> {
    const truth = await this.#back.read(id);
    if (truth.status === 'live' && said.status !== 'ended') {
      if (this.#isGood(truth)) this.#copier.refresh(front, truth.record, said);
    } else if (truth.status === 'ended' && said.status !== 'ended') {
      return this.#noted(front, id, truth);
    }
    return truth;
  }

  #told(front: OpenFront, id: string, truth: ReadResult): Awaitable<ReadResult> {
    return truth.status === 'ended' ? this.#noted(front, id, truth) : truth;
  }

  /**
   * Whoever learns of an end sees to it that nobody finds a copy afterwards: a front that was emptied has lost its barriers
   * while copies were under way, and a process may have died with its work half done.
   */
  async #noted(front: OpenFront, id: string, ended: Ended): Promise<Ended> {
    await tryTo(this.#trust, front, () => front.bar(id, ended.tombstone));
    return ended;
  }

  /** Pointers are short-lived and always asked of the back. */
  #isGood(answer: ReadResult): answer is Live {
    if (answer.status !== 'live') return false;
    const { record } = answer;
    const now = this.#clock();
    return now < record.expiresAt && now < record.absoluteExpiresAt && record.movedTo === null;
  }
}
