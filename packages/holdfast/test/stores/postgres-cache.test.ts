/** The cache in process answers at once, and only what no other process has changed meanwhile. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { startCutProxy } from '../../../../test/services/cut-proxy.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import type { SessionRecord } from '../../src/core/record.ts';
import type { ReadResult } from '../../src/core/store.ts';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres.ts';
import { storeConformance } from '../../src/testing/index.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { harness, newSchema, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();

storeConformance(
  'postgres store with its cache: conformance',
  harness(server, () => ({}), {
    'second-handle': 'what another process wrote is seen when PostgreSQL has told of it, a few milliseconds later',
  }),
);

async function open(context: TestContext, options: Partial<PostgresStoreOptions>): Promise<PostgresStore> {
  const store = await postgresStore({ ...(options.pool === undefined ? { url: server.url } : {}), ...options });
  context.after(() => store.close());
  return store;
}

/** A record that lives by the real clock. */
function fresh(): SessionRecord {
  return sampleRecord({ expiresAt: Date.now() + 600_000 });
}

/** Reads until the answer comes from the cache. */
async function intoCache(store: PostgresStore, id: string): Promise<void> {
  await waitUntil('the cache answers', async () => {
    await store.read(id);
    return isAtOnce(store.read(id));
  });
}

function isAtOnce(answer: ReturnType<PostgresStore['read']>): answer is ReadResult {
  return 'status' in answer;
}

function hostAndPort(port: number): string {
  const url = new URL(server.url);
  url.port = String(port);
  return url.href;
}

test('what was read a moment ago is answered at once, without a promise, and nobody can change it', async (context) => {
  const store = await open(context, { schema: newSchema() });
  const record = { ...fresh(), data: { list: [1] } };
  await store.create(record);
  await intoCache(store, record.id);
  const answer = store.read(record.id) as ReadResult;
  assert.deepEqual(answer, { status: 'live', record });
  assert.ok(answer.status === 'live');
  assert.throws(() => (answer.record.data.list as unknown as number[]).push(2), TypeError);
});

test('what this process writes is not answered from before the write', async (context) => {
  const store = await open(context, { schema: newSchema() });
  for (let round = 0; round < 20; round++) {
    const record = fresh();
    await store.create(record);
    await intoCache(store, record.id);
    await store.update(record.id, { set: { round } });
    const updated = await store.read(record.id);
    assert.deepEqual(updated.status === 'live' && updated.record.data, { round });
    await intoCache(store, record.id);
    await store.touch(record.id, record.lastSeenAt + 7, record.expiresAt + 7);
    const touched = await store.read(record.id);
    assert.deepEqual(touched.status === 'live' && touched.record.expiresAt, record.expiresAt + 7);
    await store.take(record.id, { reason: 'signed-out', at: Date.now() });
    assert.equal((await store.read(record.id)).status, 'ended');
  }
});

test('each kind of write by another process is seen without asking, touches aside', async (context) => {
  const schema = newSchema();
  const [reader, writer] = [await open(context, { schema }), await open(context, { schema })];
  const tombstone = { reason: 'revoked', at: Date.now() } as const;
  const writes: Record<string, (record: SessionRecord) => PromiseLike<unknown> | unknown> = {
    update: ({ id }) => writer.update(id, { set: { a: 1 } }),
    take: ({ id }) => writer.take(id, tombstone),
    takeByUser: ({ userId }) => writer.takeByUser(userId as string, tombstone),
    delete: ({ id }) => writer.delete(id),
    bury: ({ id }) => writer.bury(id, tombstone),
    put: (record) => writer.put({ ...record, version: 9 }),
    move: (record) =>
      writer.move(record.id, {
        ifVersion: 1,
        next: { ...record, id: sampleRecord().id },
        pointerExpiresAt: Date.now() + 30_000,
      }),
    evict: () => writer.create(fresh(), { max: 1, onLimit: 'evict-oldest' }),
  };
  for (const [name, write] of Object.entries(writes)) {
    await writer.takeByUser('user-1', tombstone);
    const record = fresh();
    await reader.create(record);
    await intoCache(reader, record.id);
    await write(record);
    const expected = await writer.read(record.id);
    await waitUntil(`${name} is seen`, async () => {
      const seen = await reader.read(record.id);
      return JSON.stringify(seen) === JSON.stringify(expected);
    });
  }
  const record = fresh();
  await reader.create(record);
  await intoCache(reader, record.id);
  const { invalidations } = reader.cacheStats() ?? { invalidations: -1 };
  await writer.touch(record.id, record.lastSeenAt + 60_000, record.expiresAt);
  await writer.create({ ...fresh(), userId: 'somebody else' });
  assert.ok(isAtOnce(reader.read(record.id)));
  assert.equal(reader.cacheStats()?.invalidations, invalidations);
});

