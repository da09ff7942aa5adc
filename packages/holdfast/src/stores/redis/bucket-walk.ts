/** What looks at every bucket: count, sweep and scan. They go by number, so SCAN is not needed. */
import type { Clock } from '../../core/crypto.ts';
import { expiryReason } from '../../core/record.ts';
import { HOMES } from '../../core/session-id.ts';
import type { ExpiredSession, StoreCounts, Swept } from '../../core/store.ts';
import type { ScanBatch, StoredEntry } from '../../core/transfer.ts';
import { bucketOf, DUE_FIELD, FIELD_BYTES, idOfField } from './bucket.ts';
import { decodeStored } from './decode-record.ts';
import { BucketFinder, CHUNK, orNull } from './find-buckets.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript } from './port.ts';
import { toBytes, toList, toRecords } from './replies.ts';
import { COUNT_BY_KEY } from './scripts/count-by-key.ts';
import { SCAN } from './scripts/scan.ts';
import { SWEEP } from './scripts/sweep.ts';

/** How many buckets are worked on at once: enough to hide the way there, and few beside what requests send. */
const AT_ONCE = 64;
/** How long a sweep goes on; the next one goes on from there. */
const SWEEP_MS = 500;

export class BucketWalk {
  readonly #port: RedisPort;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #finder: BucketFinder;
  /** The home at which the next sweep begins. */
  #swept = 0;

  constructor(port: RedisPort, prefix: string, clock: Clock) {
    this.#port = port;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#finder = new BucketFinder(port, prefix);
  }

