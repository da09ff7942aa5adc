/**
 * Who may use the front, and when. Everything rests on one rule: what a process knows of the register counts for
 * `leaseMs` after it began to read it, and a change of the register counts only when every lease on what was there before
 * has run out. So no two processes ever act on different states at the same time, without asking each other anything.
 */

import { encodeBase64url } from '../../core/base64url.ts';
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import type { Awaitable } from '../../core/store.ts';
import { type Front, OpenFront } from './front.ts';
import { type Pace, Patience } from './pace.ts';
import type { Register, Standing } from './register.ts';

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

/** How often somebody who has known the front without a break says so. */
const BEAT_MS = 5000;
/** How long a newcomer waits for two beats before it takes it that nobody has. */
const NEWCOMER_MS = 4 * BEAT_MS;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** How long this process leaves a front alone that failed to answer a read. */
const FRONT_REST_MS = 250;
const REGISTER_DEADLINE_MS = 1000;
/** A first connection takes longer than a question: modules to load, handshakes. */
const CONNECT_DEADLINE_MS = 5000;
const NAMESPACE_BYTES = 9;
const NOTHING = Number.NEGATIVE_INFINITY;

export class Trust {
  readonly #options: TrustOptions;
  readonly #patience: Patience;
  readonly #registerPatience: Patience;
  readonly #connectPatience: Patience;
  readonly #connectSoon: Patience;
  #standing: Standing | null = null;
  #unusable = false;
  /** When this process first knew of the standing: leases on the one before have run out `leaseMs` later. */
  #learntAt = NOTHING;
  /** When the last answered reading of the register began. */
  #knownFrom = NOTHING;
  #knownFromWall = 0;
  #front: OpenFront | null = null;
  #connecting: Promise<OpenFront> | null = null;
  /** When the last reading began after which the front's mark was seen. */
  #trustedFrom = NOTHING;
  /** Whether the front is known to be what it was since its namespace was opened. */
  #vouched = false;
  #newcomer: { readonly since: number; readonly beat: number; beats: number } | null = null;
  #beatAt = NOTHING;
  #restUntil = NOTHING;
  #renewing: Promise<void> | null = null;
  #renewAgainAt = NOTHING;
  #openAgainAt = NOTHING;
  #opening = false;
  #backSilent = false;
  #closed = false;

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#patience = new Patience(options.pace, options.frontDeadlineMs, 'front of the layered store');
    this.#registerPatience = new Patience(options.pace, REGISTER_DEADLINE_MS, 'register of the layered store');
    this.#connectPatience = new Patience(options.pace, CONNECT_DEADLINE_MS, 'front of the layered store');
    this.#connectSoon = new Patience(options.pace, 3 * options.frontDeadlineMs, 'front of the layered store');
  }

  /** The front when its word counts right now, else null. The hot path: makes nothing and waits for nothing. */
  readable(): OpenFront | null {
    const now = this.#options.pace.now();
    const age = now - this.#trustedFrom;
    if (age > this.#options.leaseMs / 2) this.#renewSoon(now);
    if (age < this.#options.leaseMs && this.#wallAge() < this.#options.leaseMs) return this.#standingFront(now);
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
      if (!this.#isKnown()) await this.#renew();
      const standing = this.#standing;
      if (standing === null) {
        if (this.#unusable) return null;
        throw new StoreUnreachableError('the register of the layered store kept changing');
      }
      if (!standing.open) {
        const wait = this.#learntAt + leaseMs - pace.now();
        if (wait <= 0 && this.#isKnown()) return null;
        if (wait > 0) await new Promise<void>((resolve) => pace.after(wait, resolve));
        continue;
      }
      const front =
        this.#front ?? (await this.#connectSoon.within(this.#connect(standing.namespace)).catch(() => null));
      if (front !== null && !front.interrupted) return front;
      await this.suspend(standing.namespace);
    }
  }

  /** Connects to the front, with the time that a first connection takes. Throws when the register cannot be read. */
  async start(): Promise<void> {
    this.#assertOpen();
    if (!this.#isKnown()) await this.#renew();
    const standing = this.#standing;
    if (standing?.open && this.#front === null) await this.#connect(standing.namespace).catch(() => undefined);
  }

  /** Takes the front out of use for everybody, unless that namespace is out of use already. {@link writable} waits for it. */
  async suspend(namespace: string): Promise<void> {
    for (;;) {
      this.#assertOpen();
      const standing = this.#standing;
      if (standing === null || !standing.open || standing.namespace !== namespace) return;
      this.#trustedFrom = NOTHING;
      const { clock, pace, register } = this.#options;
      const openMs = clock() - standing.openedAt;
      // A front that fails again soon after it was opened is left alone for twice as long, up to a minute.
      const pauseMs = openMs < 8 * standing.pauseMs ? Math.min(standing.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      const [began, beganWall] = [pace.now(), clock()];
      const suspended = await register.suspend(standing, pauseMs);
      if (suspended === null) await this.#renew();
      else this.#learn(suspended, began, beganWall);
    }
  }

  within<T>(answer: Awaitable<T>): Promise<T> {
    return this.#patience.within(Promise.resolve(answer));
  }

  frontFailed(front: OpenFront): void {
    if (front === this.#front) this.#restUntil = this.#options.pace.now() + FRONT_REST_MS;
  }

  backFailed(): void {
    this.#backSilent = true;
  }

  /** One sentence for an operator. */
  describe(): string {
    if (this.#unusable) return 'the front is not used, because something else lies under the id of its register';
    if (this.#standing === null) return 'the front has not been used yet';
    if (!this.#standing.open) return 'the front is suspended, and everybody works on the back alone';
    return this.readable() === null ? 'the front is not trusted right now' : 'the front is in use';
  }

  async #isMarking(front: OpenFront): Promise<boolean> {
    return this.within(front.mark(this.#options.clock()).then(() => front.isMarked())).catch(() => false);
  }

  get current(): OpenFront | null {
    return this.#front;
  }

  close(): void {
    this.#closed = true;
    this.#trustedFrom = NOTHING;
    this.#patience.stop();
    for (const patience of [this.#registerPatience, this.#connectPatience, this.#connectSoon]) patience.stop();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnreachableError('the layered store was closed');
  }

  #isKnown(): boolean {
    const { pace, leaseMs } = this.#options;
    return pace.now() - this.#knownFrom < leaseMs && this.#wallAge() < leaseMs;
  }

  /** By the calendar: a machine that slept may not have counted the time. */
  #wallAge(): number {
    const age = this.#options.clock() - this.#knownFromWall;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }

  #standingFront(now: number): OpenFront | null {
    const front = this.#front;
    if (front === null || !this.#vouched || now < this.#restUntil) return null;
    if (now < this.#learntAt + this.#options.leaseMs || front.interrupted) return null;
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
    const connected = this.#front;
    try {
      const standing = await this.#registerPatience.within(register.read());
      this.#backSilent = false;
      if (standing === 'absent') return await this.#found();
      this.#unusable = standing === 'unusable';
      if (standing === 'unusable') {
        this.#standing = null;
        this.#front = null;
        this.#knownFrom = began;
        this.#knownFromWall = beganWall;
        return;
      }
      this.#learn(standing, began, beganWall);
    } catch (error) {
      this.#backSilent = true;
      throw error;
    }
    if (this.#standing?.open) this.#look(began, connected).catch(() => undefined);
    else this.#reopen().catch(() => undefined);
  }

  #learn(standing: Standing, began: number, beganWall: number): void {
    const known = this.#standing;
    // An answer that was overtaken on the way says nothing about now.
    if (known !== null && standing.version < known.version && began < this.#learntAt) return;
    if (known === null || known.version !== standing.version) {
      this.#learntAt = this.#options.pace.now();
      if (this.#front !== null && (!standing.open || this.#front.namespace !== standing.namespace)) this.#leave();
    }
    if (known?.beat !== standing.beat) this.#beatAt = this.#options.pace.now();
    this.#standing = standing;
    if (began > this.#knownFrom) {
      this.#knownFrom = began;
      this.#knownFromWall = beganWall;
    }
  }

  #leave(): void {
    const front = this.#front;
    this.#front = null;
    this.#vouched = false;
    this.#newcomer = null;
    this.#trustedFrom = NOTHING;
    if (front !== null) void Promise.resolve(front.store.close()).catch(() => undefined);
  }

  /** Nobody has used this back before: there are no leases that could be running. */
  async #found(): Promise<void> {
    const { clock, register } = this.#options;
    const namespace = this.#newNamespace();
    const isFirst = this.#standing === null;
    const front = await this.#connect(namespace, false).catch(() => null);
    try {
      const marked = front !== null && (await this.#isMarking(front));
      const founded = await register.found(namespace);
      const [began, beganWall] = [this.#options.pace.now(), clock()];
      const standing = await register.read();
      if (typeof standing === 'string') {
        throw new StoreUnreachableError('the register of the layered store is not there');
      }
      this.#learn(standing, began, beganWall);
      if (!founded || !marked || this.#closed || this.#standing?.namespace !== namespace) return;
      this.#front = front;
      this.#vouched = true;
      if (isFirst) this.#learntAt = NOTHING;
      this.#trustedFrom = began;
    } finally {
      if (front !== null && this.#front !== front) await front.store.close();
    }
  }

  /** Looks whether the front is there, is the right one, and has kept what was written to it. */
  async #look(began: number, connectedBefore: OpenFront | null): Promise<void> {
    const { pace } = this.#options;
    const standing = this.#standing;
    if (standing === null || !standing.open || pace.now() < this.#restUntil) return;
    const front = this.#front ?? (await this.#connect(standing.namespace));
    let marked: boolean;
    try {
      marked = await this.within(front.isMarked());
    } catch {
      return this.frontFailed(front);
    }
    if (front !== this.#front) return;
    if (!marked || front.interrupted) return this.suspend(front.namespace);
    if (!this.#vouched) await this.#join(front, connectedBefore, standing);
    this.#trustedFrom = Math.max(this.#trustedFrom, began);
    if (this.#vouched && pace.now() - this.#beatAt >= BEAT_MS) {
      this.#beatAt = pace.now();
      await this.#options.register.beat(standing);
    }
  }

  /**
   * A newcomer cannot know whether the front went back to an earlier state before it came (a machine that lost power, with
   * all processes on it). Whoever has known it without a break says so by beats; the second one that comes after the
   * newcomer has connected was certainly meant for the front as it is now. Where nobody beats, a new namespace is opened.
   */
  async #join(front: OpenFront, connectedBefore: OpenFront | null, standing: Standing): Promise<void> {
    if (connectedBefore !== front) return;
    const now = this.#options.pace.now();
    const newcomer = this.#newcomer;
    if (newcomer === null) {
      this.#newcomer = { since: now, beat: standing.beat, beats: 0 };
    } else if (standing.beat !== newcomer.beat) {
      this.#newcomer = { ...newcomer, beat: standing.beat, beats: newcomer.beats + 1 };
      this.#vouched = newcomer.beats + 1 >= 2;
    } else if (now - newcomer.since >= NEWCOMER_MS) {
      await this.suspend(front.namespace);
    }
  }

  /** After the pause, one process opens a new namespace; nothing of the old one is ever read again. */
  async #reopen(): Promise<void> {
    const { clock, pace, leaseMs, register, randomBytes } = this.#options;
    const standing = this.#standing;
    const now = pace.now();
    if (standing === null || standing.open || this.#opening || now < this.#openAgainAt) return;
    // Up to a quarter more, so that a fleet does not try in step.
    const jitter = 1 + (randomBytes(1)[0] ?? 0) / 1024;
    if (now < this.#learntAt + Math.max(leaseMs, standing.pauseMs * jitter)) return;
    this.#opening = true;
    try {
      this.#openAgainAt = now + Math.max(standing.pauseMs, FIRST_PAUSE_MS);
      const front = await this.#connect(this.#newNamespace(), false);
      try {
        if (!(await this.#isMarking(front))) throw new Error('the front did not keep the mark');
        const [began, beganWall] = [pace.now(), clock()];
        const opened = await register.open(standing, front.namespace);
        if (opened === null) throw new Error('another process was quicker');
        this.#learn(opened, began, beganWall);
        if (this.#closed || this.#standing?.namespace !== front.namespace || this.#front !== null)
          throw new Error('it has changed again');
        this.#front = front;
        this.#vouched = true;
        this.#trustedFrom = began;
        this.#openAgainAt = NOTHING;
      } catch (error) {
        if (this.#front !== front) await front.store.close();
        throw error;
      }
    } finally {
      this.#opening = false;
    }
  }

  /** The front under the namespace; `keep`: it becomes the one in use while the standing names it. */
  async #connect(namespace: string, keep = true): Promise<OpenFront> {
    if (!keep) return this.#make(namespace);
    this.#connecting ??= this.#make(namespace).finally(() => {
      this.#connecting = null;
    });
    const front = await this.#connecting;
    if (this.#front?.namespace === namespace) return this.#front;
    if (front.namespace !== namespace || this.#standing?.namespace !== namespace || !this.#standing.open) {
      await front.store.close();
      throw new StoreUnreachableError('the front has changed meanwhile');
    }
    this.#front = front;
    return front;
  }

  async #make(namespace: string): Promise<OpenFront> {
    const making = (async () => this.#options.connect(namespace))();
    try {
      const store = await this.#connectPatience.within(making);
      this.#assertOpen();
      return new OpenFront(store, namespace);
    } catch (error) {
      // One that comes too late is nobody's, and its connections would stay.
      making.then((store) => store.close()).catch(() => undefined);
      throw error;
    }
  }

  #newNamespace(): string {
    return encodeBase64url(this.#options.randomBytes(NAMESPACE_BYTES));
  }
}
