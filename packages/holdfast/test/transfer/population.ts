/** Fills stores with everything that a store can hold, and compares what two of them hold. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SessionRecord } from '../../src/core/record.ts';
import { newSessionId } from '../../src/core/session-id.ts';
import type { StoredEntry, TransferableStore } from '../../src/core/transfer.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

/** The n-th of many records, each different from the one before in many ways. */
export function variedRecord(n: number): SessionRecord {
  return sampleRecord({
    userId: n % 11 === 0 ? null : `user-${n % 37}`,
    version: 1 + (n % 5),
    generation: n % 9,
    amr: n % 2 === 0 ? ['pwd'] : ['pwd', 'otp'],
    device: n % 3 === 0 ? {} : { userAgent: `Browser/${n} “ü”`, ip: `192.0.2.${n % 250}` },
    data: n % 4 === 0 ? {} : { cart: [n, null, { deep: `é\u0000${n}` }], flag: n % 2 === 0 },
    previousKeyId: n % 7 === 0 ? 'feedbeef' : null,
    lastSeenAt: START - (n % 500) * 1000,
    // Every 13th is over, but a store still hands it out.
    expiresAt: n % 13 === 0 ? START - 1000 : START + 3600_000 + n,
  });
}

/** Puts in n records; every fifth has ended, and every 17th has moved to a new id. */
export async function populate(store: TransferableStore, n: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let i = 0; i < n; i++) {
    const record = variedRecord(i);
    await store.put(record);
    ids.push(record.id);
    if (i % 5 === 0) await store.take(record.id, { reason: 'signed-out', at: START - i });
    else if (i % 17 === 0) {
      const next = { ...record, id: nextIdOf(record), version: record.version + 1 };
      await store.move(record.id, { ifVersion: record.version, next, pointerExpiresAt: START + 30_000 });
      ids.push(next.id);
    }
  }
  return ids;
}

/** An id that this session could be moved to. */
export function nextIdOf({ userId, id }: SessionRecord): string {
  return newSessionId(randomBytes(16), userId, id);
}

/** Everything that a store hands out, by id. */
export async function contents(store: TransferableStore): Promise<ReadonlyMap<string, StoredEntry>> {
  const found = new Map<string, StoredEntry>();
  let cursor: string | null = null;
  do {
    const batch = await store.scan(cursor, 1000);
    for (const entry of batch.entries) found.set(entry.id, entry);
    cursor = batch.next;
  } while (cursor !== null);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Fails unless both hold the same. */
export async function assertSame(left: TransferableStore, right: TransferableStore): Promise<void> {
  assert.deepEqual(await contents(left), await contents(right));
}

/** Numbers in [0, 1) that are the same in every run with the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
