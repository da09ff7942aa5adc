/** The configuration: everything wrong is told at once, with its fix. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../src/config/config.ts';
import { SETTINGS } from '../src/config/environment.ts';
import { readDurationSeconds, readList } from '../src/config/read-values.ts';
import { configHelp, configMarkdown } from '../src/config/reference.ts';
import { loadConfig } from '../src/config/resolve-config.ts';
import { editDistance, similarName } from '../src/config/similar-names.ts';
import { OTHER_SECRET, PRODUCTION, SECRET, temporaryDirectory } from './harness/service.ts';

function problemsOf(environment: Record<string, string>, directory = '/nowhere'): Record<string, string> {
  try {
    loadConfig(environment, directory);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { fix } of error.problems) assert.notEqual(fix, '');
    return Object.fromEntries(error.problems.map(({ name, message, fix }) => [name, `${message} | ${fix}`]));
  }
  return {};
}

test('nothing set is a development profile on loopback', () => {
  const { config, warnings } = loadConfig({}, '/somewhere');
  assert.deepEqual(warnings, []);
  assert.equal(config.profile, 'development');
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 3000);
  assert.equal(config.dataDir, '/somewhere/data');
  assert.equal(config.idleSeconds, 7 * 86_400);
  assert.equal(config.absoluteSeconds, 30 * 86_400);
  assert.deepEqual(config.allowedHosts, ['localhost', '127.0.0.1', '[::1]']);
});

test('all problems of production come together, each with its fix', () => {
  const problems = problemsOf({
    NODE_ENV: 'production',
    DEBUG: 'true',
    PORT: 'abc',
    SESSION_IDLE: '5x',
    COOKIE_NAME: 'a b',
  });
  assert.deepEqual(Object.keys(problems).sort(), [
    'ALLOWED_HOSTS',
    'COOKIE_NAME',
    'DEBUG',
    'PORT',
    'PUBLIC_URL',
    'SESSION_IDLE',
    'SESSION_SECRET',
  ]);
  assert.match(problems.SESSION_SECRET ?? '', /holdfast keys generate/);
});

test('a bind beyond loopback or an https address means production, whatever NODE_ENV says', () => {
  assert.ok('SESSION_SECRET' in problemsOf({ NODE_ENV: 'development', HOST: '0.0.0.0' }));
  assert.ok('SESSION_SECRET' in problemsOf({ PUBLIC_URL: 'https://auth.example.test' }));
  assert.deepEqual(problemsOf({ HOST: '127.0.0.5' }), {});
});

test('a complete production configuration has no problem', () => {
  const { config } = loadConfig({ ...PRODUCTION, SESSION_SECRET: `${SECRET}, ${OTHER_SECRET}` }, '/srv');
  assert.equal(config.profile, 'production');
  assert.deepEqual(config.secrets, [SECRET, OTHER_SECRET]);
  assert.deepEqual(config.allowedHosts, ['auth.example.test', '127.0.0.1']);
});

test('TK11, ST5: weak, sample and doubled secrets are refused and never printed', () => {
  for (const secret of ['short', 'changeme-changeme-changeme-changeme', 'a'.repeat(40)]) {
    const problem = problemsOf({ ...PRODUCTION, SESSION_SECRET: secret }).SESSION_SECRET ?? '';
    assert.match(problem, /holdfast keys generate/, secret);
    assert.ok(!problem.includes(secret));
  }
  assert.match(problemsOf({ SESSION_SECRET: `${SECRET},${SECRET}` }).SESSION_SECRET ?? '', /twice/);
  assert.match(problemsOf({ SESSION_SECRET: `${SECRET},short` }).SESSION_SECRET ?? '', /secret 2 of 2/);
});

test('ST4: any setting can be read from a file, and both forms at once are refused', (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, 'secret');
  writeFileSync(path, `${SECRET}\n`);
  assert.deepEqual(loadConfig({ SESSION_SECRET_FILE: path }, directory).config.secrets, [SECRET]);
  assert.match(problemsOf({ SESSION_SECRET_FILE: path, SESSION_SECRET: SECRET }).SESSION_SECRET ?? '', /both/);
  assert.match(problemsOf({ SESSION_SECRET_FILE: join(directory, 'no') }).SESSION_SECRET_FILE ?? '', /ENOENT/);
});

test('a .env file counts in development, gives way to the environment, and is not looked at in production', (context) => {
  const directory = temporaryDirectory(context);
  writeFileSync(join(directory, '.env'), 'PORT=4001\nCOOKIE_NAME=fromfile\n');
  const { config } = loadConfig({ PORT: '4002' }, directory);
  assert.equal(config.port, 4002);
  assert.equal(config.cookieName, 'fromfile');
  assert.equal(loadConfig({ ...PRODUCTION, SESSION_SECRET: SECRET }, directory).config.cookieName, 'session');
  const unreadable = join(directory, 'sub');
  mkdirSync(join(unreadable, '.env'), { recursive: true });
  assert.match(problemsOf({}, unreadable)['.env'] ?? '', /cannot be read/);
});

test('a misspelt name is pointed out, an unrelated one is not', () => {
  assert.match(loadConfig({ SESION_SECRET: 'x' }, '/').warnings[0] ?? '', /did you mean SESSION_SECRET\?/);
  assert.match(loadConfig({ ALLOWED_HOST: 'x' }, '/').warnings[0] ?? '', /ALLOWED_HOSTS/);
  assert.match(loadConfig({ SESSION_SECRET_FIEL: 'x' }, '/').warnings[0] ?? '', /SESSION_SECRET_FILE/);
  const innocent = {
    HOME: '/',
    PATH: '/',
    LANG: 'C',
    TERM: 'x',
    USER: 'x',
    SHELL: 'x',
    PWD: '/',
    HOSTNAME: 'h',
    npm_x: 'y',
  };
  assert.deepEqual(loadConfig(innocent, '/').warnings, []);
  assert.ok(
    'environment' in problemsOf({ ...PRODUCTION, SESION_SECRET: SECRET }),
    'told beside the problem it explains',
  );
});

test('origins, proxies, times and domains that cannot work are named', () => {
  assert.match(
    problemsOf({ ALLOWED_ORIGINS: 'http://localhost:80' }).ALLOWED_ORIGINS ?? '',
    /write http:\/\/localhost$/,
  );
  assert.match(problemsOf({ ALLOWED_ORIGINS: 'https://app.test' }).ALLOWED_ORIGINS ?? '', /NODE_ENV=production/);
  assert.match(problemsOf({ ALLOWED_ORIGINS: '*' }).ALLOWED_ORIGINS ?? '', /origins without a path/);
  assert.match(problemsOf({ TRUSTED_PROXIES: '10.0.0.0/99' }).TRUSTED_PROXIES ?? '', /neither an address nor a range/);
  assert.deepEqual(problemsOf({ TRUSTED_PROXIES: '10.0.0.0/8, ::1, loopback' }), {});
  assert.match(problemsOf({ SESSION_ABSOLUTE: '401d' }).SESSION_ABSOLUTE ?? '', /400d/);
  assert.match(problemsOf({ SESSION_IDLE: '40d' }).SESSION_IDLE ?? '', /longer than SESSION_ABSOLUTE/);
  const foreign = { ...PRODUCTION, SESSION_SECRET: SECRET, COOKIE_DOMAIN: 'other.test' };
  assert.match(problemsOf(foreign).COOKIE_DOMAIN ?? '', /not within other\.test/);
  assert.match(
    problemsOf({ ...PRODUCTION, SESSION_SECRET: SECRET, PUBLIC_URL: 'http://a.test' }).PUBLIC_URL ?? '',
    /https/,
  );
});

test('Redis and PostgreSQL are named by a URL or by its parts, and a password may hold anything', () => {
  const { config } = loadConfig({}, '/');
  assert.deepEqual([config.redisUrl, config.databaseUrl, config.sessionCache], [null, null, 20_000]);
  const urls = loadConfig({ REDIS_URL: 'redis://:p@h/1', DATABASE_URL: 'postgres://u:p@h/d' }, '/').config;
  assert.deepEqual([urls.redisUrl, urls.databaseUrl], ['redis://:p@h/1', 'postgres://u:p@h/d']);
  assert.deepEqual([urls.redisSetting, urls.databaseSetting], ['REDIS_URL', 'DATABASE_URL']);
  const parts = loadConfig(
    {
      REDIS_HOST: 'redis.test',
      REDIS_PORT: '6380',
      REDIS_DB: '2',
      REDIS_USERNAME: 'app',
      REDIS_PASSWORD: 'p@ss:/?#w%rd+',
      DB_HOST: '::1',
      DB_NAME: 'a b',
      DB_USER: 'u@x',
      DB_PASSWORD: 'p@ss:/?#w%rd+',
    },
    '/',
  ).config;
  assert.equal(parts.redisUrl, 'redis://app:p%40ss%3A%2F%3F%23w%25rd%2B@redis.test:6380/2');
  assert.equal(parts.databaseUrl, 'postgres://u%40x:p%40ss%3A%2F%3F%23w%25rd%2B@[::1]:5432/a%20b');
  assert.deepEqual([parts.redisSetting, parts.databaseSetting], ['REDIS_HOST', 'DB_HOST']);
  assert.equal(new URL(parts.databaseUrl ?? '').hostname, '[::1]');
  assert.equal(loadConfig({ REDIS_HOST: 'h' }, '/').config.redisUrl, 'redis://h:6379/0');
  const socket = loadConfig({ DB_HOST: '/run/postgresql', DB_NAME: 'd', DB_USER: 'u' }, '/').config;
  assert.equal(socket.databaseUrl, 'postgres://u@localhost:5432/d?host=%2Frun%2Fpostgresql');
});

test('a password of a database can be read from a file, and no message holds one', (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, 'url');
  writeFileSync(path, 'redis://:hush-hush@h:6379/0\n');
  assert.equal(loadConfig({ REDIS_URL_FILE: path }, directory).config.redisUrl, 'redis://:hush-hush@h:6379/0');
  const wrong = problemsOf({
    REDIS_URL: 'http://:hush-hush@h',
    DATABASE_URL: 'mysql://u:hush-hush@h/d',
    DATABASE_LISTEN_URL: 'hush-hush',
    DB_PASSWORD: 'hush-hush',
    REDIS_PASSWORD: 'hush-hush',
  });
  assert.match(wrong.REDIS_URL ?? '', /redis:\/\/user:password@host:6379\/0/);
  assert.match(wrong.DATABASE_URL ?? '', /postgres:\/\/user:password@host:5432\/database/);
  assert.ok('DATABASE_LISTEN_URL' in wrong);
  assert.ok(!JSON.stringify(wrong).includes('hush-hush'));
});

test('what is set twice, by half, or without effect is told with its fix', () => {
  const redis = { REDIS_URL: 'redis://h' };
  const database = { DATABASE_URL: 'postgres://u@h/d' };
  const cases: readonly (readonly [Record<string, string>, string, RegExp])[] = [
    [{ ...redis, REDIS_HOST: 'h' }, 'REDIS_URL', /both REDIS_URL and REDIS_HOST are set \| keep/],
    [{ ...redis, REDIS_DB: '1', REDIS_PASSWORD: 'p' }, 'REDIS_URL', /both REDIS_URL and REDIS_DB, REDIS_PASSWORD/],
    [{ ...database, DB_USER: 'u' }, 'DATABASE_URL', /both DATABASE_URL and DB_USER are set/],
    [{ REDIS_PORT: '6379' }, 'REDIS_HOST', /it is missing, and REDIS_PORT mean nothing without it/],
    [{ DB_NAME: 'd', DB_USER: 'u' }, 'DB_HOST', /it is missing/],
    [{ DB_HOST: 'h', DB_USER: 'u' }, 'DB_NAME', /missing beside DB_HOST/],
    [{ DB_HOST: 'h', DB_NAME: 'd' }, 'DB_USER', /missing beside DB_HOST/],
    [{ REDIS_HOST: 'h', REDIS_USERNAME: 'u' }, 'REDIS_PASSWORD', /missing beside REDIS_USERNAME/],
    [{ REDIS_HOST: 'h', REDIS_PORT: '65536' }, 'REDIS_PORT', /65536 is not a port/],
    [{ REDIS_HOST: 'h', REDIS_PORT: '0' }, 'REDIS_PORT', /0 is not a port/],
    [{ REDIS_HOST: 'http://h' }, 'REDIS_HOST', /write the host alone/],
    [{ REDIS_HOST: 'h', REDIS_DB: 'x' }, 'REDIS_DB', /write a number/],
    [{ DATABASE_LISTEN_URL: 'postgres://u@h/d' }, 'DATABASE_LISTEN_URL', /without DATABASE_URL/],
    [{ REDIS_WAIT_REPLICAS: '1' }, 'REDIS_WAIT_REPLICAS', /without Redis/],
    [{ ...redis, ...database, REDIS_WAIT_REPLICAS: '1' }, 'REDIS_WAIT_REPLICAS', /nothing to wait for/],
    [{ ...redis, REDIS_WAIT_REPLICAS: '11' }, 'REDIS_WAIT_REPLICAS', /from 0 to 10/],
    [{ ...redis, SESSION_STALE_IF_ERROR: '6m' }, 'SESSION_STALE_IF_ERROR', /at most 5m/],
    [{ SESSION_STALE_IF_ERROR: '30s' }, 'SESSION_STALE_IF_ERROR', /without Redis and PostgreSQL/],
    [{ ...redis, SESSION_STALE_IF_ERROR: '30s', SESSION_CACHE: '0' }, 'SESSION_STALE_IF_ERROR', /SESSION_CACHE=0/],
    [{ SESSION_CACHE: '1' }, 'SESSION_CACHE', /write 0, or a number from 2/],
    [{ SESSION_CACHE: '99999999' }, 'SESSION_CACHE', /write 0, or a number from 2/],
    [{ ...redis, REDIS_CA: 'x' }, 'REDIS_CA', /BEGIN CERTIFICATE/],
    [{ ...redis, REDIS_CA: '-----BEGIN CERTIFICATE-----' }, 'REDIS_CA', /rediss/],
    [{ REDIS_HOST: 'h', REDIS_CA: '-----BEGIN CERTIFICATE-----' }, 'REDIS_CA', /rediss/],
    [{ ALLOW_UNSAFE_STORE: 'maybe' }, 'ALLOW_UNSAFE_STORE', /true or false/],
  ];
  for (const [environment, name, expected] of cases) {
    const problems = problemsOf(environment);
    assert.match(problems[name] ?? '', expected, JSON.stringify(environment));
    assert.deepEqual(Object.keys(problems), [name], 'nothing else is blamed');
  }
  assert.deepEqual(problemsOf({ ...redis, SESSION_STALE_IF_ERROR: '5m', REDIS_WAIT_REPLICAS: '1' }), {});
  assert.equal(loadConfig({ SESSION_STALE_IF_ERROR: '0', SESSION_CACHE: '0' }, '/').config.staleIfErrorSeconds, 0);
});

test('in production sessions on Redis with accounts in a file are pointed out: such a service has one host', () => {
  const secret = { ...PRODUCTION, SESSION_SECRET: SECRET };
  const { warnings } = loadConfig({ ...secret, REDIS_URL: 'redis://h' }, '/srv');
  assert.match(warnings.join(), /accounts are in a file in \/srv\/data.*set DATABASE_URL/);
  assert.deepEqual(
    loadConfig({ ...secret, REDIS_URL: 'redis://h', DATABASE_URL: 'postgres://u@h/d' }, '/').warnings,
    [],
  );
  assert.deepEqual(loadConfig(secret, '/').warnings, []);
});

test('durations are read in every unit, and nothing else is', () => {
  assert.equal(readDurationSeconds('7d'), 604_800);
  assert.equal(readDurationSeconds('12h'), 43_200);
  assert.equal(readDurationSeconds('30m'), 1800);
  assert.equal(readDurationSeconds('45s'), 45);
  assert.equal(readDurationSeconds('45'), 45);
  for (const text of ['', '0', '-1', '1.5h', '1w', '7 d', 'd', '1e3'])
    assert.equal(readDurationSeconds(text), null, text);
  fc.assert(fc.property(fc.string(), (text) => readDurationSeconds(text) === null || readDurationSeconds(text) !== 0));
  fc.assert(fc.property(fc.string(), (text) => readList(text).every((part) => part === part.trim() && part !== '')));
});

test('the distance between names is a metric, and a swap of neighbours counts once', () => {
  assert.equal(editDistance('PORT', 'PROT'), 1);
  assert.equal(similarName('PROT', ['PORT']), 'PORT');
  fc.assert(fc.property(fc.string(), (a) => editDistance(a, a) === 0));
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => editDistance(a, b) === editDistance(b, a)));
});

test('the reference page and the help name every setting with unit, default and advice', () => {
  const page = configMarkdown();
  const help = configHelp();
  for (const [name, notes] of SETTINGS) {
    assert.ok(page.includes(`## ${name}\n`), name);
    for (const note of [notes.description, notes.unit, notes.default, notes.advice])
      assert.ok(page.includes(note), name);
    assert.ok(help.includes(name) && help.includes(notes.default), name);
  }
});
