/** Brings the front into use under a namespace that nothing was ever written to: at the very first, and after a suspension. */
import { encodeBase64url } from '../../core/base64url.ts';
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import { type Connector, letGo } from './connector.ts';
import type { OpenFront } from './front.ts';
import type { Pace, Patience } from './pace.ts';
import type { Register, Standing } from './register.ts';

export interface OpeningOptions {
  readonly connector: Connector;
  readonly register: Register;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly leaseMs: number;
  readonly randomBytes: (length: number) => Uint8Array;
  /** For one question to the front. */
  readonly patience: Patience;
  /** For a connection that a write waits for. */
  readonly soon: Patience;
}

/** What came of it. */
export interface Opened {
  readonly standing: Standing;
  /** When the register began to say so at the earliest, by the pace and by the clock. */
  readonly began: number;
  readonly beganWall: number;
  /** The front under that namespace; null where the standing is somebody else's or the front is not to be had. */
  readonly front: OpenFront | null;
  /** Whether this process wrote the first register of all. */
  readonly founded: boolean;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const NAMESPACE_BYTES = 9;

/** A front that fails again soon after it was opened is left alone for twice as long, up to a minute. */
export function pauseAfter(standing: Standing, now: number): number {
  if (now - standing.openedAt >= 8 * standing.pauseMs) return FIRST_PAUSE_MS;
  return Math.min(Math.max(standing.pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
}

export class Opening {
  readonly #options: OpeningOptions;
  #underway = false;
  #againAt = Number.NEGATIVE_INFINITY;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** Nobody has used this back before. Where the front is not to be had, everybody begins on the back alone. */
  async found(): Promise<Opened> {
    const { connector, register, clock, pace, soon } = this.#options;
    const namespace = this.#newNamespace();
    const connecting = connector.open(namespace);
    const front = await soon.within(connecting).catch(() => null);
    if (front === null) connecting.then(letGo, () => undefined);
    try {
      const shown = clock();
      const isMarked = front !== null && (await this.#marks(front, shown));
      const founded = await register.found(namespace, isMarked, shown);
      const [began, beganWall] = [pace.now(), clock()];
      const standing = await register.read();
      if (typeof standing === 'string') {
        throw new StoreUnreachableError('the register of the layered store is not there');
      }
      const isOurs = standing.open && standing.namespace === namespace;
      if (front !== null && !isOurs) void letGo(front);
      return { standing, began, beganWall, front: isOurs ? front : null, founded };
    } catch (error) {
      if (front !== null) void letGo(front);
      throw error;
    }
  }

  /** After its pause a suspended front is tried; `since` is when this process learnt of the suspension. Null: not now. */
  async reopen(standing: Standing, since: number): Promise<Opened | null> {
    const { pace, leaseMs, randomBytes } = this.#options;
    const now = pace.now();
    if (standing.open || this.#underway || now < this.#againAt) return null;
    // Up to a quarter more, so that a fleet does not try in step.
    const jitter = 1 + (randomBytes(1)[0] ?? 0) / 1024;
    if (now < since + Math.max(leaseMs, standing.pauseMs * jitter)) return null;
    this.#underway = true;
    this.#againAt = now + Math.max(standing.pauseMs, FIRST_PAUSE_MS);
    try {
      return await this.#open(standing);
    } finally {
      this.#underway = false;
    }
  }

  /** Only after the mark was read back: a front that takes writes and keeps nothing is none. */
  async #open(suspended: Standing): Promise<Opened | null> {
    const { connector, register, clock, pace } = this.#options;
    const front = await connector.open(this.#newNamespace());
    try {
      const [began, beganWall] = [pace.now(), clock()];
      const standing = (await this.#marks(front, suspended.shown))
        ? await register.open(suspended, front.namespace)
        : null;
      if (standing !== null) {
        this.#againAt = Number.NEGATIVE_INFINITY;
        return { standing, began, beganWall, front, founded: false };
      }
    } catch {
      // The next try is as good as this one.
    }
    void letGo(front);
    return null;
  }

  async #marks(front: OpenFront, shown: number): Promise<boolean> {
    const marking = (async () => {
      await front.mark(shown);
      return (await front.look(shown))?.includes(shown) === true;
    })();
    return this.#options.patience.within(marking).catch(() => false);
  }

  #newNamespace(): string {
    return encodeBase64url(this.#options.randomBytes(NAMESPACE_BYTES));
  }
}
