/** What the SQLite store does when the file is locked, the disk full or read-only, or a row unreadable. */
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { test } from 'node:test';
import { RETENTION_MS } from '../../src/core/record.ts';
import { openConnection } from '../../src/stores/sqlite/connection.ts';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { prepareDurable, prepareQuick } from '../../src/stores/sqlite/statements.ts';
import { assertUnreachable, START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { sqliteDirectory } from './sqlite-directory.ts';

const clock = (): number => START;

test('while another connection holds the lock, reads go on and writes are unreachable after the deadline', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock, deadlineMs: 60 });
  const record = sampleRecord();
  await store.create(record);
  const other = directory.raw();
  other.exec('BEGIN EXCLUSIVE');
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  const writes = Array.from({ length: 50 }, (_, n) => assertUnreachable(() => store.update(record.id, { set: { n } })));
  await Promise.all([...writes, assertUnreachable(() => store.take(record.id, { reason: 'revoked', at: START }))]);
  assert.match((await store.health()).message, /locked by another process/);
  other.exec('ROLLBACK');
  assert.equal((await store.health()).healthy, true);
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  assert.equal((await store.update(record.id, { set: { a: 1 } })).status, 'updated');
});

test('waiting for a lock does not block the event loop, and the waiting writes are done in order', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock, deadlineMs: 20_000 });
  const record = sampleRecord();
  await store.create(record);
  const other = directory.raw();
  other.exec('BEGIN EXCLUSIVE');
  const started = performance.now();
  const updates = Array.from({ length: 200 }, async (_, n) => store.update(record.id, { set: { n } }));
  assert.ok(performance.now() - started < 100, 'two hundred writes must not each wait for the lock in turn');
  other.exec('COMMIT');
  const versions = (await Promise.all(updates)).map(
    (updated) => updated.status === 'updated' && updated.record.version,
  );
  assert.deepEqual(
    versions,
    Array.from({ length: 200 }, (_, n) => n + 2),
  );
});

test('writes that wait for a lock are told when the store is closed', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock, deadlineMs: 20_000 });
  const other = directory.raw();
  other.exec('BEGIN EXCLUSIVE');
  const waiting = assertUnreachable(() => store.create(sampleRecord()));
  await store.close();
  await waiting;
});

test('on a full disk writes are unreachable with the reason, reads go on, and space brings it back', async (context) => {
  const directory = sqliteDirectory(context);
  const roomy = directory.open({ clock });
  const record = sampleRecord();
  await roomy.create(record);
  // Reaching a connection's page limit is SQLITE_FULL from inside the write, exactly as reaching the disk's end is.
  const [quick, durable] = [
    openConnection(directory.file, 'normal', 1000),
    openConnection(directory.file, 'full', 1000),
  ];
  for (const connection of [quick, durable]) connection.prepare('PRAGMA max_page_count = 1').get();
  const store = new SqliteStore({ file: directory.file, clock, deadlineMs: 1000, quick, durable });
  const large = sampleRecord({ data: { filler: 'x'.repeat(200_000) } });
  const full = { code: 'store-unreachable', message: /is full: free some space/ };
  await assert.rejects(async () => store.create(large), full);
  await assert.rejects(async () => store.update(record.id, { set: large.data }), full);
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  assert.deepEqual(await store.read(large.id), { status: 'absent' });
  assert.equal((await store.update(record.id, { set: { small: 1 } })).status, 'updated');
  for (const connection of [quick, durable]) connection.prepare('PRAGMA max_page_count = 100000').get();
  assert.equal((await store.create(large)).status, 'created');
  store.close();
});

test('a write to a read-only file is unreachable with the reason, and reads go on', async (context) => {
  const directory = sqliteDirectory(context);
  const record = sampleRecord();
  await directory.open({ clock }).create(record);
  const [quick, durable] = [
    openConnection(directory.file, 'normal', 1000),
    openConnection(directory.file, 'full', 1000),
  ];
  const store = new SqliteStore({ file: directory.file, clock, deadlineMs: 1000, quick, durable });
  for (const connection of [quick, durable]) connection.prepare('PRAGMA query_only = ON').get();
  const readOnly = { code: 'store-unreachable', message: /is read-only: mount its disk writable/ };
  await assert.rejects(async () => store.create(sampleRecord()), readOnly);
  await assert.rejects(async () => store.touch(record.id, START + 1, record.expiresAt), readOnly);
  await assert.rejects(async () => store.take(record.id, { reason: 'revoked', at: START }), readOnly);
  assert.deepEqual(await store.read(record.id), { status: 'live', record });
  const health = await store.health();
  assert.deepEqual([health.healthy, /read-only/.test(health.message)], [false, true]);
  store.close();
});