test('a read whose answer is on its way while the session ends is not kept', async (context) => {
  const schema = newSchema();
  const proxy = await startCutProxy({ host: server.host, port: server.port });
  context.after(() => proxy.stop());
  const writer = await open(context, { schema });
  // Notifications arrive directly, answers to reads late.
  const reader = await open(context, {
    url: hostAndPort(proxy.port),
    listenUrl: server.url,
    schema,
    maxConnections: 1,
  });
  const record = fresh();
  await writer.create(record);
  await reader.read(record.id);
  await waitUntil('the cache is in use', () => reader.cacheStats()?.trusted === true);
  await writer.update(record.id, { set: { again: true } });
  const before = await waitUntil('its own notification has come', () => reader.cacheStats()?.invalidations || false);
  proxy.delay(400);
  const asked = await server.sql('SELECT now()');
  const order: string[] = [];
  const slow = Promise.resolve(reader.read(record.id)).then((found) => {
    order.push('answered');
    return found;
  });
  // The server has carried the read out; its answer is still on the way.
  await waitUntil('the server has answered', async () => {
    const idle = `SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query LIKE 'SELECT%${schema}.sessions WHERE id%'
      AND query_start > '${asked}'`;
    return (await server.sql(idle)) !== '0';
  });
  await writer.take(record.id, { reason: 'revoked', at: Date.now() });
  await waitUntil('the end was told', () => (reader.cacheStats()?.invalidations ?? 0) > before);
  order.push('invalidated');
  assert.equal((await slow).status, 'live');
  assert.deepEqual(order, ['invalidated', 'answered']);
  await proxy.restore();
  assert.equal((await reader.read(record.id)).status, 'ended');
});

test('a cache that hears nothing any more is not asked, and is asked again once it hears', async (context) => {
  const schema = newSchema();
  const proxy = await startCutProxy({ host: server.host, port: server.port });
  context.after(() => proxy.stop());
  const writer = await open(context, { schema });
  const reader = await open(context, { listenUrl: hostAndPort(proxy.port), schema });
  const trouble: Record<string, () => Promise<void> | void> = { silent: proxy.blackhole, broken: proxy.cut };
  for (const [name, begin] of Object.entries(trouble)) {
    await waitUntil('the cache is in use', () => reader.cacheStats()?.trusted === true, { deadlineMs: 15_000 });
    const record = fresh();
    await writer.create(record);
    await intoCache(reader, record.id);
    await begin();
    await writer.take(record.id, { reason: 'revoked', at: Date.now() });
    const start = performance.now();
    await waitUntil(`the end is seen (${name})`, async () => (await reader.read(record.id)).status === 'ended');
    assert.ok(performance.now() - start < 1500, 'within the second for which silence is trusted');
    await proxy.restore();
  }
  await waitUntil('the cache is in use', () => reader.cacheStats()?.trusted === true, { deadlineMs: 15_000 });
});

test("with the application's pool one of its connections listens, and all are given back", async (context) => {
  const pool = new pg.Pool({ connectionString: server.url, max: 3 });
  context.after(() => pool.end());
  const schema = newSchema();
  const store = await postgresStore({ pool, schema });
  const record = fresh();
  await store.create(record);
  await intoCache(store, record.id);
  assert.equal((await pool.query('SELECT 1 AS one')).rows[0].one, 1);
  await store.close();
  await waitUntil('nothing is on loan', () => pool.totalCount === pool.idleCount);
  assert.equal((await pool.query('SELECT 2 AS two')).rows[0].two, 2);
  assert.equal(pool.listenerCount('error'), 0);
});

test('in an outage the last known session is handed out for as long as was chosen, and never one that changed', async (context) => {
  const proxy = await startCutProxy({ host: server.host, port: server.port });
  context.after(() => proxy.stop());
  const schema = newSchema();
  const options = { url: hostAndPort(proxy.port), schema };
  const careful = await open(context, options);
  const lenient = await open(context, { ...options, cache: { staleIfErrorSeconds: 60 } });
  const [kept, written] = [fresh(), { ...fresh(), userId: 'another', id: sampleRecord({ userId: 'another' }).id }];
  for (const record of [kept, written]) {
    await lenient.create(record);
    for (const store of [careful, lenient]) await intoCache(store, record.id);
  }
  await proxy.cut();
  await assert.rejects(async () => lenient.update(written.id, { set: { a: 1 } }), { code: 'store-unreachable' });
  assert.deepEqual(lenient.lastKnown?.(kept.id), kept);
  assert.equal(lenient.lastKnown?.(written.id), undefined, 'nobody knows whether the update was carried out');
  assert.equal(careful.lastKnown?.(kept.id), undefined);
});
