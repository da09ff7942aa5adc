/** A store that cannot be used as it is set: one sentence with the fix, without the password, together with all others. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startPostgres } from '../../../test/services/postgres.ts';
import { startRedis } from '../../../test/services/redis.ts';
import { freePort } from '../src/cli/free-port.ts';
import { loadConfig } from '../src/config/resolve-config.ts';
import { findStoreProblems } from '../src/sessions/check-store.ts';
import { Client } from './harness/client.ts';
import { type Command, startCommand } from './harness/process.ts';
import { OTHER_SECRET, PRODUCTION, SECRET, temporaryDirectory } from './harness/service.ts';

const HUSH = 'hush-hush-password';

/** Setting → `message | fix`, as a start in production would tell. */
async function problemsOf(
  context: TestContext,
  environment: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const directory = temporaryDirectory(context);
  const { config } = loadConfig({ ...PRODUCTION, SESSION_SECRET: SECRET, ...environment }, directory);
  const problems = await findStoreProblems(config);
  for (const { message, fix } of problems) {
    assert.ok(!`${message}${fix}`.includes(HUSH), 'a password is never printed');
    assert.notEqual(fix, '');
  }
  return Object.fromEntries(problems.map(({ name, message, fix }) => [name, `${message} | ${fix}`]));
}

/** A start in production that may be refused. */
async function serve(context: TestContext, environment: Readonly<Record<string, string>>, ...words: string[]) {
  const directory = temporaryDirectory(context);
  const port = await freePort('127.0.0.1');
  const settings = { ...PRODUCTION, PORT: String(port), SESSION_SECRET: SECRET, ...environment };
  const command: Command = startCommand(context, ['serve', ...words], { directory, environment: settings });
  return { command, client: new Client(`http://127.0.0.1:${port}`) };
}

test('Redis: wrong host, port, password, user, database number, kind of server and TLS are each a sentence', async (context) => {
  const redis = await startRedis({ password: HUSH });
  context.after(() => redis.stop());
  const at = `127.0.0.1:${redis.port}`;
  const closed = await freePort('127.0.0.1');
  const cases: readonly (readonly [Record<string, string>, string, RegExp])[] = [
    [
      { REDIS_URL: `redis://:${HUSH}@127.0.0.1:${closed}` },
      'REDIS_URL',
      new RegExp(`nothing listens.*:${closed}.*\\|`),
    ],
    [{ REDIS_URL: `redis://:${HUSH}@no-such-host.invalid` }, 'REDIS_URL', /no-such-host\.invalid/],
    [{ REDIS_URL: `redis://:${HUSH}-not@${at}` }, 'REDIS_URL', /refused the user name or password \| set the right/],
    [{ REDIS_URL: `redis://nobody:${HUSH}@${at}` }, 'REDIS_URL', /refused the user name or password/],
    [{ REDIS_URL: `redis://${at}` }, 'REDIS_URL', /wants a password/],
    [{ REDIS_URL: `redis://:${HUSH}@${at}/99` }, 'REDIS_URL', /no database of that number/],
    [{ REDIS_URL: `redis-cluster://:${HUSH}@${at}` }, 'REDIS_URL', /no cluster/],
    [{ REDIS_URL: `rediss://:${HUSH}@${at}` }, 'REDIS_URL', /does not speak TLS|TLS/],
    [{ REDIS_URL: `redis://:${HUSH}@${at}/x` }, 'REDIS_URL', /the database is a number/],
    [{ REDIS_URL: `redis://:${HUSH}@${at},${at}` }, 'REDIS_URL', /redis-sentinel/],
    [{ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(closed) }, 'REDIS_HOST', /nothing listens/],
    [
      { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port), REDIS_PASSWORD: `${HUSH}-not` },
      'REDIS_HOST',
      /refused the user name or password/,
    ],
  ];
  for (const [environment, name, expected] of cases) {
    const problems = await problemsOf(context, environment);
    assert.deepEqual(Object.keys(problems), [name], JSON.stringify(problems));
    assert.match(problems[name] ?? '', expected);
  }
});

test('Redis over TLS: an unknown authority names the setting that makes it known', async (context) => {
  const redis = await startRedis({ tls: true });
  context.after(() => redis.stop());
  const refused = await problemsOf(context, { REDIS_URL: redis.url });
  assert.match(refused.REDIS_URL ?? '', /authority this process does not know \| name its file in REDIS_CA_FILE/);
  const known = await problemsOf(context, { REDIS_URL: redis.url, REDIS_CA_FILE: redis.certificate?.caPath ?? '' });
  assert.deepEqual(known, {});
  const plain = await problemsOf(context, { REDIS_URL: redis.url.replace('rediss', 'redis') });
  assert.match(plain.REDIS_URL ?? '', /rediss|TLS/);
});

test('something that is not Redis, and something that says nothing, are told too', async (context) => {
  const talker = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const mute = createServer(() => undefined);
  for (const server of [talker, mute]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
  }
  for (const server of [talker, mute]) {
    const { port } = server.address() as { port: number };
    const problems = await problemsOf(context, { REDIS_URL: `redis://:${HUSH}@127.0.0.1:${port}` });
    assert.match(problems.REDIS_URL ?? '', new RegExp(`127\\.0\\.0\\.1:${port}.* \\| `));
  }
});

