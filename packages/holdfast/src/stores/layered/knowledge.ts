/** What this process knows of the register, and for how long that counts. */
import type { Clock } from '../../core/crypto.ts';
import type { Pace } from './pace.ts';
import type { Standing } from './register.ts';

export interface KnowledgeOptions {
  readonly clock: Clock;
  readonly pace: Pace;
  readonly leaseMs: number;
}

const NOTHING = Number.NEGATIVE_INFINITY;

export class Knowledge {
  readonly #options: KnowledgeOptions;
  #standing: Standing | null = null;
  #unusable = false;
  #since = NOTHING;
  #from = NOTHING;
  #fromWall = 0;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
  }

  get standing(): Standing | null {
    return this.#standing;
  }

  /** Something else lies where the register should be. */
  get isUnusable(): boolean {
    return this.#unusable;
  }

  /** When this process first knew of the standing, by the pace: leases on the one before have run out `leaseMs` later. */
  get since(): number {
    return this.#since;
  }

  /** Whether what is known counts now. */
  get isFresh(): boolean {
    const { pace, leaseMs } = this.#options;
    return pace.now() - this.#from < leaseMs && this.wallAge() < leaseMs;
  }

  /** How old it is by the calendar: a machine that slept may not have counted the time. */
  wallAge(): number {
    const age = this.#options.clock() - this.#fromWall;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }

  /** `began` and `beganWall` are when the reading began. Answers what became of what was known before. */
  learn(standing: Standing, began: number, beganWall: number): 'overtaken' | 'same' | 'changed' {
    const known = this.#standing;
    // An answer that was overtaken on the way says nothing about now.
    if (known !== null && standing.version < known.version && began < this.#since) return 'overtaken';
    const isSame = known?.version === standing.version;
    if (!isSame) this.#since = this.#options.pace.now();
    this.#standing = standing;
    this.#unusable = false;
    if (began > this.#from) {
      this.#from = began;
      this.#fromWall = beganWall;
    }
    return isSame ? 'same' : 'changed';
  }

  /** The standing is the first of all: nobody can hold a lease on what was there before. */
  isTheFirst(): void {
    this.#since = NOTHING;
  }

  cannotUse(began: number, beganWall: number): void {
    this.#standing = null;
    this.#unusable = true;
    this.#from = began;
    this.#fromWall = beganWall;
  }
}
