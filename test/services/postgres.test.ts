/** The PostgreSQL and the PgBouncer that tests start: databases of their own, restarts, and pooling by transaction. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { startPgBouncer } from './pgbouncer.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { hasEnded } from './process-children.ts';

const PASSWORD = "p'w d@/";
let postgres: PostgresServer;
before(async () => {
  postgres = await startPostgres({ password: PASSWORD, tls: true });
});
after(() => postgres.stop());

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('each test has a database of its own, and the password is asked for', async () => {
  const [one, two] = await Promise.all([postgres.createDatabase('one'), postgres.createDatabase('two-"2"')]);
  await query(one, 'CREATE TABLE t AS SELECT 7 AS n');
  assert.equal(await postgres.sql('SELECT n, n + 1 FROM t', 'one'), '7|8');
  await assert.rejects(query(two, 'SELECT n FROM t'), /does not exist/);
  await assert.rejects(
    query(postgres.urlFor('one', 'postgres', 'wrong'), 'SELECT 1'),
    /password authentication failed/,
  );
});

test('committed rows survive SIGKILL to all its processes, which then are gone', async () => {
  const url = await postgres.createDatabase('killed');
  const client = new Client(url);
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE TABLE t AS SELECT 7 AS n');
  const backend = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  await postgres.kill();
  assert.ok(hasEnded(backend));
  await postgres.restart();
  assert.deepEqual(await query(url, 'SELECT n FROM t'), [7]);
});

test('paused, even a connection that is open gets no answer before it is resumed', async (t) => {
  const client = new Client({ connectionString: await postgres.createDatabase('paused'), query_timeout: 1_000 });
  await client.connect();
  t.after(() => client.end());
  postgres.pause();
  await assert.rejects(client.query('SELECT 1'), /timeout/);
  postgres.resume();
  assert.deepEqual((await client.query({ text: 'SELECT 2', rowMode: 'array' })).rows, [[2]]);
});

test('with PgBouncer in transaction mode two clients share one connection, and it comes back after SIGKILL', async (t) => {
  await postgres.createDatabase('pooled');
  const pooler = await startPgBouncer(postgres, { poolSize: 1 });
  t.after(() => pooler.stop());
  const url = pooler.url('pooled');
  const clients = [new Client(url), new Client(url)];
  const backends = [];
  for (const client of clients) await client.connect();
  for (const client of clients) backends.push((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
  for (const client of clients) await client.end();
  assert.equal(backends[0], backends[1]);
  await pooler.kill();
  await assert.rejects(query(url, 'SELECT 1'), /ECONNREFUSED/);
  await pooler.restart();
  assert.deepEqual(await query(url, 'SELECT 1'), [1]);
});
