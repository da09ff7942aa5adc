/**
 * Whether everybody means the same front, and whether it still holds all that was written to it. Both are shown by
 * numbers that rise: whoever shows one writes it into the front and then into the register.
 *
 * - *Before its first write* a process shows an even number and waits until all leases from before have run out. Who renews
 *   a lease has to find the register's number among those that were shown in its own front. So nobody reads a front in which the traces of others are
 *   missing: one at a wrong address, one that was copied, a former primary that does not know yet that it is one.
 * - *Before its first read* a process has to know that the front did not go back to an earlier state (a machine that lost
 *   power, a replica that took over). Whoever opened the namespace knows, for as long as its own connection lasts, and shows
 *   an odd number now and then, written while it knew. A newcomer who finds in the register an odd number that was not yet
 *   in the front when it first looked there, and is there now, knows as well.
 */
import type { Clock } from '../../core/crypto.ts';
import type { OpenFront } from './front.ts';
import type { Pace, Patience } from './pace.ts';
import type { Register, Standing } from './register.ts';

/** How often an odd number is shown. */
const BEAT_MS = 5000;
/** How long a newcomer waits for one; when nobody knows the front, it is opened anew. */
const NEWCOMER_MS = 4 * BEAT_MS;

export interface VouchingOptions {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly register: Register;
  readonly leaseMs: number;
  readonly randomBytes: (length: number) => Uint8Array;
  /** For the front. */
  readonly patience: Patience;
}

/** `elsewhere`: others write to another front. `unknown`: this front may have gone back, and nobody says otherwise. */
export type Met = 'known' | 'waiting' | 'unknown' | 'elsewhere';

export class Vouching {
  readonly #options: VouchingOptions;
  #vouched = false;
  #newcomer: { readonly since: number; readonly shown: readonly number[] } | null = null;
  /** The front in which everybody has seen that this process writes there. */
  #introduced: OpenFront | null = null;
  #introducing: { readonly front: OpenFront; readonly done: Promise<boolean> } | null = null;
  /** When an odd number was last seen to be new, or shown. */
  #beatAt = Number.NEGATIVE_INFINITY;

  constructor(options: VouchingOptions) {
    this.#options = options;
  }

  get isVouched(): boolean {
    return this.#vouched;
  }

  /** This process has opened the namespace itself. */
  opened(front: OpenFront): void {
    this.#vouched = true;
    this.#introduced = front;
  }

  left(): void {
    this.#vouched = false;
    this.#newcomer = null;
    this.#introduced = null;
  }

  /** The register holds a new number. */
  heard(shown: number): void {
    if (isOdd(shown)) this.#beatAt = this.#options.pace.now();
  }

  /** `inFront` are the numbers that the front was seen to hold after the register was read. */
  meet(inFront: readonly number[], { shown }: Standing): Met {
    const now = this.#options.pace.now();
    this.#newcomer ??= { since: now, shown: inFront };
    const { since, shown: first } = this.#newcomer;
    if (!inFront.includes(shown)) return 'elsewhere';
    if (!this.#vouched && isOdd(shown) && !first.includes(shown)) this.#vouched = true;
    if (this.#vouched) return 'known';
    return now - since >= NEWCOMER_MS ? 'unknown' : 'waiting';
  }

  /**
   * Before the first write; answers when nobody reads another front any more. False when this is none to write to. Throws
   * StoreUnreachableError when the register cannot be written.
   */
  async introduce(front: OpenFront, standing: Standing): Promise<boolean> {
    if (this.isIntroduced(front)) return true;
    if (this.#introducing?.front === front) return this.#introducing.done;
    const done = this.#introduce(front, standing);
    this.#introducing = { front, done };
    try {
      const isThere = await done;
      if (isThere) this.#introduced = front;
      return isThere;
    } finally {
      if (this.#introducing?.done === done) this.#introducing = null;
    }
  }

  isIntroduced(front: OpenFront): boolean {
    return front === this.#introduced;
  }

  async #introduce(front: OpenFront, standing: Standing): Promise<boolean> {
    const { pace, leaseMs, patience, register } = this.#options;
    const shown = this.#next(standing, 0);
    const isThere = await patience.within(front.show(shown)).catch(() => false);
    if (!isThere || front.interrupted) return false;
    await register.show(shown);
    await pace.pause(leaseMs);
    // Whoever shows a higher number at the same time hides this one, so it has to be found here as well.
    const now = await register.read();
    if (typeof now === 'string' || now.namespace !== front.namespace) return false;
    return patience.within(front.look(now.shown)).then(
      (found) => found?.includes(now.shown) === true,
      () => false,
    );
  }

  /** Shows that the front is known, when it is time to. */
  async beat(front: OpenFront, standing: Standing): Promise<void> {
    const now = this.#options.pace.now();
    if (!this.#vouched || now - this.#beatAt < BEAT_MS) return;
    this.#beatAt = now;
    const shown = this.#next(standing, 1);
    const isThere = await front.show(shown);
    // Had the connection been made anew meanwhile, the number would be in a front that nobody knows.
    if (isThere && !front.interrupted) await this.#options.register.show(shown);
  }

  #next({ shown }: Standing, lowestBit: 0 | 1): number {
    // Not the same as another process's in the same millisecond.
    const next = Math.max(this.#options.clock(), shown + 1) + 2 * (this.#options.randomBytes(1)[0] ?? 0);
    return isOdd(next) === (lowestBit === 1) ? next : next + 1;
  }
}

function isOdd(shown: number): boolean {
  return shown % 2 === 1;
}