test('a file that was moved away while in use is unhealthy, since its sessions are lost at the next start', async (context) => {
  const directory = sqliteDirectory(context);
  const store = directory.open({ clock });
  assert.equal((await store.health()).healthy, true);
  renameSync(directory.file, `${directory.file}.moved`);
  const health = await store.health();
  assert.equal(health.healthy, false);
  assert.match(health.message, /moved or deleted while in use/);
});

test('rows that cannot be understood are undecodable, left alone, and not listed, counted or swept', async (context) => {
  const directory = sqliteDirectory(context);
  const time = { now: START };
  const store = directory.open({ clock: () => time.now });
  const db = directory.raw();
  const damages = [
    'data = \'{"a":\'',
    "data = '[1]'",
    'data = NULL',
    "amr = 'pwd'",
    "amr = '[1]'",
    'version = NULL',
    "created_at = 'yesterday'",
    "expires_at = 'never'",
    'key_id = NULL',
    'format = 2',
    "ended_reason = 'bored', ended_at = 1",
    "ended_reason = 'revoked', ended_at = NULL",
  ];
  for (const damage of damages) {
    const record = sampleRecord();
    await store.create(record);
    db.exec(`UPDATE sessions SET ${damage} WHERE id = '${record.id}'`);
    const read = await store.read(record.id);
    assert.equal(read.status, 'undecodable', damage);
    assert.equal((await store.update(record.id, { set: { a: 1 } })).status, 'undecodable', damage);
    assert.equal((await store.take(record.id, { reason: 'revoked', at: START })).status, 'undecodable', damage);
    assert.deepEqual(await store.create(record), { status: 'exists' }, damage);
    assert.deepEqual(await store.listByUser('user-1'), [], damage);
    assert.equal((await store.read(record.id)).status, 'undecodable', damage);
  }
});

test('a sweep goes in batches and leaves what it cannot read', async (context) => {
  const directory = sqliteDirectory(context);
  const time = { now: START };
  const store = directory.open({ clock: () => time.now });
  const broken = sampleRecord();
  await store.create(broken);
  for (let n = 0; n < 25; n++) await store.create(sampleRecord());
  const db = directory.raw();
  db.exec(`UPDATE sessions SET data = '{' WHERE id = '${broken.id}'`);
  assert.equal((await store.count()).sessions, 25);
  time.now = broken.expiresAt + RETENTION_MS;
  const removed: number[] = [];
  for (let n = 0; n < 4; n++) removed.push((await store.sweep(10)).removed);
  assert.deepEqual(removed, [10, 10, 5, 0]);
  assert.deepEqual({ ...db.prepare('SELECT id FROM sessions').get() }, { id: broken.id });
});

test('listing, counting and sweeping start from an index, never from the whole table', (context) => {
  const directory = sqliteDirectory(context);
  directory.open();
  const db = directory.raw();
  const plans: string[] = [];
  const recorder = {
    prepare(sql: string): StatementSync {
      const places = Array<number>(sql.split('?').length - 1).fill(0);
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...places);
      plans.push(...steps.map(({ detail }) => String(detail)).filter((detail) => detail.includes('sessions')));
      return db.prepare(sql);
    },
  };
  prepareQuick(recorder);
  prepareDurable(recorder);
  assert.deepEqual(
    plans.filter((plan) => plan.startsWith('SCAN')),
    [],
  );
  for (const index of ['INDEX sessions_by_user', 'INDEX sessions_by_expiry', 'INDEX tombstones_by_end']) {
    assert.ok(
      plans.some((plan) => plan.includes(index)),
      `${index}: ${plans.join(' | ')}`,
    );
  }
});

test('a file of a newer version, of another application, or of no database is refused with the fix', (context) => {
  const directory = sqliteDirectory(context);
  directory.open().close();
  const db = directory.raw();
  db.exec('PRAGMA user_version = 99');
  assert.throws(() => directory.open(), { code: 'store-unusable', message: /written by a newer version \(schema 99/ });
  db.exec('PRAGMA application_id = 1');
  assert.throws(() => directory.open(), { code: 'store-unusable', message: /belongs to another application/ });
  db.exec('PRAGMA application_id = 0; PRAGMA user_version = 0');
  assert.throws(() => directory.open(), { code: 'store-unusable', message: /belongs to another application/ });
  writeFileSync(join(directory.path, 'other.db'), 'not a database at all, but long enough to look like one'.repeat(30));
  const other = { code: 'store-unusable', message: /is not a session database: move it away/ };
  assert.throws(() => directory.open({ fileName: 'other.db' }), other);
});
