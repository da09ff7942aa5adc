/** A PostgreSQL in trouble is "unreachable" with a sentence that says what to do, and mends without a restart of ours. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { startCutProxy } from '../../../../test/services/cut-proxy.ts';
import { freePort } from '../../../../test/services/free-port.ts';
import { startPgBouncer } from '../../../../test/services/pgbouncer.ts';
import { startPostgres } from '../../../../test/services/postgres.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';

const PASSWORD = 'top secret %/ password';
const server = await ownServer({ password: PASSWORD, tls: true });

async function open(context: TestContext, options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
  const store = await postgresStore({ url: server.url, schema: newSchema(), cache: false, ...options });
  context.after(() => store.close());
  return store;
}

function urlWith(change: (url: URL) => void): string {
  const url = new URL(server.url);
  change(url);
  return url.href;
}

/** Everything that an operator may get to see of an error. */
function told(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    seen.push(at.message, at.stack ?? '', JSON.stringify({ ...at }));
  }
  return seen.join('\n');
}

async function opens(options: PostgresStoreOptions): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await (await postgresStore({ connectTimeoutMs: 500, cache: false, ...options })).close();
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error);
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'wrong-password']) {
      assert.ok(!told(error).includes(secret), told(error));
    }
    return { code: String(error.code), message: error.message };
  }
  return { code: 'none', message: '' };
}

test('what stands in the way at the start is told in one sentence with its fix, and never the password', async (context) => {
  const pooler = await startPgBouncer(server);
  context.after(() => pooler.stop());
  const closedPort = await freePort();
  await server.sql("CREATE ROLE nobody_here NOLOGIN; CREATE ROLE guest LOGIN PASSWORD 'guest'");
  await server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [urlWith((url) => (url.port = String(closedPort))), 'store-unreachable', /is not there: start it, or correct host/],
    [urlWith((url) => (url.hostname = 'no-such-host.invalid')), 'store-unreachable', /host name is unknown right now/],
    [urlWith((url) => (url.password = 'wrong-password')), 'store-unusable', /refused the password or the user: put/],
    [
      urlWith((url) => (url.pathname = '/missing')),
      'store-unusable',
      /missing does not exist: create it with CREATE DATABASE/,
    ],
    [
      urlWith((url) => (url.username = 'nobody_here')),
      'store-unusable',
      /refused the password or the user|does not let this user in/,
    ],
    [urlWith((url) => (url.pathname = '/latin')), 'store-unusable', /keeps text as LATIN1 and not as UTF8/],
    [`${server.url}?sslmode=verify-full`, 'store-unusable', /TLS certificate of PostgreSQL at .* is not trusted/],
    [pooler.url('postgres', 'postgres', 'wrong-password'), 'store-unusable', /refused the password or the user: put/],
    [pooler.url('missing'), 'store-unusable', /does not exist: create it/],
    [
      server.urlFor('postgres', 'guest', 'guest'),
      'store-unusable',
      /lacks the schema fresh, and this role may not create it: run CREATE SCHEMA fresh AUTHORIZATION "guest"$/,
    ],
  ];
  for (const [url, code, sentence] of cases) {
    const failure = await opens({ url, schema: 'fresh' });
    assert.equal(failure.code, code, `${url}: ${failure.message}`);
    assert.match(failure.message, sentence);
  }
});

test('TLS is asked for by the URL, as pg has it, and a server without it is told apart', async (context) => {
  const store = await open(context, {
    url: `${server.url}?sslmode=verify-full&sslrootcert=${server.certificate?.caPath}`,
  });
  assert.equal((await store.health()).healthy, true);
  const plain = await startPostgres();
  context.after(() => plain.stop());
  const failure = await opens({ url: `${plain.url}?sslmode=verify-full` });
  assert.deepEqual([failure.code, /speaks no TLS: turn ssl on/.test(failure.message)], ['store-unusable', true]);
});

test('options that cannot work are named together and no URL is shown', async () => {
  const url = `mysql://user:${encodeURIComponent(PASSWORD)}@host/db`;
  const failure = await opens({ url, schema: 'Not;Good', maxConnections: 0, statementTimeoutMs: 0.5 });
  assert.equal(failure.code, 'invalid-option');
  for (const option of ['url', 'schema', 'maxConnections', 'statementTimeoutMs']) {
    assert.match(failure.message, new RegExp(`^${option}: `, 'm'));
  }
  assert.equal((await opens({})).code, 'invalid-option');
  const both = await opens({ url: server.url, pool: new pg.Pool() });
  assert.match(both.message, /^url, pool: give one of them$/);
});

