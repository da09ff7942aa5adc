/**
 * One connection to one server that is made again and again for as long as it is wanted. While it is down, commands fail
 * at once: nothing waits in a queue for it.
 */
import { StoreUnreachableError } from '../../core/errors.ts';
import { closedFailure, redisErrorCode, toConnectFailure, toUnreachable } from './failure.ts';
import type { NodeRedisClient } from './node-redis.ts';
import type { RedisArgument, RedisReply } from './port.ts';

/** What a link tells its owner, at once and in the order in which it happened. */
export interface LinkEvents {
  /** Connected, authenticated, and with tracking on where that was asked for. */
  up?(link: Link): void;
  down?(link: Link, error: StoreUnreachableError): void;
  /** The server answered a heartbeat; null when it answered with an error. */
  alive?(link: Link, reply: RedisReply): void;
  /** The server says that a key was written; null: all keys. */
  invalidated?(key: Buffer | string | null): void;
}

export interface LinkOptions {
  /** For messages: `host:port`, never with a password. */
  readonly name: string;
  /** Duplicated for each connection. */
  readonly template: NodeRedisClient;
  /** What the duplicate has of its own: socket, credentials, database. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly tls: boolean;
  /** For the way up to `up`: TCP, TLS and authentication together. */
  readonly connectTimeoutMs: number;
  /** A number in [0, 1), for the jitter of reconnecting. */
  readonly random: () => number;
  /** Looks at the server before it counts as up; a rejection makes it a failed attempt. */
  readonly accept?: (send: (args: readonly string[]) => Promise<RedisReply>) => Promise<void>;
  /** What proves the server alive. Default PING. */
  readonly heartbeat?: readonly string[];
  /** Time between heartbeats. Default 250 ms. */
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 250;
/** Ticks of the heartbeat without an answer before the connection counts as dead; ticks, since a busy process has few. */
const SILENT_TICKS = 8;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;
/** More commands than this waiting on one connection mean that it hangs. */
const LONGEST_QUEUE = 20_000;

export class Link {
  readonly name: string;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  /** The connection in use; null while there is none. */
  #client: NodeRedisClient | null = null;
  #attempt: AbortController | null = null;
  #retry: NodeJS.Timeout | null = null;
  #heart: NodeJS.Timeout | null = null;
  readonly #waiting = new Set<() => void>();
  #failures = 0;
  #upSince = 0;
  #silentTicks = 0;
  #closed = false;
  #lastError: StoreUnreachableError;

  constructor(options: LinkOptions, events: LinkEvents = {}) {
    this.name = options.name;
    this.#options = options;
    this.#events = events;
    this.#lastError = new StoreUnreachableError(`${options.name} is not connected yet`);
  }

  get isUp(): boolean {
    return this.#client !== null;
  }

  /** For how many milliseconds the connection in use has been up. */
  get upForMs(): number {
    return this.isUp ? performance.now() - this.#upSince : 0;
  }

  /** Why it is down. */
  get lastError(): StoreUnreachableError {
    return this.#lastError;
  }

  /** Makes the first connection. Rejects when that fails, and goes on trying unless it is closed. */
  async open(): Promise<void> {
    await this.#connect();
    if (this.#client === null) throw this.#lastError;
  }

  /** Resolves when it is up, or else after so many milliseconds. */
  whenUp(milliseconds: number): Promise<void> {
    if (this.isUp) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#waiting.add(done);
    });
  }

