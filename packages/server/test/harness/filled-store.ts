/** Directories with sessions in them, for commands that copy sessions. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { SessionRecord, StoredEntry, TransferableStore } from 'holdfast';
import { sqliteStore } from 'holdfast/stores/sqlite';

/** A directory that goes with the test. */
export function workDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-copies-'));
  test.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A store of SQLite in a directory of its own below the one given. */
export function sqliteIn(test: TestContext, directory: string, name: string): TransferableStore & { path: string } {
  const path = join(directory, name);
  mkdirSync(path, { mode: 0o700, recursive: true });
  const store = sqliteStore({ directory: path });
  test.after(() => store.close());
  return Object.assign(store, { path });
}

/** Puts in so many sessions, each of another person; every tenth has ended. */
export async function fill(store: TransferableStore, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const record = session(n);
    await store.put(record);
    if (n % 10 === 0 && n < 500) await store.take(record.id, { reason: 'signed-out', at: Date.now() });
  }
}

/** Everything that a store holds, in the order of ids. */
export async function contentsOf(store: TransferableStore): Promise<readonly StoredEntry[]> {
  const found = new Map<string, StoredEntry>();
  let cursor: string | null = null;
  do {
    const batch = await store.scan(cursor, 1000);
    for (const entry of batch.entries) found.set(entry.id, entry);
    cursor = batch.next;
  } while (cursor !== null);
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A session of today. Without a user its id may be any. */
export function session(n: number): SessionRecord {
  const now = Date.now();
  return {
    id: randomBytes(16).toString('base64url'),
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    amr: [],
    idleSeconds: 86_400,
    absoluteExpiresAt: now + 86_400_000,
    lastSeenAt: now,
    expiresAt: now + 86_400_000,
    device: { userAgent: `Browser/${n}` },
    data: { visitor: randomUUID() },
    generation: 0,
    confirmedIssuedAt: Math.floor(now / 1000),
    keyId: '0a1b2c3d',
    previousKeyId: null,
    movedTo: null,
  };
}