test('connections that are cut cost what was under way, and a read not even that', async (context) => {
  const store = await open(context, { maxConnections: 2 });
  const record = sampleRecord({ expiresAt: Date.now() + 600_000 });
  await store.create(record);
  for (let round = 0; round < 5; round++) {
    await Promise.all([store.read(record.id), store.read(record.id), store.listByUser('user-1')]);
    await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'");
    assert.equal((await store.read(record.id)).status, 'live');
  }
});

test('a restart of the server is lived through without one of ours', async (context) => {
  const own = await startPostgres();
  context.after(() => own.stop());
  const store = await open(context, { url: own.url, cache: {} });
  const record = sampleRecord({ expiresAt: Date.now() + 600_000 });
  await store.create(record);
  await own.kill();
  await assert.rejects(async () => store.update(record.id, { set: { a: 1 } }), { code: 'store-unreachable' });
  const sick = await store.health();
  assert.deepEqual([sick.healthy, /is not there: start it/.test(sick.message)], [false, true]);
  await own.restart();
  await waitUntil('it is healthy again', async () => (await store.health()).healthy);
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  await waitUntil('the cache is in use again', () => store.cacheStats()?.trusted === true);
});

test('while the network swallows everything, each call ends in time, few connections are made, and all is well after', async (context) => {
  const proxy = await startCutProxy({ host: server.host, port: server.port });
  context.after(() => proxy.stop());
  const url = urlWith((to) => (to.port = String(proxy.port)));
  const store = await open(context, { url, maxConnections: 3, statementTimeoutMs: 200, connectTimeoutMs: 300 });
  const record = sampleRecord({ expiresAt: Date.now() + 600_000 });
  await store.create(record);
  await Promise.all(Array.from({ length: 20 }, async () => store.listByUser('user-1')));
  proxy.blackhole();
  const start = performance.now();
  const calls = Array.from({ length: 1000 }, async (_, n) =>
    n % 2 === 0 ? store.read(record.id) : store.touch(record.id, 1, 1),
  );
  const answers = await Promise.allSettled(calls);
  const took = performance.now() - start;
  for (const answer of answers) {
    assert.ok(answer.status === 'rejected' && answer.reason.code === 'store-unreachable', answer.status);
  }
  assert.ok(took < 2500, `${took} ms`);
  assert.ok(proxy.connections <= 3, `${proxy.connections} connections`);
  await proxy.restore();
  await waitUntil('it is healthy again', async () => (await store.health()).healthy);
  assert.equal((await store.read(record.id)).status, 'live');
  assert.ok(proxy.connections <= 3, `${proxy.connections} connections`);
});

test('what PostgreSQL refuses is told as what it is, and reads go on', async (context) => {
  const schema = newSchema();
  const database = await server.createDatabase('refusals');
  await server.sql("CREATE ROLE worker LOGIN PASSWORD 'worker'; GRANT CREATE ON DATABASE refusals TO worker");
  const url = server.urlFor('refusals', 'worker', 'worker');
  await (await postgresStore({ url, schema, cache: false })).close();
  const store = await open(context, { url, schema, maxConnections: 1, statementTimeoutMs: 200 });
  const record = sampleRecord({ expiresAt: Date.now() + 600_000 });
  await store.create(record);
  const take = async (): Promise<unknown> => store.take(record.id, { reason: 'revoked', at: Date.now() });
  const refused = async (message: RegExp): Promise<void> => {
    await assert.rejects(take, { name: 'StoreUnreachableError', message });
    assert.equal((await store.read(record.id)).status, 'live');
  };

  await server.sql(`REVOKE UPDATE ON ${schema}.sessions FROM worker`, 'refusals');
  await refused(/a permission is missing \(permission denied for table sessions\): GRANT it/);
  await server.sql(`GRANT UPDATE ON ${schema}.sessions TO worker`, 'refusals');

  await server.sql(
    "ALTER ROLE worker SET default_transaction_read_only = on; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
  );
  await refused(/takes no writes, it is a standby or set to read-only: put the primary into the URL/);
  await server.sql(
    "ALTER ROLE worker RESET ALL; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
  );

  const holder = new pg.Client(database);
  await holder.connect();
  await holder.query(`BEGIN; SELECT FROM ${schema}.sessions FOR UPDATE`);
  await refused(/did not finish in time: look for locks, a slow disk, or raise statementTimeoutMs/);
  await holder.query('ROLLBACK');
  await holder.end();

  await server.sql(
    "ALTER ROLE worker CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'",
  );
  await assert.rejects(take, { message: /has no connection left: raise max_connections there, or lower/ });
  await server.sql('ALTER ROLE worker CONNECTION LIMIT -1');

  await server.sql(`ALTER TABLE ${schema}.sessions RENAME TO hidden`, 'refusals');
  await assert.rejects(take, { message: /lacks a table of ours .*: restore it, or start this process again/ });
  await server.sql(`ALTER TABLE ${schema}.hidden RENAME TO sessions`, 'refusals');
  assert.equal(((await take()) as { status: string }).status, 'taken');
});

