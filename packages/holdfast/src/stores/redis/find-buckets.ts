/** Finds the buckets that are worth a call of their own, so that walking over a small database costs little. */
import { HOMES } from '../../core/session-id.ts';
import { DUE_FIELD, sessionsKey } from './bucket.ts';
import { redisErrorCode, toUnreachable } from './failure.ts';
import type { RedisPort, RedisReply, RedisServer } from './port.ts';
import { toBytes, toList } from './replies.ts';
import { FIND_BUCKETS } from './scripts/find-buckets.ts';

/** How many buckets are asked about at once. Divides HOMES. */
export const CHUNK = 512;
/**
 * How many of them are in one call. On a connection that tracks, Redis 7.0 notes all keys of a script at each command in
 * it, so the work grows with the square of this.
 */
const KEYS_IN_A_CALL = 16;
/** With fewer keys than this in all, reading their names is less work than asking for each home. */
const FEW_KEYS = HOMES / 2;

export class BucketFinder {
  readonly #port: RedisPort;
  readonly #prefix: string;
  /** Whether homes are on different servers, so that each has to be asked about by itself; null: not known yet. */
  #isSpread: boolean | null = null;

  constructor(port: RedisPort, prefix: string) {
    this.#port = port;
    this.#prefix = prefix;
  }

  /** Those of the homes that hold something; with `now`, in which something is due for sweeping. */
  async find(homes: readonly number[], now?: number): Promise<readonly number[]> {
    if (await this.#spread()) {
      const isWorth = await Promise.all(
        homes.map((home) => (now === undefined ? this.#isThere(home) : this.#isDue(home, now))),
      );
      return homes.filter((_, i) => isWorth[i]);
    }
    const found: Promise<readonly number[]>[] = [];
    for (let at = 0; at < homes.length; at += KEYS_IN_A_CALL) {
      found.push(this.#findTogether(homes.slice(at, at + KEYS_IN_A_CALL), now));
    }
    return (await Promise.all(found)).flat();
  }

  /**
   * All homes that hold something, in order, where that is quickly said because there are few keys; null elsewhere. On a
   * Cluster a home whose slot is on its way to another server may be missing, which `mayMiss` allows.
   */
  async homesOfFew(mayMiss: boolean): Promise<readonly number[] | null> {
    if (!mayMiss && (await this.#spread())) return null;
    try {
      const servers = await this.#port.primaries();
      const sizes = await Promise.all(servers.map((server) => server.send(['DBSIZE'])));
      if (sizes.reduce<number>((sum, size) => sum + Number(size), 0) > FEW_KEYS) return null;
      const homes = (await Promise.all(servers.map((server) => this.#scanServer(server)))).flat();
      return [...new Set(homes)].sort((a, b) => a - b);
    } catch (error) {
      // Not allowed to (ACL), perhaps: then each home is asked about.
      if (redisErrorCode(error) !== null) return null;
      throw toUnreachable(error, this.#port.name);
    }
  }

  async #scanServer(server: RedisServer): Promise<number[]> {
    const start = `${this.#prefix}:s:{`;
    const pattern = `${start.replace(/[\\*?[\]]/g, '\\$&')}*`;
    const homes: number[] = [];
    let cursor = '0';
    do {
      const [next, keys] = toList(await server.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000']));
      cursor = String(next);
      for (const key of toList(keys ?? [])) {
        const home = Number(String(key).slice(start.length, -1));
        if (Number.isInteger(home) && home >= 0 && home < HOMES) homes.push(home);
      }
    } while (cursor !== '0');
    return homes;
  }

  async #spread(): Promise<boolean> {
    if (this.#isSpread !== null) return this.#isSpread;
    try {
      await this.#findTogether([0, 1], undefined);
      this.#isSpread = false;
    } catch (error) {
      if (redisErrorCode(error) !== 'CROSSSLOT') throw error;
      this.#isSpread = true;
    }
    return this.#isSpread;
  }

  async #findTogether(homes: readonly number[], now: number | undefined): Promise<readonly number[]> {
    const keys = homes.map((home) => sessionsKey(this.#prefix, home));
    const reply = await this.#port.run(FIND_BUCKETS, keys, [now === undefined ? '' : String(now)]);
    return toList(reply).flatMap((place) => homes[Number(place) - 1] ?? []);
  }

  async #isThere(home: number): Promise<boolean> {
    const key = sessionsKey(this.#prefix, home);
    return (await orNull(this.#port.send(key, ['HLEN', key], true))) !== 0;
  }

  async #isDue(home: number, now: number): Promise<boolean> {
    const key = sessionsKey(this.#prefix, home);
    const due = toBytes(await orNull(this.#port.send(key, ['HGET', key, DUE_FIELD], true)));
    return due !== null && !(Number(due.toString()) > now);
  }
}

/** The reply, or null where a key holds something of another type: what is there is not ours to touch. */
export async function orNull(reply: Promise<RedisReply>): Promise<RedisReply> {
  try {
    return await reply;
  } catch (error) {
    if (redisErrorCode(error) === 'WRONGTYPE') return null;
    throw error;
  }
}
