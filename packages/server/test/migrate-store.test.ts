/** `holdfast migrate-store` as people run it: a process that may be stopped, killed and resumed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TransferableStore } from 'holdfast';
import { postgresStore } from 'holdfast/stores/postgres';
import { redisStore } from 'holdfast/stores/redis';
import { startPostgres } from '../../../test/services/postgres.ts';
import { startRedis } from '../../../test/services/redis.ts';
import { waitUntil } from '../../../test/services/wait-until.ts';
import { contentsOf, fill, session, sqliteIn, workDirectory } from './harness/filled-store.ts';
import { type Command, startCommand } from './harness/process.ts';

const FILE = 'holdfast-migration.json';

test('everything is moved, verified and told', async (t) => {
  const { directory, from, to, run } = await twoStores(t, 2000);
  const command = run();
  assert.equal(await command.ended(), 0, command.output());
  assert.match(command.output(), /Copied: 1950\nEnded: 50\n/);
  assert.match(command.output(), /Live sessions: 1950 in sqlite:.*, 1950 in sqlite:/);
  assert.match(command.output(), /Verified: /);
  assert.deepEqual(await contentsOf(to), await contentsOf(from));
  assert.equal(existsSync(join(directory, FILE)), false);
});

test('killed in the middle, it goes on from its file', async (t) => {
  const { directory, from, to, run } = await twoStores(t, 8000);
  const file = join(directory, FILE);
  const killed = run();
  await waitUntil('it has written where it is', () => existsSync(file), { everyMs: 1 });
  killed.child.kill('SIGKILL');
  assert.equal(await killed.ended(), 'SIGKILL');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint: { cursor: string; figures: object } };
  assert.ok(checkpoint.cursor !== null);
  const there = (await to.count()).sessions;
  assert.ok(there > 0 && there < 7950, `${there} sessions were there when it was killed`);

  const resumed = run('--resume', FILE);
  assert.equal(await resumed.ended(), 0, resumed.output());
  assert.match(resumed.output(), /Verified: /);
  assert.deepEqual(await contentsOf(to), await contentsOf(from));
  assert.equal(existsSync(file), false);
});

test('following takes over what people do until Ctrl-C, which makes a last pass', async (t) => {
  const { from, to, run } = await twoStores(t, 300);
  const command = run('--follow');
  await command.says('following what people do');
  const [late, last] = [session(1), session(2)];
  await from.create(late);
  await waitUntil('the follower has taken it over', async () => (await to.read(late.id)).status === 'live');
  await from.take(late.id, { reason: 'signed-out', at: Date.now() });
  await from.create(last);
  command.child.kill('SIGINT');
  assert.equal(await command.ended(), 0, command.output());
  assert.match(command.output(), /One last pass/);
  assert.equal((await to.read(late.id)).status, 'ended');
  assert.deepEqual(await contentsOf(to), await contentsOf(from));
});

test('Ctrl-C while copying stops at once and says how to go on', async (t) => {
  const { directory, from, to, run } = await twoStores(t, 8000);
  const stopped = run();
  await waitUntil('it has begun', () => existsSync(join(directory, FILE)), { everyMs: 1 });
  stopped.child.kill('SIGINT');
  assert.equal(await stopped.ended(), 1);
  assert.match(stopped.output(), /Stopped; go on with: holdfast migrate-store --resume holdfast-migration\.json/);
  assert.equal(await run('--resume', FILE).ended(), 0);
  assert.deepEqual(await contentsOf(to), await contentsOf(from));
});

test('a dry run writes nothing', async (t) => {
  const { directory, to, run } = await twoStores(t, 100);
  const command = run('--dry-run');
  assert.equal(await command.ended(), 0);
  assert.match(command.output(), /Would be copied: 90\nWould be ended: 10\n/);
  assert.equal((await contentsOf(to)).length, 0);
  assert.equal(existsSync(join(directory, FILE)), false);
});

test('to Redis, on to PostgreSQL and back into a file, without a password anywhere', async (t) => {
  const [redis, postgres] = await Promise.all([
    startRedis({ password: 'sesame-of-redis' }),
    startPostgres({ password: 'sesame-of-postgres' }),
  ]);
  t.after(() => Promise.all([redis.stop(), postgres.stop()]));
  const { directory, from, to, run } = await twoStores(t, 1000);
  const environment = { REDIS: redis.url, POSTGRES: await postgres.createDatabase('sessions') };
  const ways = [
    [`sqlite:${from.path}`, 'env:REDIS'],
    ['env:REDIS', 'env:POSTGRES'],
    ['env:POSTGRES', `sqlite:${to.path}`],
  ];
  for (const [source, target] of ways) {
    const command = startCommand(t, ['migrate-store', '--from', source as string, '--to', target as string], {
      environment,
      directory,
    });
    assert.equal(await command.ended(), 0, command.output());
    assert.match(command.output(), /Verified: /);
    assert.doesNotMatch(command.output(), /sesame/);
  }
  assert.deepEqual(await contentsOf(to), await contentsOf(from));

  // The same Redis in front of PostgreSQL, as the service is set up afterwards.
  await (await open(t, redisStore({ url: redis.url, cache: false }))).create(session(1));
  const command = startCommand(t, ['migrate-store', '--from', 'env:REDIS'], {
    environment: { REDIS: redis.url, REDIS_URL: redis.url, DATABASE_URL: environment.POSTGRES },
    directory,
  });
  assert.equal(await command.ended(), 0, command.output());
  assert.doesNotMatch(command.output(), /sesame/);
  const back = await open(t, postgresStore({ url: environment.POSTGRES, cache: false }));
  assert.equal((await back.count()).sessions, 951);

  const wrong = run('--to', redis.url.replace('sesame', 'sesam'));
  assert.equal(await wrong.ended(), 1);
  assert.match(wrong.output(), /write --to env:NAME instead/);
  assert.doesNotMatch(wrong.output(), /sesam/);
});

test('wrong words are answered in one sentence', async (t) => {
  const { directory, from, run } = await twoStores(t, 1);
  writeFileSync(join(directory, 'broken.json'), '{"from":');
  writeFileSync(join(directory, 'other.json'), '{"from":"sqlite:/a","to":"sqlite:/b"}');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--from', 'sqlite:/nowhere/at/all'], /--from: there is no sessions\.db in \/nowhere\/at\/all; name/],
    [['--to', 'mysql://root@127.0.0.1/x'], /--to: this is no store; write sqlite:/],
    [['--to', 'env:NOT_SET'], /--to: the variable NOT_SET is not set; set it/],
    [['--to', 'redis://127.0.0.1:port'], /--to: url: /],
    [['--to', `sqlite:${from.path}`], /--from and --to are the same store/],
    [['--resume', 'nothing.json'], /there is no file nothing\.json; leave --resume out/],
    [['--resume', 'broken.json'], /broken\.json cannot be read as a migration/],
    [['--resume', 'other.json'], /is of a move from sqlite:\/a to sqlite:\/b/],
  ];
  await Promise.all(
    cases.map(async ([words, sentence]) => {
      const command = run(...words);
      assert.equal(await command.ended(), 64, command.output());
      assert.match(command.output(), sentence);
    }),
  );
});

interface TwoStores {
  readonly directory: string;
  readonly from: ReturnType<typeof sqliteIn>;
  readonly to: ReturnType<typeof sqliteIn>;
  /** The command from one to the other; words that are given again count. */
  run(...words: string[]): Command;
}

async function twoStores(t: TestContext, sessions: number): Promise<TwoStores> {
  const directory = workDirectory(t);
  const [from, to] = [sqliteIn(t, directory, 'from'), sqliteIn(t, directory, 'to')];
  await fill(from, sessions);
  return {
    directory,
    from,
    to,
    run: (...words) =>
      startCommand(t, ['migrate-store', '--from', `sqlite:${from.path}`, '--to', `sqlite:${to.path}`, ...words], {
        environment: {},
        directory,
      }),
  };
}

async function open<T extends TransferableStore>(t: TestContext, opening: Promise<T>): Promise<T> {
  const store = await opening;
  t.after(() => store.close());
  return store;
}
