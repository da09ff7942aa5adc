/** One server, found under one address. */
import { redisErrorCode, toUnreachable } from './failure.ts';
import { type Dial, RedisNode } from './node.ts';
import type { ReplicaWait } from './options.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript, RedisServer } from './port.ts';
import type { Tracking } from './tracking.ts';

/** A connection that is younger leads to where a new one would. */
const REDIAL_MS = 1000;

export interface SingleOptions {
  readonly name: string;
  readonly dial: Dial;
  readonly tracking: Tracking | null;
  readonly wait: ReplicaWait | null;
}

/** Resolves once connected; rejects with what the first attempt failed with. */
export async function openSingle(options: SingleOptions): Promise<RedisPort> {
  const { name, dial, tracking, wait } = options;
  const node = new RedisNode(dial, tracking?.events ?? {}, wait);
  tracking?.add(node.link);
  try {
    await node.open();
  } catch (error) {
    node.close();
    throw error;
  }
  return new SinglePort(name, node);
}

class SinglePort implements RedisPort {
  readonly name: string;
  readonly #node: RedisNode;

  constructor(name: string, node: RedisNode) {
    this.name = name;
    this.#node = node;
  }

  send(_key: string, args: readonly RedisArgument[], readOnly: boolean): Promise<RedisReply> {
    return (readOnly ? this.#node.read(args) : this.#node.send(args)).catch(this.#fail);
  }

  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#node.run(script, keys, args, false).catch(this.#fail);
  }

  readonly #fail = (error: unknown): never => {
    const failure = toUnreachable(error, this.#node.name);
    // It became a replica, and the address may lead to its successor by now: to a new connection, not to this one.
    if (redisErrorCode(error) === 'READONLY' && this.#node.link.upForMs > REDIAL_MS) this.#node.reset(failure);
    throw failure;
  };

  async primaries(): Promise<readonly RedisServer[]> {
    if (!this.#node.link.isUp) throw this.#node.link.lastError;
    return [this.#node];
  }

  async close(): Promise<void> {
    this.#node.close();
  }
}
