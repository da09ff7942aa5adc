/** A client, cluster or sentinel that the application made: used as it is, and not closed. */
import { closedFailure, redisErrorCode, toUnreachable } from './failure.ts';
import {
  COMMAND_OPTIONS,
  type GivenRedisClient,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
} from './node-redis.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript, RedisServer } from './port.ts';

const NAME = "the server of the application's Redis client";

/** Sends one command whose keys are in the slot of `key`. */
type Send = (key: string, args: readonly RedisArgument[]) => Promise<unknown>;

export function isNodeRedisCluster(client: GivenRedisClient): client is NodeRedisCluster {
  return 'masters' in client && 'nodeClient' in client;
}

export function isNodeRedisSentinel(client: GivenRedisClient): client is NodeRedisSentinel {
  return 'getSentinelNode' in client;
}

/** Whether it is a connection to one server, of which more can be made. */
export function isNodeRedisClient(client: GivenRedisClient): client is NodeRedisClient {
  return 'duplicate' in client && !isNodeRedisCluster(client) && !isNodeRedisSentinel(client);
}

/** What clients, clusters and sentinels of node-redis tell when a connection of theirs was lost. */
const LOSSES = ['reconnecting', 'end', 'node-reconnecting', 'node-disconnect', 'client-error'] as const;

/**
 * Nothing is read from replicas: they may not have heard of a sign-out yet. `interrupted` is called for every loss of a
 * connection that the client tells of.
 */
export function openGiven(client: GivenRedisClient, interrupted: () => void): RedisPort {
  for (const event of LOSSES) client.on(event, interrupted);
  const forget = (): void => {
    for (const event of LOSSES) client.off(event, interrupted);
  };
  if (isNodeRedisCluster(client)) {
    return new GivenPort(
      (key, args) => client.sendCommand(key, false, args, COMMAND_OPTIONS),
      async () => Promise.all(client.masters.map((node) => client.nodeClient(node))),
      forget,
    );
  }
  if (isNodeRedisSentinel(client)) {
    const send: Send = (_key, args) => client.sendCommand(false, args, COMMAND_OPTIONS);
    return new GivenPort(send, async () => [{ sendCommand: (args) => send('', args) }], forget);
  }
  return new GivenPort(
    (_key, args) => client.sendCommand(args, COMMAND_OPTIONS),
    async () => [client],
    forget,
  );
}

class GivenPort implements RedisPort {
  readonly name: string = NAME;
  readonly #send: Send;
  readonly #primaries: () => Promise<readonly Pick<NodeRedisClient, 'sendCommand'>[]>;
  readonly #forget: () => void;
  #closed = false;

  constructor(
    send: Send,
    primaries: () => Promise<readonly Pick<NodeRedisClient, 'sendCommand'>[]>,
    forget: () => void,
  ) {
    this.#send = send;
    this.#primaries = primaries;
    this.#forget = forget;
  }

  async send(key: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    if (this.#closed) throw closedFailure(NAME);
    try {
      return (await this.#send(key, args)) as RedisReply;
    } catch (error) {
      throw toUnreachable(error, NAME);
    }
  }

  async run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    const suffix = script.readOnly ? '_RO' : '';
    const key = keys[0] ?? '';
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send(key, [`EVALSHA${suffix}`, script.sha1, ...rest]);
    } catch (error) {
      if (redisErrorCode(error) !== 'NOSCRIPT') throw error;
      return this.send(key, [`EVAL${suffix}`, script.source, ...rest]);
    }
  }

  async primaries(): Promise<readonly RedisServer[]> {
    if (this.#closed) throw closedFailure(NAME);
    const clients = await this.#primaries();
    return clients.map((client, index) => ({
      name: clients.length === 1 ? NAME : `${NAME} (node ${index + 1})`,
      send: (args) => client.sendCommand(args, COMMAND_OPTIONS) as Promise<RedisReply>,
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#forget();
  }
}
