/** The accounts seen lately: for a second in place of asking, for an hour in place of an answer that does not come. */
import type { User } from './user.ts';

/** How long an answer counts without asking, in milliseconds. */
const FRESH_MS = 1000;
/** How long it is better than none. */
const KNOWN_MS = 3_600_000;
/** How often a database that did not answer is asked again on behalf of somebody who is known. */
const LOOK_MS = 1000;
/** Accounts per generation; there are two. */
const GENERATION = 10_000;

interface Entry {
  readonly user: User;
  readonly at: number;
}

export class RecentUsers {
  /** What is asked about again moves to the young generation; the old one is dropped whole when the young one is full. */
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #out = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** The account as it was at most a second ago. */
  fresh(id: string, now: number): User | null {
    const entry = this.#young.get(id) ?? this.#old.get(id);
    return entry !== undefined && now - entry.at < FRESH_MS ? entry.user : null;
  }

  /** The account as it was at most an hour ago. */
  lastKnown(id: string, now: number): User | null {
    const entry = this.#young.get(id) ?? this.#old.get(id);
    return entry !== undefined && now - entry.at < KNOWN_MS ? entry.user : null;
  }

  /** The database answered. */
  keep(id: string, user: User | null, now: number): void {
    this.#out = false;
    this.#old.delete(id);
    if (user === null) {
      this.#young.delete(id);
      return;
    }
    this.#young.set(id, { user, at: now });
    if (this.#young.size < GENERATION) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** The database did not answer. */
  failed(): void {
    this.#out = true;
  }

  /** Whether it did not answer when it was last asked. */
  get isOut(): boolean {
    return this.#out;
  }

  /** Whether it is time to ask again; saying so counts as having asked. */
  mayLook(now: number): boolean {
    if (now - this.#lookedAt < LOOK_MS) return false;
    this.#lookedAt = now;
    return true;
  }
}