test('a connection to a server that takes no writes any more is left for one to where the address leads now', async (context) => {
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  context.after(() => pool.end());
  const store = await postgresStore({ pool, schema: newSchema(), cache: false });
  context.after(() => store.close());
  // As a primary that was demoted while we were connected to it.
  await pool.query('SET default_transaction_read_only = on');
  await assert.rejects(async () => store.create(sampleRecord()), /takes no writes/);
  assert.equal((await store.create(sampleRecord())).status, 'created');
});

test('a full disk and the like stop writes, with what to do, and reads go on', async (context) => {
  const schema = newSchema();
  const store = await open(context, { schema });
  const record = sampleRecord({ data: { secret: 'in no message' }, expiresAt: Date.now() + 600_000 });
  await store.create(record);
  const cases: Readonly<Record<string, RegExp>> = {
    '53100': /the disk of .* is full: free some space; sessions can still be read/,
    '53200': /ran out of memory/,
    '58030': /the disk of .* failed/,
    '57P03': /is starting up or shutting down/,
    XX001: /found damaged data/,
    P0001: /failed with P0001 \(as the trigger says\): look into its log/,
  };
  for (const [code, message] of Object.entries(cases)) {
    await server.sql(`CREATE OR REPLACE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'as the trigger says' USING ERRCODE = '${code}', DETAIL = NEW.body; END $$;
      CREATE OR REPLACE TRIGGER refusing BEFORE UPDATE ON ${schema}.sessions FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`);
    await assert.rejects(
      async () => store.update(record.id, { set: { a: 1 } }),
      (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!told(error).includes('in no message'), told(error));
        return error.name === 'StoreUnreachableError';
      },
    );
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
  }
  await server.sql(`DROP TRIGGER refusing ON ${schema}.sessions`);
  assert.equal((await store.update(record.id, { set: { a: 1 } })).status, 'updated');
});

test('a process that stands still in the middle of a transaction does not keep others from a user for long', async (context) => {
  const schema = newSchema();
  const [hasty, patient] = [
    await open(context, { schema, statementTimeoutMs: 100 }),
    await open(context, { schema, statementTimeoutMs: 5000 }),
  ];
  const proxy = await startCutProxy({ host: server.host, port: server.port });
  context.after(() => proxy.stop());
  const url = urlWith((to) => (to.port = String(proxy.port)));
  const stuck = await open(context, { url, schema, statementTimeoutMs: 500 });
  const limit = { max: 3, onLimit: 'refuse' } as const;
  const fresh = (): ReturnType<typeof sampleRecord> => sampleRecord({ expiresAt: Date.now() + 600_000 });
  assert.equal((await stuck.create(fresh(), limit)).status, 'created');
  proxy.delay(60);
  const lost = Promise.resolve(stuck.create(fresh(), limit)).catch((error: Error) => error);
  const locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
  await waitUntil('it holds the lock', async () => (await server.sql(locks)) !== '0', { everyMs: 1 });
  proxy.blackhole();
  await assert.rejects(async () => hasty.create(fresh(), limit), { message: /did not finish in time: look for locks/ });
  assert.equal((await patient.create(fresh(), limit)).status, 'created');
  assert.ok((await lost) instanceof Error);
});

test('operations that PostgreSQL gave up for the sake of another are tried again', async (context) => {
  const schema = newSchema();
  await server.sql(
    "CREATE ROLE strict LOGIN SUPERUSER PASSWORD 'strict'; ALTER ROLE strict SET default_transaction_isolation = 'serializable'",
  );
  const url = server.urlFor('postgres', 'strict', 'strict');
  const [one, other] = [await open(context, { url, schema }), await open(context, { url, schema })];
  const record = sampleRecord({ expiresAt: Date.now() + 600_000 });
  await one.create(record);
  const keys = Array.from({ length: 8 }, (_, n) => `k${n}`);
  await Promise.all(keys.map(async (key, n) => (n % 2 === 0 ? one : other).update(record.id, { set: { [key]: n } })));
  const read = await one.read(record.id);
  assert.deepEqual(read.status === 'live' && Object.keys(read.record.data).sort(), keys);
});
