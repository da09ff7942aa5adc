/** What accounts are made of: addresses, passwords, hashes, the queue, the file. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StoreUnreachableError } from 'holdfast';
import { sql } from 'kysely';
import { accountsHealth } from '../src/accounts/accounts-health.ts';
import { emailKey } from '../src/accounts/email.ts';
import { createHashQueue, QueueFullError } from '../src/accounts/hash-queue.ts';
import { hashPassword, verifyPassword } from '../src/accounts/password-hash.ts';
import { passwordProblem } from '../src/accounts/password-rules.ts';
import { openSqliteAccounts } from '../src/accounts/sqlite-accounts.ts';
import { createUsers } from '../src/accounts/users.ts';
import { ACCOUNTS_DATABASES } from './harness/accounts-databases.ts';
import { temporaryDirectory } from './harness/service.ts';

const CHEAP = { memoryKib: 64, passes: 1, parallelism: 1 };

test('AU9: spellings of one address have one key', () => {
  for (const spelling of ['ada@example.test', ' Ada@Example.TEST ', 'ADA@EXAMPLE.TEST', 'ａｄａ@example.test']) {
    assert.equal(emailKey(spelling), 'ada@example.test');
  }
  assert.equal(emailKey('STRASSE@x.test'), emailKey('straße@x.test'));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => emailKey(emailKey(text)) === emailKey(text)));
});

test('AU13, AU14: common, monotonous and self-telling passwords are refused, any others are taken', () => {
  for (const bad of [
    'password',
    'PassWord1',
    'qwertyuiop',
    'aaaaaaaaaaaa',
    'abababababab',
    'ada@example.test',
    'ADA@example.test',
  ]) {
    assert.notEqual(passwordProblem(bad, 'ada@example.test'), null, bad);
  }
  assert.notEqual(passwordProblem('half a pair \ud800', 'a@b.test'), null);
  for (const good of ['korrekt häst batteri', '        x y z', '密码密码一二三四', '👩‍🚀 to the moon']) {
    assert.equal(passwordProblem(good, 'ada@example.test'), null, good);
  }
});

test('AU15: a hash verifies its own password and no other, and costs what is recommended', async () => {
  const hash = await hashPassword('correct horse 9');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword('correct horse 9', hash), true);
  assert.equal(await verifyPassword('correct horse 9 ', hash), false);
  assert.notEqual(await hashPassword('x', CHEAP), await hashPassword('x', CHEAP), 'every hash has a salt of its own');
  for (const broken of ['', 'x', '$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA', hash.slice(0, 60)]) {
    assert.equal(await verifyPassword('correct horse 9', broken), false, broken);
  }
});

test('AU13: every character of a long password counts, and no form of it is changed', async () => {
  const long = 'x'.repeat(255);
  const hash = await hashPassword(`${long}a`, CHEAP);
  assert.equal(await verifyPassword(`${long}a`, hash), true);
  assert.equal(await verifyPassword(`${long}b`, hash), false);
  const composed = await hashPassword('caf\u00e9 caf\u00e9', CHEAP);
  assert.equal(await verifyPassword('cafe\u0301 cafe\u0301', composed), false);
});

test('DO5: the queue runs so many at once, in order, and refuses when too many wait', async () => {
  const queue = createHashQueue({ concurrency: 2, waiting: 2 });
  const started: number[] = [];
  const release: (() => void)[] = [];
  const job = (n: number) => () =>
    new Promise<number>((resolve) => {
      started.push(n);
      release.push(() => resolve(n));
    });
  const results = [1, 2, 3, 4].map((n) => queue.run(job(n)));
  await assert.rejects(queue.run(job(5)), (error) => error instanceof QueueFullError && error.retryAfterSeconds >= 1);
  assert.deepEqual(started, [1, 2]);
  release[0]?.();
  assert.equal(await results[0], 1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(started, [1, 2, 3]);
  release[1]?.();
  await results[1];
  await new Promise((resolve) => setImmediate(resolve));
  release[2]?.();
  release[3]?.();
  assert.deepEqual(await Promise.all(results), [1, 2, 3, 4]);
});

test('a job that fails gives its place in the queue back', async () => {
  const queue = createHashQueue({ concurrency: 1, waiting: 1 });
  await assert.rejects(
    queue.run(() => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await queue.run(async () => 'yes'), 'yes');
});

test('ST7: the file is private', async (context) => {
  const path = join(temporaryDirectory(context), 'accounts.db');
  await (await openSqliteAccounts(path)).close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

for (const { name, fresh } of ACCOUNTS_DATABASES) {
  describe(`accounts in ${name}`, () => {
    test('ST9: several processes may bring it up to date at once', async (context) => {
      const open = await fresh(context);
      const handles = await Promise.all(Array.from({ length: 4 }, open));
      const [first, , , last] = handles.map((backend) => createUsers(backend));
      assert.ok(await first?.create({ email: 'ada@x.test', name: null, passwordHash: 'h' }));
      assert.equal((await last?.findByEmail('ADA@x.test'))?.passwordHash, 'h');
    });

    test('one address makes one account, and a change shows in every process within a second', async (context) => {
      const open = await fresh(context);
      let now = 1_000_000;
      const users = createUsers(await open(), { clock: () => now });
      const elsewhere = await open();
      const made = await Promise.all(
        ['Ada@x.test', 'ada@X.test', ' ADA@x.test'].map((email) =>
          users.create({ email, name: null, passwordHash: 'h' }),
        ),
      );
      const [ada] = made.filter((user) => user !== null);
      assert.equal(made.filter((user) => user !== null).length, 1);
      assert.ok(ada);
      assert.deepEqual(await users.byId(ada.id), ada);
      await elsewhere.database.updateTable('users').set({ name: 'Ada' }).where('id', '=', ada.id).execute();
      now += 1000;
      assert.equal((await users.byId(ada.id))?.name, 'Ada');
      assert.equal(await users.byId('nobody'), null);
      const row = await elsewhere.database.selectFrom('users').select('created_at').executeTakeFirstOrThrow();
      assert.equal(row.created_at, 1_000_000);
    });

    test('many asked for at once are all answered, each with its own', async (context) => {
      const open = await fresh(context);
      const users = createUsers(await open());
      const emails = Array.from({ length: 30 }, (_, i) => `u${i}@x.test`);
      const made = await Promise.all(emails.map((email) => users.create({ email, name: null, passwordHash: 'h' })));
      const ids = made.map((user) => user?.id ?? '');
      const reader = createUsers(await open());
      const found = await Promise.all([...ids, 'nobody', ...ids].map(async (id) => (await reader.byId(id))?.email));
      assert.deepEqual(found, [...emails, undefined, ...emails]);
    });

    test('while it does not answer, who was seen within the hour is still known, and nobody else', async (context) => {
      const open = await fresh(context);
      const backend = await open();
      let now = 1_000_000;
      let failures = 0;
      const users = createUsers(backend, { clock: () => now, onFailure: () => void failures++ });
      const ada = await users.create({ email: 'ada@x.test', name: null, passwordHash: 'h' });
      assert.ok(ada);
      assert.deepEqual(await users.byId(ada.id), ada);
      await backend.close();
      for (const later of [1000, 1000, 60_000, 3_000_000]) {
        now += later;
        assert.deepEqual(await users.byId(ada.id), ada);
      }
      assert.ok(failures > 0);
      await assert.rejects(async () => users.byId('somebody'), StoreUnreachableError);
      now += 3_600_000;
      await assert.rejects(async () => users.byId(ada.id), StoreUnreachableError);
    });

    test('its health is tried with a write, and says no when it is closed', async (context) => {
      const open = await fresh(context);
      const backend = await open();
      for (let i = 0; i < 2; i++) assert.equal((await accountsHealth(backend.database)).healthy, true);
      await backend.close();
      assert.equal((await accountsHealth(backend.database)).healthy, false);
      await assert.rejects(createUsers(backend).findByEmail('ada@x.test'), StoreUnreachableError);
      await assert.rejects(async () => createUsers(backend).byId('ada'), StoreUnreachableError);
    });
  });
}

for (const { name, fresh } of ACCOUNTS_DATABASES.slice(1)) {
  test(`${name}: a statement that hangs costs its caller a second, and nobody else anything`, async (context) => {
    const open = await fresh(context);
    const users = await open();
    const holder = await open();
    await holder.database.transaction().execute(async (transaction) => {
      await sql`lock table holdfast.users in access exclusive mode`.execute(transaction);
      await assert.rejects(createUsers(users).findByEmail('ada@x.test'), StoreUnreachableError);
      assert.equal((await accountsHealth(users.database)).healthy, true, 'the connection that hangs is not used again');
    });
    assert.equal(await createUsers(users).findByEmail('ada@x.test'), null);
  });
}

test('processes that make the same new file at the same moment all get it', async (context) => {
  const directory = temporaryDirectory(context);
  const module = new URL('../src/accounts/sqlite-accounts.ts', import.meta.url).href;
  // Each opener says that it is loaded, then opens a file for each line that it is sent.
  const program = `
    const { openAccountsFile } = await import(${JSON.stringify(module)});
    process.on('message', async (path) => {
      try { (await openAccountsFile(path)).close(); process.send('open'); } catch (error) { process.send(error.message); }
    });
    process.send('loaded');`;
  const openers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['-C', 'holdfast-source', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  context.after(() => {
    for (const opener of openers) opener.kill();
  });
  const say = () => Promise.all(openers.map(async (opener) => (await once(opener, 'message'))[0]));
  assert.deepEqual(
    await say(),
    openers.map(() => 'loaded'),
  );
  for (let round = 0; round < 40; round++) {
    const answers = say();
    for (const opener of openers) opener.send(join(directory, `${round}.db`));
    assert.deepEqual(
      await answers,
      openers.map(() => 'open'),
    );
  }
});
