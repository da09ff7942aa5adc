/** What concerns all sessions of a user holds also while one of them is moving to a new id. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SessionRecord } from '../../src/core/record.ts';
import type { MoveResult } from '../../src/core/store.ts';
import { type PostgresStore, postgresStore } from '../../src/stores/postgres.ts';
import { sampleId, sampleRecord } from '../../src/testing/store/sample-record.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';

const ROUNDS = 80;
const server = await ownServer();
const schema = newSchema();
const [one, other] = [await open(), await open()];
let user = 0;

async function open(): Promise<PostgresStore> {
  const store = await postgresStore({ url: server.url, schema, cache: false, maxConnections: 4 });
  after(() => store.close());
  return store;
}

function newUser(): string {
  user++;
  return `racer-${user}`;
}

async function start(userId: string): Promise<SessionRecord> {
  const record = sampleRecord({ userId, expiresAt: Date.now() + 600_000 });
  await one.create(record);
  return record;
}

async function moved(store: PostgresStore, record: SessionRecord): Promise<MoveResult> {
  const next = { ...record, id: sampleId(record.userId), version: record.version + 1 };
  return store.move(record.id, { ifVersion: record.version, next, pointerExpiresAt: Date.now() + 30_000 });
}

test('whoever signs out everywhere is signed out everywhere, also of sessions that move meanwhile', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const userId = newUser();
    const sessions = [await start(userId), await start(userId), await start(userId)];
    const tombstone = { reason: 'revoked', at: Date.now() } as const;
    await Promise.all([
      ...sessions.map((record, n) => moved(n % 2 === 0 ? one : other, record)),
      other.takeByUser(userId, tombstone),
    ]);
    assert.deepEqual(await one.listByUser(userId), [], `round ${round}`);
  }
});

test('the session that is kept is kept while it moves', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const userId = newUser();
    const [kept, ended] = [await start(userId), await start(userId)];
    const tombstone = { reason: 'revoked', at: Date.now() } as const;
    const [move] = await Promise.all([moved(one, kept), other.takeByUser(userId, tombstone, kept.id)]);
    assert.equal(move.status, 'moved');
    assert.equal((await one.read(ended.id)).status, 'ended');
    assert.equal((await one.listByUser(userId)).length, 1, `round ${round}`);
  }
});

test('a limit holds while sessions move', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const userId = newUser();
    const sessions = [await start(userId), await start(userId)];
    const fresh = sampleRecord({ userId, expiresAt: Date.now() + 600_000 });
    await Promise.all([
      ...sessions.map((record) => moved(one, record)),
      other.create(fresh, { max: 2, onLimit: 'evict-oldest' }),
    ]);
    assert.equal((await one.listByUser(userId)).length, 2, `round ${round}`);
  }
});
