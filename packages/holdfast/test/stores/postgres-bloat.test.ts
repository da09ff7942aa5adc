/** Sessions that come, are used and go leave the table about as large as it was. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { RETENTION_MS, TOMBSTONE_MS } from '../../src/core/record.ts';
import { type PostgresStore, postgresStore } from '../../src/stores/postgres.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';

// Vacuums as a server does in an hour and not in a second: the test says when.
const server = await ownServer({ settings: { autovacuum: 'off' } });

async function open(context: TestContext, time: { now: number }): Promise<{ store: PostgresStore; table: string }> {
  const schema = newSchema();
  const store = await postgresStore({ url: server.url, schema, cache: false, clock: () => time.now });
  context.after(() => store.close());
  return { store, table: `${schema}.sessions` };
}

/** Of the table's updates; connections report theirs when they are closed at the latest. */
async function figures(store: PostgresStore, table: string): Promise<{ updates: number; hot: number }> {
  await store.close();
  const columns = 'sum(pg_stat_get_tuples_updated(oid)), sum(pg_stat_get_tuples_hot_updated(oid))';
  const row = await server.sql(`SELECT ${columns} FROM pg_class WHERE oid = '${table}'::regclass`);
  const [updates = 0, hot = 0] = row.split('|').map(Number);
  return { updates, hot };
}

async function size(table: string): Promise<number> {
  return Number(await server.sql(`SELECT pg_total_relation_size('${table}')`));
}

test('using sessions touches no index: nearly every touch finds room on its page', async (context) => {
  const time = { now: START };
  const { store, table } = await open(context, time);
  const records = Array.from({ length: 200 }, (_, n) => sampleRecord({ userId: `user-${n % 50}`, data: { n } }));
  for (const record of records) await store.create(record);
  const rounds = 12;
  for (let round = 1; round <= rounds; round++) {
    time.now += 60_000;
    await Promise.all(records.map((record) => store.touch(record.id, time.now, time.now + 3_600_000)));
  }
  const seen = await waitUntil('the connections are closed', async () => {
    const now = await figures(store, table);
    return now.updates >= rounds * records.length && now;
  });
  assert.equal(seen.updates, rounds * records.length);
  assert.ok(seen.hot / seen.updates > 0.9, `${seen.hot} of ${seen.updates}`);
  const indexes = Number(await server.sql(`SELECT pg_indexes_size('${table}')`));
  assert.ok(indexes <= 8 * 8192, `${indexes} bytes of indexes`);
});

test('a touch that moves nothing writes nothing', async (context) => {
  const time = { now: START };
  const { store, table } = await open(context, time);
  const record = sampleRecord();
  await store.create(record);
  for (let n = 0; n < 50; n++) assert.equal(await store.touch(record.id, record.lastSeenAt, record.expiresAt), true);
  await store.touch(record.id, record.lastSeenAt + 1, record.expiresAt);
  const seen = await waitUntil('the connections are closed', async () => {
    const now = await figures(store, table);
    return now.updates > 0 && now;
  });
  assert.equal(seen.updates, 1);
});

test('through many rounds of sign-ins, use, sign-outs and sweeps the table stays as large as it was', async (context) => {
  const time = { now: START };
  const { store, table } = await open(context, time);
  const sizes: number[] = [];
  for (let round = 0; round < 9; round++) {
    const records = Array.from({ length: 100 }, (_, n) =>
      sampleRecord({
        userId: `user-${n % 40}`,
        createdAt: time.now,
        lastSeenAt: time.now,
        expiresAt: time.now + 3_600_000,
      }),
    );
    await Promise.all(records.map((record) => store.create(record)));
    for (let use = 0; use < 3; use++) {
      time.now += 60_000;
      await Promise.all(records.map((record) => store.touch(record.id, time.now, time.now + 3_600_000)));
    }
    const ended = records.slice(0, 50);
    await Promise.all(ended.map((record) => store.take(record.id, { reason: 'signed-out', at: time.now })));
    time.now += TOMBSTONE_MS + RETENTION_MS + 3_600_000;
    let removed = 0;
    for (let swept = 1; swept > 0; removed += swept) swept = (await store.sweep(40)).removed;
    assert.equal(removed, records.length);
    await server.sql(`VACUUM ${table}`);
    sizes.push(await size(table));
  }
  const [settled, last] = [sizes[3] as number, sizes.at(-1) as number];
  assert.ok(last <= settled * 1.1, sizes.join(' '));
  assert.equal(await server.sql(`SELECT count(*) FROM ${table}`), '0');
});

test('a session in daily use is put off by the sweep and not looked at each time', async (context) => {
  const time = { now: START };
  const { store, table } = await open(context, time);
  const record = sampleRecord();
  await store.create(record);
  const due = async (): Promise<number> => Number(await server.sql(`SELECT due FROM ${table}`));
  const first = await due();
  for (let hour = 0; hour < 30; hour++) {
    time.now += 3_000_000;
    assert.equal(await store.touch(record.id, time.now, time.now + 3_600_000), true);
    assert.deepEqual(await store.sweep(10), { removed: 0, expired: [] });
  }
  assert.ok((await due()) > first + 100, 'it was put off');
  time.now += 3_600_000 + RETENTION_MS;
  assert.equal((await store.sweep(10)).removed, 1);
});

test('several processes sweep at once without waiting for each other, and none reports what another did', async (context) => {
  const time = { now: START };
  const { store, table } = await open(context, time);
  const schema = table.split('.')[0] as string;
  const other = await postgresStore({ url: server.url, schema, cache: false, clock: () => time.now });
  context.after(() => other.close());
  const ids = new Set<string>();
  for (let n = 0; n < 200; n++) {
    const record = sampleRecord();
    ids.add(record.id);
    await store.create(record);
  }
  time.now += 3_600_000 + RETENTION_MS;
  const sweeps = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? store : other).sweep(10)));
  const reported = sweeps.flatMap(({ expired }) => expired.map(({ id }) => id));
  assert.equal(new Set(reported).size, reported.length);
  for (let swept = 1; swept > 0; ) {
    const more = await store.sweep(100);
    swept = more.removed;
    reported.push(...more.expired.map(({ id }) => id));
  }
  assert.deepEqual(new Set(reported), ids);
});
