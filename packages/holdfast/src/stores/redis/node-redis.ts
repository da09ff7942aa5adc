/** What is used of the package `redis` (node-redis 6), described by shape so that it stays an optional peer. */
import { HoldfastError } from '../../core/errors.ts';
import type { RedisArgument } from './port.ts';

/** How one command's answer is decoded, and for how long it may wait to be written. */
export interface NodeRedisCommandOptions {
  /** RESP type (its first byte) → constructor of what it is decoded to. */
  readonly typeMapping?: Readonly<Record<number, unknown>>;
  /** Undefined switches off the timer that node-redis otherwise starts for each command. */
  readonly timeout?: number | undefined;
  /** Commands of one chain are written one right after the other. */
  readonly chainId?: symbol;
}

/** What all of them tell. */
interface Emitter {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
}

/** A connection that reads from one server. */
export interface NodeRedisClient extends Emitter {
  /** What it was made with. */
  readonly options?: { readonly socket?: object };
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  duplicate(overrides: Readonly<Record<string, unknown>>): NodeRedisClient;
  sendCommand(args: readonly RedisArgument[], options?: NodeRedisCommandOptions): Promise<unknown>;
}

/** What `createCluster` of node-redis makes. */
export interface NodeRedisCluster extends Emitter {
  readonly isOpen: boolean;
  readonly masters: readonly unknown[];
  nodeClient(node: unknown): NodeRedisClient | Promise<NodeRedisClient>;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: readonly RedisArgument[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
}

/** What `createSentinel` of node-redis makes. */
export interface NodeRedisSentinel extends Emitter {
  readonly isOpen: boolean;
  getSentinelNode(): unknown;
  sendCommand(
    isReadonly: boolean | undefined,
    args: readonly RedisArgument[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
}

/** One of the three, made and connected by the application. */
export type GivenRedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/** `$`, a bulk string, comes as a Buffer; `%`, a map, as a flat list. */
const BULK_STRING = 36;
const MAP = 37;

/** Answers as `RedisReply` promises them, and no timer for each command: the engine keeps the deadline. */
export const COMMAND_OPTIONS: NodeRedisCommandOptions = {
  typeMapping: { [BULK_STRING]: Buffer, [MAP]: Array },
  timeout: undefined,
};

/** Of every connection of ours. */
export const OWN_OPTIONS: Readonly<Record<string, unknown>> = {
  RESP: 3,
  // A command that waits for a connection would be carried out after its caller was told that it failed.
  disableOfflineQueue: true,
  maintNotifications: 'disabled',
  disableClientInfo: true,
  commandOptions: COMMAND_OPTIONS,
};

/**
 * A client to duplicate for each connection: `createClient` builds a class of several hundred methods for each new
 * configuration, and keeps a copy of the configuration, so it gets one without any secret.
 */
export async function loadNodeRedis(): Promise<NodeRedisClient> {
  const { createClient } = await importRedis();
  return createClient(OWN_OPTIONS);
}

interface RedisModule {
  createClient(options: Readonly<Record<string, unknown>>): NodeRedisClient;
}

async function importRedis(): Promise<RedisModule> {
  try {
    return (await import('redis')) as unknown as RedisModule;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new HoldfastError('store-unusable', 'the redis store needs the package redis: npm install redis', {
      cause: error,
    });
  }
}
