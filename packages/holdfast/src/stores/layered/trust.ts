/**
 * Who may use the front, and when. Everything rests on one rule: what a process knows of the register counts for
 * `leaseMs` after it began to read it, and a change of the register counts only when every lease on what was there before
 * has run out. So no two processes ever act on different states at the same time, without asking each other anything.
 */
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import type { Awaitable } from '../../core/store.ts';
import { Clearing } from './clearing.ts';
import { Connector, letGo } from './connector.ts';
import type { Front, OpenFront } from './front.ts';
import { Knowledge } from './knowledge.ts';
import { type Opened, Opening, pauseAfter } from './opening.ts';
import { type Pace, Patience } from './pace.ts';
import type { Register, Standing } from './register.ts';
import { Vouching } from './vouching.ts';

export interface TrustOptions {
  readonly connect: (namespace: string) => Awaitable<Front>;
  readonly register: Register;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly leaseMs: number;
  readonly frontDeadlineMs: number;
  readonly withoutBackMs: number;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** How long this process leaves a front alone that failed to answer a read. */
const FRONT_REST_MS = 250;
const REGISTER_DEADLINE_MS = 1000;
const NOTHING = Number.NEGATIVE_INFINITY;

export class Trust {
  readonly #options: TrustOptions;
  readonly #patience: Patience;
  /** For a connection that a write waits for: with a suspension after it, that is still below the deadline of a call. */
  readonly #soon: Patience;
  /** For a read of the back while the front could answer as well: with that one's, below the deadline of a call. */
  readonly #backPatience: Patience;
  readonly #registerPatience: Patience;
  readonly #connector: Connector;
  readonly #opening: Opening;
  readonly #vouching: Vouching;
  readonly #clearing: Clearing;
  readonly #known: Knowledge;
  #front: OpenFront | null = null;
  /** When the last reading began after which the front's mark was seen. */
  #trustedFrom = NOTHING;
  #restUntil = NOTHING;
  #renewing: Promise<void> | null = null;
  #renewAgainAt = NOTHING;
  #suspending: { readonly namespace: string; readonly done: Promise<void> } | null = null;
  #backSilent = false;
  #closed = false;

