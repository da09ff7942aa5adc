/** One primary: the connection for nearly everything, and one more where writes wait for replicas. */
import { StoreUnreachableError } from '../../core/errors.ts';
import { redisErrorCode } from './failure.ts';
import type { Link, LinkEvents } from './link.ts';
import type { ReplicaWait } from './options.ts';
import type { RedisArgument, RedisReply, RedisScript, RedisServer } from './port.ts';

/** Makes a connection to one server. */
export type Dial = (events: LinkEvents) => Link;

/** How long a command that only reads may wait for its broken connection to be made again. */
const RECONNECT_MS = 150;

export class RedisNode implements RedisServer {
  readonly name: string;
  /** Reads go over this one alone, since the server tells of a key on the connection that it was read over. */
  readonly link: Link;
  readonly #dial: Dial;
  readonly #wait: ReplicaWait | null;
  #waitLink: Link | null = null;
  /** The WAIT that the writes of this turn share. */
  #shared: Promise<void> | null = null;

  constructor(dial: Dial, events: LinkEvents, wait: ReplicaWait | null) {
    this.#dial = dial;
    this.#wait = wait;
    this.link = dial(events);
    this.name = this.link.name;
  }

  async open(): Promise<void> {
    if (this.#wait !== null) this.#waitLink = this.#dial({});
    await Promise.all([this.link.open(), this.#waitLink?.open()]);
  }

  /** Resolves when both connections are up, or else after so many milliseconds. */
  async whenUp(milliseconds: number): Promise<void> {
    await Promise.all([this.link.whenUp(milliseconds), this.#waitLink?.whenUp(milliseconds)]);
  }

  /** Rejects with what Redis answered, or with a StoreUnreachableError when it did not. */
  send(args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.link.send(args);
  }

  /** {@link send}, and once more when the connection broke under it. */
  read(args: readonly RedisArgument[]): Promise<RedisReply> {
    if (!this.link.isUp) return this.link.send(args);
    // Not an async function: this is the hot path, and each costs a promise more.
    return this.link.send(args).catch((error: unknown) => this.#readAgain(args, error));
  }

  /** A script by its SHA-1; `asking` in a slot that this server is about to take over. */
  async run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly RedisArgument[],
    asking: boolean,
  ): Promise<RedisReply> {
    const suffix = script.readOnly ? '_RO' : '';
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.#runOnce(script, [`EVALSHA${suffix}`, script.sha1, ...rest], asking);
    } catch (error) {
      if (redisErrorCode(error) !== 'NOSCRIPT') throw error;
      return this.#runOnce(script, [`EVAL${suffix}`, script.source, ...rest], asking);
    }
  }

  /** Lets go of its connections because they lead to the wrong server, and makes others. */
  reset(error: StoreUnreachableError): void {
    this.link.reset(error);
    this.#waitLink?.reset(error);
  }

  close(): void {
    this.link.close();
    this.#waitLink?.close();
  }

  async #readAgain(args: readonly RedisArgument[], error: unknown): Promise<RedisReply> {
    if (redisErrorCode(error) !== null) throw error;
    await this.link.whenUp(RECONNECT_MS);
    return this.link.send(args);
  }

  #runOnce(script: RedisScript, args: readonly RedisArgument[], asking: boolean): Promise<RedisReply> {
    const { replicated = false, readOnly } = script;
    if (replicated && this.#waitLink !== null && this.#wait !== null) {
      return this.#runReplicated(this.#waitLink, this.#wait, args, asking);
    }
    if (asking) return this.link.sendAsking(args);
    return readOnly ? this.read(args) : this.link.send(args);
  }

  /** WAIT holds up whatever is sent after it on its connection, so these have one of their own. */
  async #runReplicated(
    link: Link,
    wait: ReplicaWait,
    args: readonly RedisArgument[],
    asking: boolean,
  ): Promise<RedisReply> {
    const written = asking ? link.sendAsking(args) : link.send(args);
    const replicated = this.#confirm(link, wait);
    const [reply] = await Promise.all([written, replicated]);
    return reply;
  }

  #confirm(link: Link, wait: ReplicaWait): Promise<void> {
    this.#shared ??= new Promise((resolve, reject) => {
      // After the turn, so that one WAIT stands behind all that was written in it.
      queueMicrotask(() => {
        this.#shared = null;
        link.send(['WAIT', String(wait.replicas), String(wait.timeoutMs)]).then((count) => {
          if (Number(count) >= wait.replicas) resolve();
          else reject(tooFewReplicas(this.name, Number(count), wait));
        }, reject);
      });
    });
    return this.#shared;
  }
}

function tooFewReplicas(name: string, count: number, wait: ReplicaWait): StoreUnreachableError {
  return new StoreUnreachableError(
    `${count} of ${wait.replicas} replicas of ${name} had the write within ${wait.timeoutMs} ms: check the replicas`,
  );
}
