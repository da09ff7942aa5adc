/** The schema is made once, whoever comes first, and the inspection says what is wrong with how the database is set up. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { StoreFinding } from '../../src/core/store.ts';
import { type PostgresStoreOptions, postgresStore } from '../../src/stores/postgres.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { newSchema, ownServer } from './postgres-scenarios.ts';

const server = await ownServer({ fsync: true, maxConnections: 20 });

async function findings(
  context: TestContext,
  options: Partial<PostgresStoreOptions> = {},
): Promise<readonly StoreFinding[]> {
  const store = await postgresStore({ url: server.url, schema: newSchema(), ...options });
  context.after(() => store.close());
  return (await store.inspect?.()) ?? [];
}

function codes(found: readonly StoreFinding[]): readonly (readonly [string, string])[] {
  return found.map(({ severity, code }) => [severity, code] as const);
}

async function refusal(options: PostgresStoreOptions): Promise<string> {
  let message = '';
  await assert.rejects(postgresStore({ cache: false, ...options }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'store-unusable', error.message);
    message = error.message;
    return true;
  });
  return message;
}

test('of many processes that start at once one makes the schema, and all work on it', async () => {
  for (let round = 0; round < 3; round++) {
    const schema = newSchema();
    const options = { url: server.url, schema, cache: false, maxConnections: 1 } as const;
    const stores = await Promise.all(Array.from({ length: 8 }, () => postgresStore(options)));
    try {
      await Promise.all(stores.map((store) => store.create(sampleRecord())));
      assert.equal(await server.sql(`SELECT count(*) FROM ${schema}.sessions`), '8');
      assert.equal(await server.sql(`SELECT string_agg(version::text, ',') FROM ${schema}.schema_version`), '1,2');
    } finally {
      for (const store of stores) await store.close();
    }
  }
});

test('nothing outside our schema is touched', async (context) => {
  await server.createDatabase('untouched');
  const names = `SELECT string_agg(n.nspname || '.' || c.relname, ' ' ORDER BY 1) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^(pg_|information_schema|holdfast$)'`;
  const before = await server.sql(names, 'untouched');
  const store = await postgresStore({ url: server.urlFor('untouched') });
  context.after(() => store.close());
  await store.create(sampleRecord());
  assert.equal(await server.sql(names, 'untouched'), before);
  assert.equal(await server.sql('SELECT count(*) FROM holdfast.sessions', 'untouched'), '1');
});

test('a schema of a newer version, and tables that are not ours, are refused with what to do', async () => {
  const [newer, foreign] = [newSchema(), newSchema()];
  await (await postgresStore({ url: server.url, schema: newer, cache: false })).close();
  await server.sql(`INSERT INTO ${newer}.schema_version (version) VALUES (99)`);
  assert.match(
    await refusal({ url: server.url, schema: newer }),
    /written by a newer version \(schema 99, this one knows 2\): start the newer version again, or name another schema$/,
  );
  await server.sql(`CREATE SCHEMA ${foreign}; CREATE TABLE ${foreign}.sessions (sid text)`);
  assert.match(await refusal({ url: server.url, schema: foreign }), /tables in the schema .* that are not ours: name/);
  assert.equal(await server.sql(`SELECT count(*) FROM ${foreign}.sessions`), '0');
});

test('a role that may not create schemas works in one that was made for it, and is told what it lacks', async (context) => {
  await server.createDatabase('narrow');
  await server.sql('CREATE ROLE narrow LOGIN; CREATE ROLE plain LOGIN');
  const url = server.urlFor('narrow', 'narrow');
  const lacking = await refusal({ url });
  const command = 'CREATE SCHEMA holdfast AUTHORIZATION "narrow"';
  assert.ok(lacking.endsWith(`run ${command}`), lacking);
  await server.sql('CREATE SCHEMA elsewhere', 'narrow');
  const grant = await refusal({ url, schema: 'elsewhere' });
  assert.match(
    grant,
    /create tables in the schema elsewhere: run GRANT USAGE, CREATE ON SCHEMA elsewhere TO "narrow"$/,
  );
  await server.sql(command, 'narrow');
  await (await postgresStore({ url, cache: false })).close();

  const plain = { url: server.urlFor('narrow', 'plain') };
  const refused = await refusal(plain);
  assert.match(refused, /may not use the schema holdfast: run GRANT USAGE/);
  await server.sql(
    refused.slice(refused.indexOf('run GRANT') + 4).replace('SELECT, INSERT, UPDATE, DELETE', 'SELECT'),
    'narrow',
  );
  const found = await findings(context, { ...plain, schema: 'holdfast' });
  assert.deepEqual(codes(found), [['problem', 'missing-permission']]);
  assert.match(
    found[0]?.message ?? '',
    /work on key_announcements, sessions, ticket_counts, ticket_lanes, tickets, write_probe/,
  );
  await server.sql((found[0]?.fix ?? '').replace('Run: ', ''), 'narrow');
  assert.deepEqual(codes(await findings(context, { ...plain, schema: 'holdfast' })), []);
});

test('a database that is set up well has no findings', async (context) => {
  assert.deepEqual(await findings(context), []);
});

test('what may lose sessions or time is found', async (context) => {
  const skewed = await findings(context, { clock: () => Date.now() + 60_000 });
  assert.deepEqual(codes(skewed), [['warning', 'clock-difference']]);
  assert.match(skewed[0]?.message ?? '', /a clock that is 60 s off ours/);
  assert.deepEqual(codes(await findings(context, { maxConnections: 19 })), [['warning', 'few-connections']]);
  await server.sql('CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET synchronous_commit = off');
  const url = server.urlFor('postgres', 'hasty');
  assert.deepEqual(codes(await findings(context, { url })), [['warning', 'synchronous-commit-off']]);
  await server.sql('ALTER ROLE hasty RESET ALL; ALTER ROLE hasty SET default_transaction_read_only = on');
  const schema = newSchema();
  await (await postgresStore({ url: server.url, schema, cache: false })).close();
  const readOnly = await findings(context, { url, schema, cache: false });
  assert.deepEqual(codes(readOnly), [['problem', 'not-writable']]);
  assert.match(readOnly[0]?.message ?? '', /takes no writes/);
  await server.sql(`ALTER TABLE ${schema}.sessions SET UNLOGGED`);
  assert.deepEqual(codes(await findings(context, { schema })), [['problem', 'unlogged-table']]);
});