  constructor(options: TrustOptions) {
    const { pace, frontDeadlineMs } = options;
    this.#options = options;
    this.#patience = new Patience(pace, frontDeadlineMs, 'the front of the layered store');
    this.#soon = new Patience(pace, 2 * frontDeadlineMs, 'the front of the layered store');
    this.#backPatience = new Patience(pace, 3 * frontDeadlineMs, 'the back of the layered store');
    this.#registerPatience = new Patience(pace, REGISTER_DEADLINE_MS, 'the register of the layered store');
    this.#connector = new Connector(options);
    this.#opening = new Opening({
      ...options,
      connector: this.#connector,
      patience: this.#patience,
      soon: this.#soon,
    });
    this.#vouching = new Vouching({ ...options, patience: this.#patience });
    this.#known = new Knowledge(options);
    this.#clearing = new Clearing({ connector: this.#connector, pace });
  }

  /** The front when its word counts right now, else null. The hot path: makes nothing and waits for nothing. */
  readable(): OpenFront | null {
    const now = this.#options.pace.now();
    const age = now - this.#trustedFrom;
    if (age > this.#options.leaseMs / 2) this.#renewSoon(now);
    if (age < this.#options.leaseMs && this.#known.wallAge() < this.#options.leaseMs) return this.#standingFront(now);
    return this.#backSilent ? this.withoutBack() : null;
  }

  /**
   * The front while the back does not answer. Nobody can suspend it without the back, so it is as true as it was, but for
   * processes that reach the back while this one does not.
   */
  withoutBack(): OpenFront | null {
    const now = this.#options.pace.now();
    return now - this.#trustedFrom < this.#options.withoutBackMs ? this.#standingFront(now) : null;
  }

  /**
   * Where a write must leave its trace now; null when nobody reads the front, so that the back alone counts. Waits while a
   * suspension has not reached everybody. Throws StoreUnreachableError when the register cannot be read.
   */
  async writable(): Promise<OpenFront | null> {
    const { pace, leaseMs } = this.#options;
    for (;;) {
      this.#assertOpen();
      if (!this.#known.isFresh) await this.#renew();
      const { standing } = this.#known;
      if (standing === null) {
        if (this.#known.isUnusable) return null;
        throw new StoreUnreachableError('the register of the layered store kept changing');
      }
      if (!standing.open) {
        const wait = this.#known.since + leaseMs - pace.now();
        if (wait <= 0 && this.#known.isFresh) return null;
        if (wait > 0) await pace.pause(wait);
        continue;
      }
      const front = this.#front ?? (await this.#soon.within(this.#connect(standing.namespace)).catch(() => null));
      if (front !== null && !front.interrupted) {
        if (this.#vouching.isIntroduced(front)) return front;
        if (await this.#vouching.introduce(front, standing)) continue;
      }
      await this.suspend(standing.namespace);
    }
  }

  /** Connects to the front, with the time that a first connection takes. Throws when the register cannot be read. */
  async start(): Promise<void> {
    this.#assertOpen();
    if (!this.#known.isFresh) await this.#renew();
    const { standing } = this.#known;
    if (!standing?.open) return;
    try {
      await this.#vouching.introduce(this.#front ?? (await this.#connect(standing.namespace)), standing);
    } catch {
      // A write will try again.
    }
  }

  /** Takes the front out of use for everybody, unless that namespace is out of use already. {@link writable} waits for it. */
  suspend(namespace: string): Promise<void> {
    if (this.#suspending?.namespace === namespace) return this.#suspending.done;
    const done = this.#suspend(namespace).finally(() => {
      if (this.#suspending?.done === done) this.#suspending = null;
    });
    this.#suspending = { namespace, done };
    return done;
  }

  within<T>(answer: Awaitable<T>): Promise<T> {
    return this.#patience.within(Promise.resolve(answer));
  }

  frontFailed(front: OpenFront): void {
    if (front === this.#front) this.#restUntil = this.#options.pace.now() + FRONT_REST_MS;
  }

  /** An answer of the back, which is given more time than the front: without it nobody knows who has suspended what. */
  withinBack<T>(answer: PromiseLike<T>): Promise<T> {
    return this.#backPatience.within(answer);
  }

  backFailed(): void {
    this.#backSilent = true;
  }

  /** One sentence for an operator. */
  describe(): string {
    if (this.#known.isUnusable)
      return 'the front is not used, because something else lies under the id of its register';
    if (this.#known.standing === null) return 'the front has not been used yet';
    if (!this.#known.standing.open) return 'the front is suspended, and everybody works on the back alone';
    return this.readable() === null ? 'the front is not trusted right now' : 'the front is in use';
  }

  get current(): OpenFront | null {
    return this.#front;
  }

  close(): void {
    this.#closed = true;
    this.#trustedFrom = NOTHING;
    this.#connector.close();
    this.#clearing.close();
    for (const patience of [this.#patience, this.#soon, this.#backPatience, this.#registerPatience]) patience.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnreachableError('the layered store was closed');
  }

  #standingFront(now: number): OpenFront | null {
    const front = this.#front;
    if (front === null || !this.#vouching.isVouched || now < this.#restUntil) return null;
    if (now < this.#known.since + this.#options.leaseMs || front.interrupted) return null;
    return front;
  }

  #renewSoon(now: number): void {
    if (this.#closed || this.#renewing !== null || now < this.#renewAgainAt) return;
    this.#renew().catch(() => undefined);
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #ask(): Promise<void> {
    const { pace, clock, register, leaseMs } = this.#options;
    const [began, beganWall] = [pace.now(), clock()];
    this.#renewAgainAt = began + leaseMs / 4;
    try {
      const standing = await this.#registerPatience.within(register.read());
      this.#backSilent = false;
      if (standing === 'absent') return await this.#found();
      if (standing === 'unusable') {
        this.#known.cannotUse(began, beganWall);
        return this.#leave();
      }
      this.#learn(standing, began, beganWall);
    } catch (error) {
      this.#backSilent = true;
      throw error;
    }
    const { standing } = this.#known;
    if (standing?.open) this.#look(began).catch(() => undefined);
    else if (standing !== null) this.#reopen(standing).catch(() => undefined);
  }

  #learn(standing: Standing, began: number, beganWall: number): void {
    const before = this.#known.standing;
    const became = this.#known.learn(standing, began, beganWall);
    if (became === 'overtaken') return;
    if (before?.shown !== standing.shown) this.#vouching.heard(standing.shown);
    if (became === 'changed' && (!standing.open || this.#front?.namespace !== standing.namespace)) this.#leave();
  }

  #leave(): void {
    const front = this.#front;
    this.#front = null;
    this.#vouching.left();
    this.#trustedFrom = NOTHING;
    if (front !== null) void letGo(front);
  }

  async #found(): Promise<void> {
    const isFirst = this.#known.standing === null;
    const opened = await this.#opening.found();
    this.#learn(opened.standing, opened.began, opened.beganWall);
    this.#adopt(opened);
    // Nobody can hold a lease on what was there before, because nothing was.
    if (isFirst && opened.founded) this.#known.isTheFirst();
  }

  async #reopen(standing: Standing): Promise<void> {
    const opened = await this.#opening.reopen(standing, this.#known.since);
    if (opened === null) return;
    this.#learn(opened.standing, opened.began, opened.beganWall);
    this.#adopt(opened);
    this.#clearing.later(standing.namespace);
  }

  /** Uses what was just opened, unless everything has changed again. */
  #adopt({ front, began }: Opened): void {
    if (front === null) return;
    const isCurrent = this.#known.standing?.open === true && this.#known.standing.namespace === front.namespace;
    if (this.#closed || !isCurrent || this.#front !== null) return void letGo(front);
    this.#front = front;
    this.#vouching.opened(front);
    this.#trustedFrom = began;
  }

  async #suspend(namespace: string): Promise<void> {
    const { clock, pace, register } = this.#options;
    for (;;) {
      this.#assertOpen();
      const { standing } = this.#known;
      if (standing === null || !standing.open || standing.namespace !== namespace) return;
      this.#trustedFrom = NOTHING;
      const [began, beganWall] = [pace.now(), clock()];
      const suspended = await register.suspend(standing, pauseAfter(standing, clock()));
      if (suspended === null) await this.#renew();
      else this.#learn(suspended, began, beganWall);
    }
  }

  /** Looks whether the front is there, is the right one, and has kept what was written to it. */
  async #look(began: number): Promise<void> {
    const { pace } = this.#options;
    const { standing } = this.#known;
    if (standing === null || !standing.open || pace.now() < this.#restUntil) return;
    const front = this.#front ?? (await this.#connect(standing.namespace));
    let shown: readonly number[] | null;
    try {
      shown = await this.within(front.look(standing.shown));
    } catch {
      return this.frontFailed(front);
    }
    if (front !== this.#front) return;
    if (shown === null || front.interrupted) return this.suspend(front.namespace);
    const met = this.#vouching.meet(shown, standing);
    if (met === 'elsewhere' || met === 'unknown') return this.suspend(front.namespace);
    this.#trustedFrom = Math.max(this.#trustedFrom, began);
    if (this.#vouching.isIntroduced(front)) await this.#vouching.beat(front, standing);
    else await this.#vouching.introduce(front, standing);
  }

  /** The front that the register names; it becomes the one in use unless the register has changed meanwhile. */
  async #connect(namespace: string): Promise<OpenFront> {
    const front = await this.#connector.share(namespace);
    if (this.#front === front) return front;
    if (this.#front?.namespace === namespace) {
      void letGo(front);
      return this.#front;
    }
    if (this.#closed || this.#known.standing?.namespace !== namespace || !this.#known.standing.open) {
      void letGo(front);
      throw new StoreUnreachableError('the front has changed meanwhile');
    }
    this.#front = front;
    return front;
  }
}
