/** Ports to real servers for tests: opened with options, closed when the test ends, and watched for what nobody handled. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach } from 'node:test';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { type RedisStoreOptions, resolveRedisOptions } from '../../src/stores/redis/options.ts';
import type { RedisPort, RedisScript, TrackingSink } from '../../src/stores/redis/port.ts';

/** Counts what a cache is told. */
export class CountingSink implements TrackingSink {
  readonly homes: number[] = [];
  flushes = 0;
  heardTimes = 0;
  trusted = false;
  invalidate(home: number): void {
    this.homes.push(home);
  }
  invalidateAll(): void {
    this.flushes++;
  }
  trust(): void {
    this.trusted = true;
  }
  distrust(): void {
    this.trusted = false;
  }
  heard(): void {
    this.heardTimes++;
  }
}

const open: RedisPort[] = [];

/** Connects; the port is closed when the test ends. */
export async function openPort(options: RedisStoreOptions, sink: TrackingSink | null = null): Promise<RedisPort> {
  const port = await connectRedis(resolveRedisOptions(options), sink, () => undefined);
  open.push(port);
  return port;
}

/** A script of a test's own. */
export function script(source: string, options: Partial<RedisScript> = {}): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex'), readOnly: false, ...options };
}

/** For each test file: closes the ports of each test, and fails when anything was left unhandled. */
export function watchPorts(): void {
  const unhandled: unknown[] = [];
  const remember = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', remember);
  afterEach(() => Promise.all(open.splice(0).map((port) => port.close())));
  after(() => {
    process.off('unhandledRejection', remember);
    assert.deepEqual(unhandled, []);
  });
}

/** What a failed call says; throws when it did not fail. */
export async function sentenceOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error);
    return `${error.code}: ${error.message}`;
  }
  throw new Error('it did not fail');
}
