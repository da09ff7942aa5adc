/** API keys: made once, stored as a hash, refused when revoked, and listed without what opens anything. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { StoreUnreachableError } from 'holdfast';
import { bearerOf, formatApiKey, newApiKey, parseApiKey } from '../src/api-keys/api-key.ts';
import { type ApiKeys, createApiKeys } from '../src/api-keys/api-keys.ts';
import { ACCOUNTS_DATABASES } from './harness/accounts-databases.ts';
import { startCommand } from './harness/process.ts';
import { startService } from './harness/service.ts';
import { OTHER_SHOP, SHOP, withKey } from './harness/tickets.ts';

const DEADLINE_MS = 5000;

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; !(await holds()); )
    assert.ok(Date.now() < deadline, 'waited too long');
}

test('a key is an id and 256 bits; other texts and other schemes are none', () => {
  const parts = newApiKey();
  const key = formatApiKey(parts);
  assert.match(key, /^hfk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(parseApiKey(key), parts);
  for (const text of ['', 'hfk_', key.slice(1), ` ${key}`, `${key}=`, `${key}\n`, key.replace('hfk', 'HFK')]) {
    assert.equal(parseApiKey(text), null, text);
  }
  assert.equal(bearerOf(`Bearer ${key}`), key);
  assert.equal(bearerOf(`bearer   ${key}`), key);
  for (const header of [undefined, '', key, `Basic ${key}`, `Bearer${key}`]) assert.equal(bearerOf(header), null);
  assert.equal(bearerOf('Bearer'), '');
});

for (const database of ACCOUNTS_DATABASES) {
  describe(`API keys in ${database.name}`, () => {
    test('one is known by every process until it is revoked, and at most 5 seconds longer', async (context) => {
      const open = await database.fresh(context);
      let now = 1_700_000_000_000;
      const clock = (): number => now;
      const [here, there] = [createApiKeys(await open(), clock), createApiKeys(await open(), clock)];
      const { id, key } = await here.create({ name: 'shop', origins: [SHOP, OTHER_SHOP] });
      const good = { id, name: 'shop', origins: [SHOP, OTHER_SHOP] };
      assert.deepEqual(await there.verify(key), good);
      assert.equal(await there.verify(`${key.slice(0, -1)}${key.endsWith('A') ? 'Q' : 'A'}`), null);
      assert.equal(await there.verify(formatApiKey(newApiKey())), null);
      assert.equal(await here.revoke(id), 'revoked');
      assert.equal(await here.verify(key), null);
      now += 5000;
      assert.equal(await there.verify(key), null);
      assert.equal(await there.revoke(id), 'revoked-before');
      assert.equal(await there.revoke('0123456789ab'), 'absent');
      const [listed] = await there.list();
      assert.deepEqual(
        { ...listed, lastUsedAt: 0 },
        { ...good, createdAt: now - 5000, lastUsedAt: 0, revokedAt: now - 5000 },
      );
    });

    test('its use is noted, at most once a minute, and no secret is stored', async (context) => {
      const backend = await (await database.fresh(context))();
      let now = 1_700_000_000_000;
      const keys: ApiKeys = createApiKeys(backend, () => now);
      const { key } = await keys.create({ name: 'shop', origins: [SHOP] });
      const lastUsed = async (): Promise<number | null | undefined> => (await keys.list())[0]?.lastUsedAt;
      assert.equal(await lastUsed(), null);
      const first = now;
      await keys.verify(key);
      await until(async () => (await lastUsed()) === first);
      now += 59_999;
      await keys.verify(key);
      await keys.verify(key);
      now += 1;
      await keys.verify(key);
      await until(async () => (await lastUsed()) === first + 60_000);
      const rows = JSON.stringify(await backend.database.selectFrom('api_keys').selectAll().execute());
      assert.ok(!rows.includes(key.slice(-43)));
    });

    test('a database that is gone is no verdict on a key; one known a moment ago still counts', async (context) => {
      const backend = await (await database.fresh(context))();
      let now = 1_700_000_000_000;
      const keys = createApiKeys(backend, () => now);
      const { id, key } = await keys.create({ name: 'shop', origins: [SHOP] });
      assert.equal((await keys.verify(key))?.id, id);
      await backend.close();
      assert.equal((await keys.verify(key))?.id, id);
      await assert.rejects(keys.verify(formatApiKey(newApiKey())), StoreUnreachableError);
      now += 5000;
      await assert.rejects(keys.verify(key), StoreUnreachableError);
    });
  });
}

interface Ran {
  readonly status: number | string;
  readonly text: string;
}

async function run(context: TestContext, directory: string, ...words: string[]): Promise<Ran> {
  const command = startCommand(context, ['api-keys', ...words], { directory, environment: { DATA_DIR: directory } });
  return { status: await command.ended(), text: command.output() };
}

test('holdfast api-keys: create prints the key once, list shows no secret, a running service obeys revoke', async (context) => {
  const running = await startService(context);
  const { directory } = running;
  const empty = await run(context, directory, 'list');
  assert.deepEqual([empty.status, /There are no API keys/.test(empty.text)], [0, true]);

  const made = await run(context, directory, 'create', '--name', 'The shop', '--origin', SHOP, '--origin', OTHER_SHOP);
  assert.equal(made.status, 0, made.text);
  const key = /hfk_\S{56}/.exec(made.text)?.[0] ?? '';
  const id = parseApiKey(key)?.id ?? '';
  assert.match(made.text, new RegExp(`^${key}$`, 'm'), 'on a line of its own');
  assert.equal((await withKey(running.url, key).create({ origin: OTHER_SHOP })).status, 201);

  const listed = await run(context, directory, 'list');
  assert.match(listed.text, new RegExp(`${id} +The shop +${SHOP} ${OTHER_SHOP} +[0-9-]{10} [0-9:]{5} UTC .* good`));
  assert.ok(!listed.text.includes(key.slice(-43)));

  assert.equal((await run(context, directory, 'revoke', 'nonsense')).status, 1);
  const revoked = await run(context, directory, 'revoke', id);
  assert.equal(revoked.status, 0, revoked.text);
  // The service may have looked a moment before.
  const deadline = Date.now() + 10_000;
  while ((await withKey(running.url, key).create()).status !== 401) assert.ok(Date.now() < deadline, 'still good');
  assert.match((await run(context, directory, 'list')).text, /revoked [0-9-]{10}/);
  assert.match((await run(context, directory, 'revoke', id)).text, /was revoked before/);
});

test('holdfast api-keys create says what is wrong with a name or an origin, and makes nothing', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const many = Array.from({ length: 33 }, (_, n) => `https://shop-${n}.example`);
  for (const [words, said] of [
    [
      ['--name', 'shop', '--origin', `${SHOP}/`],
      /"https:\/\/shop\.example\/" is not an origin .* write https:\/\/shop\.example$/m,
    ],
    [['--name', 'shop', '--origin', 'shop.example'], /write https:\/\/shop\.example$/m],
    [['--name', 'shop', '--origin', 'https://*.example'], /is not an origin/],
    [['--name', 'shop', '--origin', 'https://a;b.example'], /is not an origin/],
    [['--name', 'shop', '--origin', 'http://shop.example'], /without TLS/],
    [['--name', 'shop', ...many.flatMap((origin) => ['--origin', origin])], /--origin: .* at most 32 origins/],
    [['--name', ' ', '--origin', SHOP], /--name has 1 to 100 characters/],
    [['--name', 'shop'], /--origin/],
    [['--origin', SHOP], /--name/],
  ] as const) {
    const { status, text } = await run(context, directory, 'create', ...words);
    assert.equal(status, 64, text);
    assert.match(text, said);
  }
  assert.match((await run(context, directory, 'list')).text, /There are no API keys/);
});
