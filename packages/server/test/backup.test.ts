/** `holdfast backup` and `holdfast restore` as people run them. */
import assert from 'node:assert/strict';
import { createWriteStream, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateSecret } from 'holdfast';
import { backupStore } from 'holdfast/transfer';
import { contentsOf, fill, sqliteIn, workDirectory } from './harness/filled-store.ts';
import { type Command, startCommand } from './harness/process.ts';

const KEY = generateSecret();

test('a backup is one file for its owner alone, and brings everything back', async (t) => {
  const directory = workDirectory(t);
  const [from, to] = [sqliteIn(t, directory, 'from'), sqliteIn(t, directory, 'to')];
  await fill(from, 2000);
  const run = (...words: string[]): Command => startCommand(t, words, { environment: { BACKUP_KEY: KEY }, directory });
  const made = run('backup', '--from', `sqlite:${from.path}`, '--to', 'x.backup');
  assert.equal(await made.ended(), 0, made.output());
  assert.match(made.output(), /x\.backup: 1950 records and 50 ends of sqlite:.*, key [0-9a-f]{8}\n/);
  assert.equal(statSync(join(directory, 'x.backup')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory).sort(), ['from', 'to', 'x.backup']);

  const restored = run('restore', '--from', 'x.backup', '--to', `sqlite:${to.path}`);
  assert.equal(await restored.ended(), 0, restored.output());
  assert.match(restored.output(), /Restored: 1950\nEnded: 50\n/);
  assert.deepEqual(await contentsOf(to), await contentsOf(from));

  const again = run('backup', '--from', `sqlite:${from.path}`, '--to', 'x.backup');
  assert.equal(await again.ended(), 64);
  assert.match(again.output(), /x\.backup is there already; --force replaces it/);
  assert.equal(await run('backup', '--from', `sqlite:${from.path}`, '--to', 'x.backup', '--force').ended(), 0);
  for (const command of [made, restored, again]) assert.ok(!command.output().includes(KEY));
});

test('without --from and --to it is the store that the service is set up with', async (t) => {
  const directory = workDirectory(t);
  const [from, to] = [sqliteIn(t, directory, 'from'), sqliteIn(t, directory, 'to')];
  await fill(from, 30);
  const run = (data: string, ...words: string[]): Command =>
    startCommand(t, words, { environment: { BACKUP_KEY_FILE: 'key', DATA_DIR: data }, directory });
  writeFileSync(join(directory, 'key'), `${KEY}\n`);
  const made = run('from', 'backup', '--to', 'x.backup');
  assert.equal(await made.ended(), 0, made.output());
  const restored = run('to', 'restore', '--from', 'x.backup');
  assert.equal(await restored.ended(), 0, restored.output());
  assert.deepEqual(await contentsOf(to), await contentsOf(from));
});

test('what cannot be restored is told in one sentence, with what was restored until then', async (t) => {
  const directory = workDirectory(t);
  const [from, to] = [sqliteIn(t, directory, 'from'), sqliteIn(t, directory, 'to')];
  await fill(from, 1000);
  const path = join(directory, 'x.backup');
  await backupStore({ from, to: createWriteStream(path), key: KEY });
  const whole = readFileSync(path);
  const altered = Buffer.from(whole);
  altered[whole.length - 30] = (altered[whole.length - 30] as number) ^ 1;
  const newer = Buffer.from(whole);
  newer[8] = 9;
  const old = join(directory, 'old.backup');
  await backupStore({ from, to: createWriteStream(old), key: KEY, clock: () => Date.now() - 2 * 86_400_000 });
  mkdirSync(join(directory, 'folder'));
  const files: Readonly<Record<string, Buffer>> = {
    'altered.backup': altered,
    'short.backup': whole.subarray(0, whole.length - 200),
    'newer.backup': newer,
    'other.txt': Buffer.from('hello'),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['altered.backup', KEY, /was changed since it was made[\s\S]*Until then:\nRestored: [1-9]/],
    ['short.backup', KEY, /ends before its end[\s\S]*Until then:\nRestored: [1-9]/],
    ['newer.backup', KEY, /newer version of holdfast[\s\S]*Nothing was restored/],
    ['other.txt', KEY, /not a backup of holdfast[\s\S]*Nothing was restored/],
    ['x.backup', generateSecret(), /made with another key: set BACKUP_KEY[\s\S]*Nothing was restored/],
    ['old.backup', KEY, /more than a day old[\s\S]*--accept-old[\s\S]*Nothing was restored/],
    ['missing.backup', KEY, /missing\.backup: there is no such file/],
    ['folder', KEY, /folder: this is a directory; name a file/],
  ];
  for (const [name, key, sentence] of cases) {
    const command = startCommand(t, ['restore', '--from', name, '--to', `sqlite:${to.path}`], {
      environment: { BACKUP_KEY: key },
      directory,
    });
    assert.equal(await command.ended(), 1, command.output());
    assert.match(command.output(), sentence);
  }
  const accepted = startCommand(t, ['restore', '--from', 'old.backup', '--to', `sqlite:${to.path}`, '--accept-old'], {
    environment: { BACKUP_KEY: KEY },
    directory,
  });
  assert.equal(await accepted.ended(), 0, accepted.output());
});

test('a missing key, a weak one and the one that signs sessions are refused', async (t) => {
  const directory = workDirectory(t);
  const from = sqliteIn(t, directory, 'from');
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{}, /BACKUP_KEY: no key for backups is set\n +fix: make one with: holdfast keys generate/],
    [{ BACKUP_KEY: 'short' }, /BACKUP_KEY: the secret has 5 bytes/],
    [{ BACKUP_KEY: KEY, SESSION_SECRET: `${generateSecret()},${KEY}` }, /the same as SESSION_SECRET/],
  ];
  for (const [environment, sentence] of cases) {
    const command = startCommand(t, ['backup', '--from', `sqlite:${from.path}`, '--to', 'x.backup'], {
      environment,
      directory,
    });
    assert.equal(await command.ended(), 78, command.output());
    assert.match(command.output(), sentence);
    assert.ok(!command.output().includes(KEY));
  }
  assert.deepEqual(readdirSync(directory), ['from']);
});

test('a backup that fails or is stopped leaves no file', async (t) => {
  const directory = workDirectory(t);
  const from = sqliteIn(t, directory, 'from');
  await fill(from, 8000);
  const run = (to: string): Command =>
    startCommand(t, ['backup', '--from', `sqlite:${from.path}`, '--to', to], {
      environment: { BACKUP_KEY: KEY },
      directory,
    });
  const nowhere = run('missing/x.backup');
  assert.equal(await nowhere.ended(), 1);
  assert.match(nowhere.output(), /missing\/x\.backup: there is no such file or directory/);
  const full = run('/dev/full/x.backup');
  assert.equal(await full.ended(), 1);
  const stopped = run('x.backup');
  const begun = (): boolean => readdirSync(directory).some((name) => name.startsWith('x.backup.partial'));
  while (!begun()) await new Promise((resolve) => setTimeout(resolve, 1));
  stopped.child.kill('SIGTERM');
  assert.equal(await stopped.ended(), 1);
  assert.match(stopped.output(), /Stopped; no backup was written/);
  assert.deepEqual(readdirSync(directory), ['from']);
});