  async count(): Promise<StoreCounts> {
    const now = String(this.#now());
    const byKey = new Map<string, number>();
    let sessions = 0;
    const add = (list: readonly RedisReply[]): void => {
      sessions += Number(list[0]);
      for (let i = 1; i < list.length; i += 2) {
        const key = String(list[i]);
        byKey.set(key, (byKey.get(key) ?? 0) + Number(list[i + 1]));
      }
    };
    const all = (await this.#finder.homesOfFew(false)) ?? range(0, HOMES);
    for (let first = 0; first < all.length; first += CHUNK) {
      const homes = await this.#finder.find(all.slice(first, first + CHUNK));
      for (let at = 0; at < homes.length; at += AT_ONCE) {
        const lists = await this.#runAll(COUNT_BY_KEY, homes.slice(at, at + AT_ONCE), [now]);
        for (const list of lists) if (list !== null) add(list);
      }
    }
    return { sessions, byKey: Object.fromEntries(byKey) };
  }

  async sweep(limit: number): Promise<Swept> {
    const now = this.#now();
    const until = performance.now() + SWEEP_MS;
    const expired: ExpiredSession[] = [];
    let removed = 0;
    const homes = from(this.#swept, (await this.#finder.homesOfFew(true)) ?? range(0, HOMES));
    for (let at = 0; at < homes.length && removed < limit && performance.now() < until; at += CHUNK) {
      const chunk = homes.slice(at, at + CHUNK);
      let due = await this.#finder.find(chunk, now);
      while (due.length > 0 && removed < limit) {
        // Each gets a share of what may still be removed, so that together they never exceed it.
        const batch = due.slice(0, Math.min(AT_ONCE, limit - removed));
        const share = Math.floor((limit - removed) / batch.length);
        const sweeps = await Promise.all(batch.map((home) => this.#sweepOne(home, now, share)));
        for (const swept of sweeps) {
          removed += swept.removed;
          expired.push(...swept.expired);
        }
        due = [...due.slice(batch.length), ...batch.filter((_, i) => sweeps[i]?.hasMore)];
      }
      this.#swept = due[0] ?? ((chunk.at(-1) ?? 0) + 1) % HOMES;
    }
    return { removed, expired };
  }

  async scan(cursor: string | null, limit: number): Promise<ScanBatch> {
    const now = this.#now();
    const entries: StoredEntry[] = [];
    let undecodable = 0;
    let next = Math.max(0, Math.floor(Number(cursor ?? 0)) || 0);
    while (next < HOMES && entries.length < limit) {
      const first = next;
      const homes = await this.#finder.find(range(first, Math.min(CHUNK, HOMES - first)));
      next = Math.min(first + CHUNK, HOMES);
      for (let at = 0, width = 1; at < homes.length; width = Math.min(2 * width, AT_ONCE)) {
        const batch = homes.slice(at, at + width);
        at += batch.length;
        for (const [i, list] of (await this.#runAll(SCAN, batch, [])).entries()) {
          undecodable += list === null ? 1 : addEntries(entries, list, batch[i] ?? 0, now);
          if (entries.length < limit) continue;
          return { entries, undecodable, next: nextAfter(batch[i] ?? 0) };
        }
      }
    }
    return { entries, undecodable, next: next < HOMES ? String(next) : null };
  }

  async #sweepOne(home: number, now: number, limit: number): Promise<Swept & { readonly hasMore: boolean }> {
    const list = await this.#run(SWEEP, home, [String(now), String(limit)]);
    if (list === null) return { removed: 0, expired: [], hasMore: false };
    const expired = toRecords(list, 2, home, Number.NEGATIVE_INFINITY).map(
      ({ id, userId, expiresAt, absoluteExpiresAt }): ExpiredSession => ({
        id,
        userId,
        reason: expiryReason(expiresAt, absoluteExpiresAt),
        at: expiresAt,
      }),
    );
    return { removed: Number(list[0]), expired, hasMore: Number(list[1]) === 1 };
  }

  /** Null where a key of the bucket holds something else than a hash. */
  async #run(script: RedisScript, home: number, args: readonly RedisArgument[]): Promise<readonly RedisReply[] | null> {
    const { sessions, touches, extras } = bucketOf(this.#prefix, home);
    const reply = await orNull(this.#port.run(script, [sessions, touches, extras], args));
    return reply === null ? null : toList(reply);
  }

  #runAll(
    script: RedisScript,
    homes: readonly number[],
    args: readonly RedisArgument[],
  ): Promise<readonly (readonly RedisReply[] | null)[]> {
    return Promise.all(homes.map((home) => this.#run(script, home, args)));
  }

  #now(): number {
    return Math.floor(this.#clock());
  }
}

function range(first: number, length: number): number[] {
  return Array.from({ length }, (_, n) => first + n);
}

/** The homes in order, beginning with the first that is not below `start`. */
function from(start: number, homes: readonly number[]): readonly number[] {
  return [...homes.filter((home) => home >= start), ...homes.filter((home) => home < start)];
}

/** The cursor behind a home. */
function nextAfter(home: number): string | null {
  return home + 1 < HOMES ? String(home + 1) : null;
}

/** Adds what is kept in a bucket; answers how many things could not be read. */
function addEntries(entries: StoredEntry[], list: readonly RedisReply[], home: number, now: number): number {
  const [heads = [], touches, extras] = list;
  const touchOf = toMap(touches);
  const extrasOf = toMap(extras);
  let undecodable = 0;
  const pairs = toList(heads);
  for (let i = 0; i < pairs.length; i += 2) {
    const field = toBytes(pairs[i]);
    if (field === null || field.equals(DUE)) continue;
    if (field.length !== FIELD_BYTES) {
      undecodable++;
      continue;
    }
    const id = idOfField(home, field);
    const key = field.toString('latin1');
    const stored = { head: toBytes(pairs[i + 1]), touch: touchOf.get(key) ?? null, extras: extrasOf.get(key) ?? null };
    const found = decodeStored(id, stored, now);
    if (found.status === 'live') entries.push({ id, record: found.record });
    else if (found.status === 'ended') entries.push({ id, tombstone: found.tombstone });
    else if (found.status === 'undecodable') undecodable++;
  }
  return undecodable;
}

const DUE = Buffer.from(DUE_FIELD);

function toMap(reply: RedisReply | undefined): ReadonlyMap<string, Buffer> {
  const map = new Map<string, Buffer>();
  const list = toList(reply ?? []);
  for (let i = 0; i < list.length; i += 2) {
    const [field, value] = [toBytes(list[i]), toBytes(list[i + 1])];
    if (field !== null && value !== null) map.set(field.toString('latin1'), value);
  }
  return map;
}