  /** Rejects with what Redis answered, or with a StoreUnreachableError when it did not. */
  send(args: readonly RedisArgument[]): Promise<RedisReply> {
    if (this.#client === null) return Promise.reject(this.#lastError);
    return this.#client.sendCommand(args) as Promise<RedisReply>;
  }

  /** The same for a slot that this server is about to take over. */
  sendAsking(args: readonly RedisArgument[]): Promise<RedisReply> {
    const client = this.#client;
    if (client === null) return Promise.reject(this.#lastError);
    const chain = { chainId: Symbol('ask') };
    client.sendCommand(['ASKING'], chain).catch(ignore);
    return client.sendCommand(args, chain) as Promise<RedisReply>;
  }

  /** Lets go of the connection because it leads nowhere, and makes another one. */
  reset(error: StoreUnreachableError): void {
    if (this.#client !== null) this.#fail(this.#client, error);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#attempt?.abort();
    const client = this.#client;
    if (client === null) this.#lastError = closedFailure(this.name);
    else this.#fail(client, closedFailure(this.name));
  }

  /** Never rejects: what came of it is in `isUp` and `lastError`. */
  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const client = this.#options.template.duplicate(this.#overrides());
    let error: unknown = null;
    client.on('error', (cause) => {
      error ??= cause;
      if (this.#client === client) this.#fail(client, cause);
    });
    client.on('end', () => {
      if (this.#client === client) this.#fail(client, new Error('Socket closed unexpectedly'));
    });
    client.on('invalidate', (key) => {
      if (this.#client === client) this.#events.invalidated?.(key as Buffer | string | null);
    });
    try {
      await this.#settle(client, attempt.signal);
    } catch (cause) {
      discard(client);
      if (!this.#closed) this.#retryLater(toConnectFailure(error ?? cause, this.name, this.#options.tls));
      return;
    }
    if (this.#closed) {
      discard(client);
      return;
    }
    this.#client = client;
    this.#upSince = performance.now();
    this.#failures = 0;
    this.#beat(client);
    this.#events.up?.(this);
    for (const tell of this.#waiting) tell();
  }

  /** Connects within the time for it. A connection that comes later is closed. */
  #settle(client: NodeRedisClient, signal: AbortSignal): Promise<void> {
    const { connectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      let abandoned = false;
      const abandon = (error: Error): void => {
        abandoned = true;
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => abandon(new Error('Connection timeout')), connectTimeoutMs);
      signal.addEventListener('abort', () => abandon(closedFailure(this.name)));
      this.#greet(client).then(() => {
        clearTimeout(timer);
        if (abandoned) discard(client);
        else resolve();
      }, abandon);
    });
  }

  async #greet(client: NodeRedisClient): Promise<void> {
    await client.connect();
    await this.#options.accept?.((args) => client.sendCommand(args) as Promise<RedisReply>);
  }

  #overrides(): Readonly<Record<string, unknown>> {
    const { overrides, connectTimeoutMs } = this.#options;
    const socket = overrides.socket as object | undefined;
    return {
      commandsQueueMaxLength: LONGEST_QUEUE,
      emitInvalidate: this.#events.invalidated !== undefined,
      ...overrides,
      // Each connection has a client of its own, which is thrown away with it: the handshake needs a deadline too, and
      // node-redis has none for that.
      socket: { ...socket, connectTimeout: connectTimeoutMs, reconnectStrategy: false },
    };
  }

  #fail(client: NodeRedisClient, cause: unknown): void {
    this.#client = null;
    if (this.#heart !== null) clearInterval(this.#heart);
    const error = toUnreachable(cause, this.name);
    this.#lastError = error;
    // First told, then let go of: whoever keeps copies must distrust them before anybody hears of a failed command.
    this.#events.down?.(this, error);
    discard(client);
    if (!this.#closed) this.#retryLater(error);
  }

  #retryLater(error: StoreUnreachableError): void {
    this.#lastError = error;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures = Math.min(this.#failures + 1, 10);
    // Half of the pause is jitter: a fleet must not come back in step.
    const pause = longest * (0.5 + this.#options.random() / 2);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = null;
      void this.#connect();
    }, pause);
  }

  #beat(client: NodeRedisClient): void {
    const { heartbeat = ['PING'], heartbeatMs = HEARTBEAT_MS } = this.#options;
    this.#silentTicks = 0;
    let waiting = false;
    const silent = (): void => {
      this.#silentTicks++;
      if (this.#silentTicks >= SILENT_TICKS) this.#fail(client, new Error('Connection timeout'));
    };
    const tick = (): void => {
      if (this.#client !== client) return;
      if (waiting) {
        silent();
        return;
      }
      waiting = true;
      client.sendCommand(heartbeat).then(
        (reply) => {
          waiting = false;
          this.#silentTicks = 0;
          if (this.#client === client) this.#events.alive?.(this, reply as RedisReply);
        },
        (error: unknown) => {
          waiting = false;
          if (this.#client !== client) return;
          if (redisErrorCode(error) === null) {
            // A broken connection tells of itself; here so much waits that not even this could be sent.
            silent();
            return;
          }
          // An error reply is a sign of life as well.
          this.#silentTicks = 0;
          this.#events.alive?.(this, null);
        },
      );
    };
    this.#heart = setInterval(tick, heartbeatMs);
    this.#heart.unref();
  }
}

function discard(client: NodeRedisClient): void {
  // What still fails on it is of no interest, and an error event without a listener would end the process.
  client.on('error', ignore);
  client.destroy();
}

function ignore(): void {}
