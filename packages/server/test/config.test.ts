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
