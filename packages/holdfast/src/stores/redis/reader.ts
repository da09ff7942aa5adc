/**
 * The hot path. What the cache knows is answered at once, without a promise; else the head alone is asked for, which says
 * everything about a lean session; and all that lies under the id only where the head says that there is more, or where a
 * touch that is kept apart could matter.
 */
import type { Clock } from '../../core/crypto.ts';
import { homeOfId } from '../../core/session-id.ts';
import type { Awaitable, ReadResult, Undecodable } from '../../core/store.ts';
import { isFresh } from '../cache/is-fresh.ts';
import type { RecordCache } from '../cache/record-cache.ts';
import { type Bucket, bucketOf, fieldOfId, sessionsKey } from './bucket.ts';
import { ABSENT, decodeStored, isLean } from './decode-record.ts';
import { redisErrorCode } from './failure.ts';
import { KIND_RECORD } from './layout.ts';
import type { RedisPort } from './port.ts';
import { toBytes, toList, toStored } from './replies.ts';
import { READ_FULL } from './scripts/read-full.ts';

export interface ReaderParts {
  readonly port: RedisPort;
  readonly prefix: string;
  readonly clock: Clock;
  readonly cache: RecordCache | null;
}

/** How far {@link Reader} may go towards "the head is not enough" or "it is", so that a few others change nothing. */
const SURE = 16;

export class Reader {
  readonly #port: RedisPort;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #cache: RecordCache | null;
  /** Above 0, the head was mostly not enough of late: then all is asked for at once. */
  #usual = -SURE;

  constructor({ port, prefix, clock, cache }: ReaderParts) {
    this.#port = port;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#cache = cache;
  }

  read(id: string): Awaitable<ReadResult> {
    const now = this.#clock();
    const cached = this.#cache?.get(id);
    // Only "signed in" is said from memory. Where the times are due, another process may have moved them.
    if (cached !== undefined && isFresh(cached.record, now)) return cached;
    const field = fieldOfId(id);
    return field === null ? ABSENT : this.#ask(id, field, now);
  }

  async #ask(id: string, field: Buffer, now: number): Promise<ReadResult> {
    const ticket = this.#cache?.ticket(id) ?? 0;
    let result: ReadResult;
    try {
      result = await (this.#usual > 0 ? this.#askAll(id, field, now) : this.#askHead(id, field, now));
    } catch (error) {
      if (redisErrorCode(error) === 'WRONGTYPE') return WRONG_TYPE;
      throw error;
    }
    if (result.status === 'live') this.#cache?.keep(result, ticket);
    return result;
  }

  async #askHead(id: string, field: Buffer, now: number): Promise<ReadResult> {
    const key = sessionsKey(this.#prefix, homeOfId(id));
    const head = toBytes(await this.#port.send(key, ['HGET', key, field], true));
    if (head === null) return ABSENT;
    if (isLean(head)) {
      const result = decodeStored(id, { head, touch: null, extras: null }, now);
      const isEnough = result.status === 'live' ? isFresh(result.record, now) : head[0] !== KIND_RECORD;
      if (isEnough || result.status === 'undecodable') {
        if (this.#usual > -SURE) this.#usual--;
        return result;
      }
    }
    return this.#askAll(id, field, now);
  }

  async #askAll(id: string, field: Buffer, now: number): Promise<ReadResult> {
    const { sessions, touches, extras }: Bucket = bucketOf(this.#prefix, homeOfId(id));
    const reply = toList(await this.#port.run(READ_FULL, [sessions, touches, extras], [String(now), field]));
    const stored = toStored(reply, 0);
    const wasNeeded = stored.touch !== null || stored.extras !== null;
    if (wasNeeded && this.#usual < SURE) this.#usual++;
    else if (!wasNeeded && this.#usual > -SURE) this.#usual--;
    return decodeStored(id, stored, now);
  }
}

/** The answer where a key of ours holds something else than a hash. */
export const WRONG_TYPE: Undecodable = Object.freeze({
  status: 'undecodable',
  detail: 'a key of ours in Redis holds something of another type',
});
