/** The PostgreSQL store keeps the contract behind PgBouncer, which hands a connection to somebody else after each transaction. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startPgBouncer } from '../../../../test/services/pgbouncer.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { storeConformance, storeTorture, storeTransfer } from '../../src/testing/index.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { harness, newSchema, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();
// Fewer connections than the clients have, so that they do share.
const pooler = await startPgBouncer(server, { poolSize: 3 });
after(() => pooler.stop());

const pooled = harness(server, () => ({ url: pooler.url('postgres'), cache: false }));
storeConformance('postgres store behind PgBouncer: conformance', pooled);
storeTransfer('postgres store behind PgBouncer: transfer', pooled);
storeTorture('postgres store behind PgBouncer: torture', pooled, { rounds: 100, contests: 10 });

test('the pooler lets no notification through, so the cache stays off, and the inspection says what to do', async () => {
  const store = await postgresStore({ url: pooler.url('postgres'), schema: newSchema() });
  try {
    assert.equal(store.cacheStats()?.trusted, false);
    const record = sampleRecord();
    await store.create(record);
    for (let n = 0; n < 20; n++) await store.read(record.id);
    assert.equal(store.cacheStats()?.hits, 0);
    const findings = (await store.inspect?.()) ?? [];
    const listening = findings.find(({ code }) => code === 'listen-not-working');
    assert.equal(listening?.severity, 'warning');
    assert.match(listening?.message ?? '', /delivers no notifications, as behind a pooler in transaction mode/);
    assert.match(listening?.fix ?? '', /listenUrl/);
  } finally {
    await store.close();
  }
});

test('the pooler refuses our time limit for statements, and the inspection says how to set it', async () => {
  const store = await postgresStore({ url: pooler.url('postgres'), schema: newSchema(), cache: false });
  try {
    const findings = (await store.inspect?.()) ?? [];
    assert.deepEqual(
      findings.map(({ severity, code }) => [severity, code]),
      [
        ['warning', 'fsync-off'],
        ['warning', 'no-statement-timeout'],
      ],
    );
    const [, timeout] = findings;
    assert.match(timeout?.message ?? '', /because a pooler refuses the setting/);
    assert.equal(timeout?.fix, 'Run: ALTER ROLE "postgres" SET statement_timeout = 1000');
  } finally {
    await store.close();
  }
});

test('with a way around the pooler for notifications the cache works', async () => {
  const schema = newSchema();
  const options = { url: pooler.url('postgres'), listenUrl: server.url, schema };
  const [one, other] = [await postgresStore(options), await postgresStore(options)];
  try {
    const record = sampleRecord();
    const now = Date.now();
    await one.create({ ...record, expiresAt: now + 60_000 });
    await one.read(record.id);
    assert.equal((await one.read(record.id)).status, 'live');
    assert.ok((one.cacheStats()?.hits ?? 0) > 0);
    await other.take(record.id, { reason: 'revoked', at: now });
    const deadline = performance.now() + 5000;
    while ((await one.read(record.id)).status === 'live') assert.ok(performance.now() < deadline);
  } finally {
    await one.close();
    await other.close();
  }
});
