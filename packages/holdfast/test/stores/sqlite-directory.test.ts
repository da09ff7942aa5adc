/** ST7: where the session file lies is checked at the start, repaired where it can be, and refused with the fix. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { networkFileSystem } from '../../src/stores/sqlite/network-file-system.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { sqliteDirectory } from './sqlite-directory.ts';

const NOBODY = 65534;

test('ST7: directories are made 0700 and files 0600, whatever the umask says', async (context) => {
  const directory = sqliteDirectory(context);
  const before = process.umask(0);
  context.after(() => process.umask(before));
  const made = join(directory.path, 'data');
  const store = sqliteStore({ directory: made });
  await store.create(sampleRecord());
  assert.equal(modeOf(made), '700');
  for (const suffix of ['', '-wal', '-shm']) assert.equal(modeOf(join(made, `sessions.db${suffix}`)), '600', suffix);
  await store.close();
});

test('ST7: permissions that let others in are repaired', async (context) => {
  const directory = sqliteDirectory(context);
  const first = directory.open();
  await first.create(sampleRecord());
  const files = ['', '-wal', '-shm'].map((suffix) => `${directory.file}${suffix}`);
  for (const file of files) chmodSync(file, 0o666);
  chmodSync(directory.path, 0o755);
  directory.open();
  assert.equal(modeOf(directory.path), '700');
  for (const file of files) assert.equal(modeOf(file), '600', file);
});

test('ST7: a directory shared with the whole system is refused and left as it is', (context) => {
  const directory = sqliteDirectory(context);
  chmodSync(directory.path, 0o1777);
  assert.throws(() => directory.open(), { code: 'store-unusable', message: /shared with the whole system/ });
  assert.equal(modeOf(directory.path), '1777');
});

test('ST7: a directory or file of another user is refused with both ways out', (context) => {
  const directory = sqliteDirectory(context);
  const file = { code: 'store-unusable', message: /sessions\.db belongs to user \d+ .* run it as user \d+, or chown/ };
  const folder = { code: 'store-unusable', message: /belongs to user \d+ and this process runs as user \d+/ };
  if (process.geteuid?.() !== 0) {
    // Without root nothing can be given away; the system's own directories belong to somebody else, though.
    assert.throws(() => sqliteStore({ directory: '/usr' }), folder);
    return;
  }
  directory.open().close();
  chownSync(directory.file, NOBODY, NOBODY);
  assert.throws(() => directory.open(), file);
  chownSync(directory.path, NOBODY, NOBODY);
  assert.throws(() => directory.open(), folder);
});

test('a directory that is a file, or cannot be written to, is refused with the fix', (context) => {
  const directory = sqliteDirectory(context);
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  const isFile = { code: 'store-unusable', message: /a file, not a directory: name a directory of its own/ };
  assert.throws(() => sqliteStore({ directory: file }), isFile);
  assert.throws(() => sqliteStore({ directory: join(file, 'under') }), isFile);
  mkdirSync(join(directory.path, 'sessions.db'));
  assert.throws(() => directory.open(), { code: 'store-unusable', message: /is not a regular file/ });
  // A kernel file system that nobody, not even root, can make a directory on.
  const nowhere = { code: 'store-unusable', message: /lies in a directory that does not exist: mount or create / };
  assert.throws(() => sqliteStore({ directory: '/proc/sessions' }), nowhere);
});

test('no more than the last part of the path is made, because a mount that is missing must not be written around', (context) => {
  const directory = sqliteDirectory(context);
  const missing = join(directory.path, 'mount', 'sessions');
  assert.throws(() => sqliteStore({ directory: missing }), {
    code: 'store-unusable',
    message: /mount or create .*mount$/,
  });
  assert.ok(!existsSync(join(directory.path, 'mount')));
});

test('options that cannot work are refused by name', (context) => {
  const { path } = sqliteDirectory(context);
  assert.throws(() => sqliteStore({ directory: '' }), { code: 'invalid-option', message: /^directory:/ });
  for (const fileName of ['', '..', '../sessions.db', 'a/b']) {
    assert.throws(() => sqliteStore({ directory: path, fileName }), { code: 'invalid-option', message: /^fileName:/ });
  }
  for (const deadlineMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => sqliteStore({ directory: path, deadlineMs }), {
      code: 'invalid-option',
      message: /^deadlineMs:/,
    });
  }
});

test('network file systems are recognised by type, signed or not, and local ones are not', () => {
  assert.equal(networkFileSystem(0x6969), 'NFS');
  assert.equal(networkFileSystem(0xff534d42), 'CIFS');
  assert.equal(networkFileSystem(0xff534d42 - 2 ** 32), 'CIFS');
  assert.equal(networkFileSystem(0xfe534d42n), 'SMB2');
  // ext4, tmpfs, btrfs, xfs, overlayfs
  for (const local of [0xef53, 0x01021994, 0x9123683e, 0x58465342, 0x794c7630]) {
    assert.equal(networkFileSystem(local), null);
  }
});

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}
