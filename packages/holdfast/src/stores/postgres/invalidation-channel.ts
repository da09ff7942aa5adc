/** Listens on a connection of its own to what all processes write, so that the cache knows what is no longer true. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/crypto.ts';
import type { RecordCache } from '../cache/record-cache.ts';
import type { Listener } from './database.ts';
import { type PgClient, toQuery } from './driver.ts';

/**
 * `deaf`: connected, but a notification that was sent did not arrive, as behind a pooler in transaction mode. `broken`: not
 * connected, and connecting again and again.
 */
export type ChannelState = 'starting' | 'listening' | 'deaf' | 'broken' | 'closed';

interface Parts {
  readonly channel: string;
  readonly cache: RecordCache;
  readonly clock: Clock;
  readonly connect: () => Promise<Listener>;
  /** Sends a notification over another connection than the one that listens. */
  readonly notify: (payload: string) => Promise<unknown>;
}

const HEARTBEAT_MS = 250;
/** A connection that did not answer for so long is given up. The cache is out of use long before. */
const SILENCE_MS = 3000;
/** How long an echo may take. */
const ECHO_MS = 1000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** Nothing but a change of the set-up helps there, so it is tried seldom. */
const DEAF_PAUSE_MS = 60_000;
/** Marks an echo; a session id never begins with it. */
const ECHO_MARK = '?';

interface Notification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

export class InvalidationChannel {
  readonly #parts: Parts;
  #state: ChannelState = 'starting';
  #listener: Listener | null = null;
  #timer: NodeJS.Timeout | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #echo: { readonly payload: string; readonly arrived: () => void } | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get state(): ChannelState {
    return this.#state;
  }

  /** Settles after the first attempt, however it went; never rejects. */
  async start(): Promise<void> {
    if (this.#isClosed()) return;
    let listener: Listener | null = null;
    try {
      listener = await this.#parts.connect();
      if (this.#isClosed()) {
        listener.end();
        return;
      }
      await this.#listen(listener);
    } catch {
      // Why it fails is what every other operation tells as well.
      this.#lose(listener, 'broken');
    }
  }

  close(): void {
    this.#state = 'closed';
    this.#parts.cache.distrust();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#echo?.arrived();
    this.#listener?.end();
    this.#listener = null;
  }

  async #listen(listener: Listener): Promise<void> {
    const { client } = listener;
    this.#listener = listener;
    client.on('notification', (told: Notification) => this.#hear(listener, told));
    client.on('end', () => this.#lose(listener, 'broken'));
    client.on('error', () => this.#lose(listener, 'broken'));
    await ask(client, `LISTEN "${this.#parts.channel}"`);
    const arrives = await this.#tryEcho();
    if (this.#listener !== listener) return;
    if (!arrives) {
      // Behind a pooler the command may have stayed on a connection that others get.
      await ask(client, 'UNLISTEN *').catch(() => undefined);
      this.#lose(listener, 'deaf');
      return;
    }
    this.#state = 'listening';
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#parts.cache.trust();
    this.#schedule(HEARTBEAT_MS, () => this.#beat(listener));
  }

  /** Whether a notification that another connection sent arrives; the connection that listens must be idle meanwhile. */
  async #tryEcho(): Promise<boolean> {
    const payload = `${ECHO_MARK}${randomUUID()}`;
    let arrived = false;
    let timer: NodeJS.Timeout | undefined;
    const heard = new Promise<void>((resolve) => {
      this.#echo = {
        payload,
        arrived: () => {
          arrived = true;
          resolve();
        },
      };
      timer = setTimeout(resolve, ECHO_MS);
    });
    try {
      await this.#parts.notify(payload);
      await heard;
      return arrived;
    } finally {
      clearTimeout(timer);
      this.#echo = null;
    }
  }

  #hear(listener: Listener, { channel, payload = '' }: Notification): void {
    if (this.#listener !== listener || channel !== this.#parts.channel) return;
    if (!payload.startsWith(ECHO_MARK)) this.#parts.cache.invalidateId(payload);
    else if (payload === this.#echo?.payload) this.#echo.arrived();
  }

  /**
   * PostgreSQL sends what a connection has to hear before it answers the next statement on it, and signals listeners before
   * it answers the writer. So an answer proves that all that was acknowledged before the question has arrived.
   */
  async #beat(listener: Listener): Promise<void> {
    const asked = this.#parts.clock();
    try {
      await ask(listener.client, 'SELECT 1');
    } catch {
      this.#lose(listener, 'broken');
      return;
    }
    if (this.#listener !== listener) return;
    this.#parts.cache.heard(asked);
    this.#schedule(HEARTBEAT_MS, () => this.#beat(listener));
  }

  #lose(listener: Listener | null, state: 'deaf' | 'broken'): void {
    if (this.#listener !== listener) return;
    this.#listener = null;
    listener?.end();
    if (this.#isClosed()) return;
    this.#state = state;
    this.#parts.cache.distrust();
    const longest = state === 'deaf' ? DEAF_PAUSE_MS : this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    // Half of it is jitter: a fleet must not come back to a server in step.
    this.#schedule(longest * (0.5 + Math.random() / 2), () => this.start());
  }

  #schedule(milliseconds: number, run: () => Promise<void>): void {
    if (this.#isClosed()) return;
    this.#timer = setTimeout(() => void run(), milliseconds);
    // What keeps a process running is its connections; waiting for the next one is no reason to.
    this.#timer.unref();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}

async function ask(client: PgClient, text: string): Promise<void> {
  await client.query(toQuery(text, [], SILENCE_MS));
}
