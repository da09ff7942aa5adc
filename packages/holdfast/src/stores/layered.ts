/**
 * A fast store in front of a durable one: the front answers, the back decides, and losing the front costs nobody anything.
 *
 * - The front may be down at the start, be flushed, restarted from an older state or replaced by a replica: nobody is signed
 *   out, nobody comes back, and some time later it is used again, under a new namespace. The first write that finds it
 *   missing waits for `frontDeadlineMs` and `leaseMs`; the others wait with it.
 * - The back may be down: people stay signed in, and what has to be written is unreachable until it is back.
 * - A process that comes to a front in use writes at once, after `leaseMs` in which it shows where (`inspect()` at the start
 *   does that), and reads from it when a process that knows the front has said so, within 5 seconds. When there is none
 *   left, as after a restart of everything, the front is opened anew after 20 seconds.
 * - Processes whose fronts are not the same server, by a wrong address or because a former primary lives on, find out before
 *   their first write counts. The front is then suspended for all of them and tried again after 1, 2, 4 … 60 seconds.
 * - Both in trouble at once is the limit: a process that is cut off from the back goes on reading the front
 *   (`withoutBackSeconds`), and does not hear that another one has lost it and what it ended since.
 */
import type { Clock } from '../core/crypto.ts';
import { HoldfastError } from '../core/errors.ts';
import type { Awaitable } from '../core/store.ts';
import type { TransferableStore } from '../core/transfer.ts';
import type { Front } from './layered/front.ts';
import { type LayeredStore, Layers } from './layered/layered-store.ts';
import { type Pace, systemPace } from './layered/pace.ts';

export type { Front } from './layered/front.ts';
export type { LayeredStore } from './layered/layered-store.ts';
export type { Pace } from './layered/pace.ts';

/** What {@link layeredStore} takes. */
export interface LayeredStoreOptions {
  /**
   * Makes the front for a namespace: a short text that has to become part of every key, so that two namespaces share
   * nothing (for Redis a key prefix). Called once at the start and again whenever the front is opened anew; the former one
   * is closed. It may reject while the front cannot be reached: everybody then works on the back alone.
   */
  readonly front: (namespace: string) => Awaitable<Front>;
  /**
   * The truth. Every process that writes to it must do so through a layered store with the same front, and it must have no
   * cache of its own: what it answers is taken to be so at that moment.
   */
  readonly back: TransferableStore;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /**
   * How long a process may use the front after it asked the back whether it may, in milliseconds; it asks about twice as
   * often. A write that cannot reach the front waits as long once, and then the front is suspended for everybody. Together
   * with `frontDeadlineMs` it must stay below the deadline of a call (1000). The same in all processes. Default 500.
   */
  readonly leaseMs?: number;
  /** How long to wait for the front before the back is asked instead, in milliseconds. Default 200. */
  readonly frontDeadlineMs?: number;
  /**
   * For how many seconds reads are answered by the front while the back does not answer. That is as true as ever unless
   * other processes still reach the back and have lost the front: an end that they note is then not seen here for so long.
   * Default 3600.
   */
  readonly withoutBackSeconds?: number;
  /** For tests. Default `performance.now()` and timers. */
  readonly pace?: Pace;
  /** Bytes from a CSPRNG. Default Web Crypto. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** Throws `invalid-option` for a bad option; asks neither layer for anything before the first call. */
export function layeredStore(options: LayeredStoreOptions): LayeredStore {
  const { front, back, clock = Date.now, pace = systemPace, randomBytes = systemRandom } = options;
  const { leaseMs = 500, frontDeadlineMs = 200, withoutBackSeconds = 3600 } = options;
  const problems: string[] = [];
  if (typeof front !== 'function') problems.push('front: a function that makes the front for a namespace');
  if (typeof back?.scan !== 'function') problems.push('back: a store such as postgresStore() or sqliteStore()');
  if (!(leaseMs >= 10 && leaseMs <= 10_000)) problems.push(`leaseMs: 10 to 10000 milliseconds, not ${leaseMs}`);
  if (!(frontDeadlineMs >= 1 && frontDeadlineMs <= 10_000)) {
    problems.push(`frontDeadlineMs: 1 to 10000 milliseconds, not ${frontDeadlineMs}`);
  }
  if (!(withoutBackSeconds >= 0)) problems.push(`withoutBackSeconds: 0 seconds or more, not ${withoutBackSeconds}`);
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  const withoutBackMs = withoutBackSeconds * 1000;
  return new Layers({ front, back, clock, pace, randomBytes, leaseMs, frontDeadlineMs, withoutBackMs });
}

function systemRandom(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
