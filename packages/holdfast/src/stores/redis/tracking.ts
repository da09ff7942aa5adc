/**
 * Client tracking (Redis command CLIENT TRACKING): each server tells each connection which of the keys that were read over
 * it have been written. What several connections say is brought together here for the one cache behind them.
 *
 * The cache is trusted while every connection is up, because nobody can say which home a missing one would have told of.
 * A message is passed on within the turn in which it arrived, and answers are promises: an answer that stood before the
 * message in the stream can be kept only after it, and then the cache's ticket refuses it.
 */
import { HOMES } from '../../core/session-id.ts';
import type { Link, LinkEvents } from './link.ts';
import type { TrackingSink } from './port.ts';

/** Each connection must have answered within so many milliseconds for all to count as alive; heartbeats come every 250. */
const FRESH_MS = 450;

export class Tracking {
  readonly #sink: TrackingSink;
  /** What the tracked keys begin with, up to the home. */
  readonly #bucket: string;
  /** Every connection that is read from → when it last answered; null while it is down. */
  readonly #links = new Map<Link, number | null>();
  #trusted = false;

  constructor(sink: TrackingSink, prefix: string) {
    this.#sink = sink;
    this.#bucket = `${prefix}:s:{`;
  }

  /** What a connection that is read from must tell. */
  readonly events: LinkEvents = {
    up: (link) => {
      if (!this.#links.has(link)) return;
      this.#links.set(link, performance.now());
      this.#judge();
    },
    down: (link) => {
      if (!this.#links.has(link)) return;
      this.#links.set(link, null);
      this.#judge();
    },
    alive: (link) => {
      if (!this.#links.has(link)) return;
      const now = performance.now();
      this.#links.set(link, now);
      if (!this.#trusted) return;
      for (const at of this.#links.values()) if (at === null || now - at > FRESH_MS) return;
      this.#sink.heard();
    },
    invalidated: (key) => this.#invalidated(key),
  };

  /** From now on it is read from: what is not told by it is not known. */
  add(link: Link): void {
    this.#links.set(link, link.isUp ? performance.now() : null);
    this.#distrust();
    this.#judge();
  }

  /** It is not read from any more; what was read over it has lost its messages. */
  remove(link: Link): void {
    if (!this.#links.delete(link)) return;
    this.#distrust();
    this.#judge();
  }

  /** Keys may have changed their server: whatever was read before is worthless. */
  moved(): void {
    this.#sink.invalidateAll();
  }

  #judge(): void {
    const all = this.#links.size > 0 && [...this.#links.values()].every((at) => at !== null);
    if (all && !this.#trusted) {
      this.#trusted = true;
      this.#sink.trust();
    } else if (!all) this.#distrust();
  }

  #distrust(): void {
    if (!this.#trusted) return;
    this.#trusted = false;
    this.#sink.distrust();
  }

  #invalidated(key: Buffer | string | null): void {
    if (key === null) {
      this.#sink.invalidateAll();
      return;
    }
    const text = typeof key === 'string' ? key : key.toString('latin1');
    if (!text.startsWith(this.#bucket)) return;
    const home = Number(text.slice(this.#bucket.length, -1));
    if (Number.isInteger(home) && home >= 0 && home < HOMES) this.#sink.invalidate(home);
  }
}