test('PostgreSQL: wrong port, password, database and permissions are each a sentence', async (context) => {
  const postgres = await startPostgres({ password: HUSH });
  context.after(() => postgres.stop());
  await postgres.createDatabase('app');
  await postgres.sql(`CREATE ROLE guest LOGIN PASSWORD '${HUSH}'`);
  const closed = await freePort('127.0.0.1');
  const cases: readonly (readonly [Record<string, string>, string, RegExp])[] = [
    [{ DATABASE_URL: `postgres://u:${HUSH}@127.0.0.1:${closed}/app` }, 'DATABASE_URL', new RegExp(`:${closed}.* \\| `)],
    [{ DATABASE_URL: postgres.urlFor('app', 'postgres', `${HUSH}-not`) }, 'DATABASE_URL', /refused the password/],
    [{ DATABASE_URL: postgres.urlFor('nowhere') }, 'DATABASE_URL', /does not exist \| create it with CREATE DATABASE/],
    [{ DATABASE_URL: postgres.urlFor('app', 'guest', HUSH) }, 'DATABASE_URL', /CREATE SCHEMA holdfast AUTHORIZATION/],
    [{ DATABASE_URL: `${postgres.urlFor('app')}?sslmode=require` }, 'DATABASE_URL', /TLS|SSL/],
    [
      {
        DB_HOST: '127.0.0.1',
        DB_PORT: String(postgres.port),
        DB_NAME: 'app',
        DB_USER: 'postgres',
        DB_PASSWORD: `${HUSH}-not`,
      },
      'DB_HOST',
      /refused the password/,
    ],
  ];
  for (const [environment, name, expected] of cases) {
    const problems = await problemsOf(context, environment);
    assert.deepEqual(Object.keys(problems), [name], JSON.stringify(problems));
    assert.match(problems[name] ?? '', expected);
  }
  assert.deepEqual(await problemsOf(context, { DATABASE_URL: postgres.urlFor('app') }), {});
});

test('a start tells everything at once: settings, Redis and PostgreSQL', async (context) => {
  const redis = await startRedis({ password: HUSH });
  context.after(() => redis.stop());
  const closed = await freePort('127.0.0.1');
  const { command } = await serve(context, {
    SESSION_IDLE: '5x',
    REDIS_URL: `redis://:${HUSH}-not@127.0.0.1:${redis.port}`,
    DATABASE_URL: `postgres://u:${HUSH}@127.0.0.1:${closed}/app`,
  });
  assert.equal(await command.ended(), 78);
  assert.match(command.output(), /3 things are wrong/);
  for (const name of ['SESSION_IDLE', 'REDIS_URL', 'DATABASE_URL']) {
    assert.match(command.output(), new RegExp(`^ {2}${name}: .*\\n {4}fix: `, 'm'));
  }
  assert.ok(!command.output().includes(HUSH));
});

test('an evicting policy is refused in production beside a missing key, and taken where that was chosen', async (context) => {
  const redis = await startRedis({ maxmemory: '50mb', maxmemoryPolicy: 'allkeys-lru' });
  context.after(() => redis.stop());
  const REDIS_URL = redis.url;
  const first = await serve(context, { REDIS_URL, ALLOW_UNSAFE_STORE: 'true' });
  await first.command.says(/listening/);
  assert.match(first.command.output(), /"level":40[^\n]*"finding":"evicting-policy"[^\n]*unsafe/);
  await first.client.signUp('ada@x.test');
  first.command.child.kill('SIGTERM');
  assert.equal(await first.command.ended(), 0);

  const refused = await serve(context, { REDIS_URL, SESSION_SECRET: OTHER_SECRET });
  assert.equal(await refused.command.ended(), 78);
  assert.match(refused.command.output(), /2 things are wrong/);
  assert.match(refused.command.output(), /REDIS_URL: .*allkeys-lru.*\n {4}fix: .*noeviction.*ALLOW_UNSAFE_STORE=true/);
  assert.match(refused.command.output(), /SESSION_SECRET: .*1 of 1 live sessions would be signed out/);

  const developing = await serve(context, { REDIS_URL, NODE_ENV: '', PUBLIC_URL: '', ALLOWED_HOSTS: '' });
  await developing.command.says(/Sessions live in Redis, accounts in /);
  assert.match(developing.command.output(), /"finding":"evicting-policy"/);
});

test('Redis in front of PostgreSQL may be down at a start: it is a warning, and people can sign in', async (context) => {
  const postgres = await startPostgres();
  context.after(() => postgres.stop());
  const closed = await freePort('127.0.0.1');
  const { command, client } = await serve(context, {
    REDIS_URL: `redis://:${HUSH}@127.0.0.1:${closed}`,
    DATABASE_URL: postgres.url,
  });
  await command.says(/listening/);
  assert.match(command.output(), new RegExp(`"level":40[^\\n]*REDIS_URL: nothing listens[^\\n]*:${closed}`));
  await client.signUp('ada@x.test');
  assert.equal((await client.validate()).valid, true);
  assert.ok(!command.output().includes(HUSH));
});

test('with accounts and sessions in databases and a key that was given, nothing is written on this host', async (context) => {
  const postgres = await startPostgres();
  context.after(() => postgres.stop());
  const DATA_DIR = join(temporaryDirectory(context), 'nowhere', 'data');
  const { command } = await serve(context, { DATABASE_URL: postgres.url, DATA_DIR });
  await command.says(/listening/);
  command.child.kill('SIGTERM');
  assert.equal(await command.ended(), 0);
});
