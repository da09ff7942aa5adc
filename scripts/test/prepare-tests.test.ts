/** What the tests need beside npm packages: found, named when missing, and installed without starting services. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { withoutOwnCluster, withoutServices } from '../install-packages.ts';
import { findPgBouncer, findPostgresFolder, findRedisServer } from '../needed-programs.ts';
import { howToInstall, missingPrograms } from '../prepare-tests.ts';
import { folderWith } from './fixture.ts';

/** A folder with programs that do nothing. */
function programs(t: TestContext, ...paths: readonly string[]): string {
  const root = folderWith(t, Object.fromEntries(paths.map((path) => [path, ''])));
  for (const path of paths) chmodSync(join(root, path), 0o755);
  return root;
}

const POSTGRES = ['initdb', 'postgres', 'psql'];

test("PostgreSQL's newest version is found where the packages put it, which is not on the PATH", (t) => {
  const versions = ['9.6', '15', '16'].flatMap((version) => POSTGRES.map((name) => `${version}/bin/${name}`));
  const parent = programs(t, ...versions, '17/bin/psql', 'lib/bin/initdb');
  const homes = [{ parent, folder: /^[\d.]+$/ }];
  // 17 is a client alone.
  assert.equal(findPostgresFolder({ PATH: '/nowhere' }, homes), join(parent, '16', 'bin'));
});

test('PostgreSQL is looked for on the PATH as well, and the environment outranks both', (t) => {
  const [onPath, named] = [programs(t, ...POSTGRES), programs(t, ...POSTGRES)];
  assert.equal(findPostgresFolder({ PATH: `/nowhere:${onPath}` }, []), onPath);
  assert.equal(findPostgresFolder({ PATH: onPath, HOLDFAST_POSTGRES_BIN: named }, []), named);
  assert.equal(findPostgresFolder({ PATH: onPath, HOLDFAST_POSTGRES_BIN: '/nowhere' }, []), null);
});

test('Redis is redis-server, otherwise valkey-server, unless the environment names one by path or by name', (t) => {
  const folder = programs(t, 'redis-server', 'valkey-server');
  const valkey = join(folder, 'valkey-server');
  assert.equal(findRedisServer({ PATH: folder }), join(folder, 'redis-server'));
  assert.equal(findRedisServer({ PATH: folder, HOLDFAST_REDIS_SERVER: 'valkey-server' }), valkey);
  assert.equal(findRedisServer({ PATH: '', HOLDFAST_REDIS_SERVER: valkey }), valkey);
  assert.equal(findRedisServer({ PATH: folder, HOLDFAST_REDIS_SERVER: '/nowhere/redis' }), null);
});

test('a PgBouncer that the environment names wrongly is missing, not replaced by another', (t) => {
  const folder = programs(t, 'pgbouncer');
  assert.equal(findPgBouncer({ PATH: folder }), join(folder, 'pgbouncer'));
  assert.equal(findPgBouncer({ PATH: folder, HOLDFAST_PGBOUNCER: '/nowhere/pgbouncer' }), null);
});

test('what is missing is named in one sentence, with its packages and variables', () => {
  const none = { PATH: '/nowhere', CHROMIUM: '/nowhere/a', HOLDFAST_REDIS_SERVER: '/nowhere/b' };
  const missing = missingPrograms({ ...none, HOLDFAST_POSTGRES_BIN: '/nowhere', HOLDFAST_PGBOUNCER: '/nowhere/c' });
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['Chromium', 'Redis', 'PostgreSQL', 'PgBouncer', 'OpenSSL', 'curl', 'Python'],
  );
  assert.match(howToInstall(missing), /Chromium, Redis, PostgreSQL, PgBouncer, OpenSSL, curl and Python are missing/);
  assert.match(
    howToInstall(missing),
    /apt-get install chromium redis-server postgresql pgbouncer openssl curl python3\)/,
  );
  const redis = missing.filter(({ name }) => name === 'Redis');
  assert.match(howToInstall(redis), /Redis is missing.*install redis-server\), or say where it is by HOLDFAST_REDIS/s);
});

function quietFiles(t: TestContext): { policy: string; postgres: string } {
  const root = folderWith(t, { 'keep.txt': '' });
  return { policy: join(root, 'policy-rc.d'), postgres: join(root, 'postgresql-common', 'createcluster.conf') };
}

test('while packages are installed no service may start; afterwards services may, also when it failed', (t) => {
  const files = quietFiles(t);
  withoutServices(() => {
    assert.match(readFileSync(files.policy, 'utf8'), /^exit 101$/m);
    assert.equal(statSync(files.policy).mode & 0o111, 0o111);
  }, files);
  assert.equal(existsSync(files.policy), false);
  assert.throws(
    () =>
      withoutServices(() => {
        throw new Error('no network');
      }, files),
    /no network/,
  );
  assert.equal(existsSync(files.policy), false);
});

test('PostgreSQL is told to make no cluster', (t) => {
  const files = quietFiles(t);
  withoutOwnCluster(files);
  assert.equal(readFileSync(files.postgres, 'utf8'), 'create_main_cluster = false\n');
});

test("the machine's own policy and settings are left alone", (t) => {
  const files = quietFiles(t);
  mkdirSync(join(files.postgres, '..'));
  writeFileSync(files.policy, 'own policy');
  writeFileSync(files.postgres, 'own settings');
  withoutServices(() => {}, files);
  withoutOwnCluster(files);
  assert.deepEqual(
    [readFileSync(files.policy, 'utf8'), readFileSync(files.postgres, 'utf8')],
    ['own policy', 'own settings'],
  );
});
