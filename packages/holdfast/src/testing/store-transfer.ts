/** The suite for stores whose sessions can be copied: the contract of `TransferableStore`, sentence by sentence. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Clock } from '../core/crypto.ts';
import { RETENTION_MS, TOMBSTONE_MS } from '../core/record.ts';
import type { Awaitable } from '../core/store.ts';
import type { StoredEntry, TransferableStore } from '../core/transfer.ts';
import { type Fixture, type Scenario, type StoreHarness, scenarios } from './store/harness.ts';
import { sampleId, sampleRecord } from './store/sample-record.ts';

/** A harness whose stores can be copied. */
export interface TransferHarness extends StoreHarness {
  open(clock: Clock): Awaitable<TransferableStore>;
  reopen?(clock: Clock): Awaitable<TransferableStore>;
}

/** Registers the suite with node:test under the given name. */
export function storeTransfer(describeName: string, harness: TransferHarness): void {
  const scenario = scenarios(harness);
  describe(describeName, () => {
    scanning(scenario);
    copying(scenario);
  });
}

function scanning(scenario: Scenario): void {
  scenario('an empty store is scanned in one look', async (fixture) => {
    assert.deepEqual(await all(fixture, 10), []);
  });

  scenario('a scan hands out every record, pointer and tombstone', async (fixture) => {
    const { store, time } = fixture;
    const expected: StoredEntry[] = [];
    for (let n = 0; n < 25; n++) {
      const record = sampleRecord({
        userId: n % 5 === 0 ? null : `user-${n % 7}`,
        data: { n },
        device: { ip: `${n}` },
      });
      await store.create(record);
      expected.push({ id: record.id, record });
    }
    const tombstone = { reason: 'signed-out', at: time.now } as const;
    for (const { id } of expected.splice(0, 5)) {
      await store.take(id, tombstone);
      expected.push({ id, tombstone });
    }
    const pointer = sampleRecord({ movedTo: expected[0]?.id ?? '' });
    await store.create(pointer);
    expected.push({ id: pointer.id, record: pointer });
    for (const limit of [1, 3, 1000]) assert.deepEqual(byId(await all(fixture, limit)), byId(expected), `by ${limit}`);
  });

  scenario(
    'a scan passes over what is past its time, and says what it could not read',
    async (fixture) => {
      const { store, time, corrupt } = fixture;
      const [short, ended, kept, broken] = [sampleRecord(), sampleRecord(), longRecord(), longRecord()];
      for (const record of [short, ended, kept, broken]) await store.create(record);
      await store.take(ended.id, { reason: 'signed-out', at: time.now });
      await corrupt(broken.id);
      time.now += Math.max(TOMBSTONE_MS, 3600_000 + RETENTION_MS);
      assert.deepEqual(await all(fixture, 2, 1), [{ id: kept.id, record: kept }]);
    },
    'undecodable',
  );

  scenario('what is there all the time is handed out, however much comes and goes meanwhile', async (fixture) => {
    const store = transferable(fixture);
    const steady = Array.from({ length: 40 }, (_, n) => sampleRecord({ userId: `steady-${n}` }));
    for (const record of steady) await store.create(record);
    const seen = new Set<string>();
    let cursor: string | null = null;
    for (let round = 0; ; round++) {
      const batch = await store.scan(cursor, 3);
      for (const { id } of batch.entries) seen.add(id);
      const passing = sampleRecord({ userId: `passing-${round}` });
      await store.create(passing);
      await store.update((steady[round % 40] as { id: string }).id, { set: { round } });
      if (round % 2 === 0) await store.delete(passing.id);
      cursor = batch.next;
      if (cursor === null) break;
      assert.ok(round < 100_000, 'the scan has no end');
    }
    assert.deepEqual(
      steady.filter(({ id }) => !seen.has(id)),
      [],
    );
  });
}

function copying(scenario: Scenario): void {
  scenario('a copy is there like a record that was created', async (fixture) => {
    const store = transferable(fixture);
    const record = sampleRecord({
      version: 7,
      data: { a: 1 },
      device: { userAgent: 'B/1' },
      previousKeyId: '01020304',
    });
    assert.equal(await store.put(record), true);
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
    assert.deepEqual(await store.listByUser('user-1'), [record]);
    assert.equal((await store.update(record.id, { ifVersion: 7, set: { b: 2 } })).status, 'updated');
  });

  scenario('a copy replaces an older version and never a newer one', async (fixture) => {
    const store = transferable(fixture);
    const newer = sampleRecord({ version: 5, data: { of: 'five' }, generation: 3 });
    const older = { ...newer, version: 4, data: { of: 'four', gone: true }, device: { ip: '192.0.2.1' } };
    assert.equal(await store.put(older), true);
    assert.equal(await store.put(newer), true);
    assert.deepEqual(await store.read(newer.id), { status: 'live', record: newer });
    assert.equal(await store.put(older), false);
    assert.deepEqual(await store.read(newer.id), { status: 'live', record: newer });
  });

  scenario('over its own version a copy moves the times forward only', async (fixture) => {
    const store = transferable(fixture);
    const record = sampleRecord();
    await store.create(record);
    const later = {
      ...record,
      lastSeenAt: record.lastSeenAt + 9,
      expiresAt: record.expiresAt + 9,
      data: { not: 'this' },
    };
    assert.equal(await store.put(later), true);
    const merged = { ...record, lastSeenAt: later.lastSeenAt, expiresAt: later.expiresAt };
    assert.deepEqual(await store.read(record.id), { status: 'live', record: merged });
    assert.equal(await store.put(record), true);
    assert.deepEqual(await store.read(record.id), { status: 'live', record: merged });
  });

  scenario('a copy that became a pointer leaves the list', async (fixture) => {
    const store = transferable(fixture);
    const record = sampleRecord();
    await store.create(record);
    await store.put({ ...record, version: 2, movedTo: sampleId() });
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario('a copy never revives what has ended', async (fixture) => {
    const store = transferable(fixture);
    const record = sampleRecord();
    const tombstone = { reason: 'revoked', at: fixture.time.now } as const;
    await store.create(record);
    await store.take(record.id, tombstone);
    assert.equal(await store.put({ ...record, version: 99 }), false);
    assert.deepEqual(await store.read(record.id), { status: 'ended', tombstone });
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario('an end is copied over a record, over nothing, and never over an earlier end', async (fixture) => {
    const store = transferable(fixture);
    const record = sampleRecord();
    await store.create(record);
    const tombstone = { reason: 'signed-out', at: fixture.time.now } as const;
    const unknown = sampleId();
    for (const id of [record.id, unknown]) {
      await store.bury(id, tombstone);
      assert.deepEqual(await store.read(id), { status: 'ended', tombstone });
      await store.bury(id, { reason: 'revoked', at: fixture.time.now + 5 });
      assert.deepEqual(await store.read(id), { status: 'ended', tombstone });
      assert.equal((await store.touch(id, fixture.time.now + 1, fixture.time.now + 9)) as boolean, false);
    }
    assert.equal(await store.put(sampleRecord({ id: unknown })), false);
    assert.deepEqual(await store.listByUser('user-1'), []);
  });

  scenario(
    'what cannot be read is neither replaced by a copy nor by an end',
    async (fixture) => {
      const store = transferable(fixture);
      const record = sampleRecord();
      await store.create(record);
      await fixture.corrupt(record.id);
      assert.equal(await store.put({ ...record, version: 9 }), false);
      await store.bury(record.id, { reason: 'revoked', at: fixture.time.now });
      assert.equal((await store.read(record.id)).status, 'undecodable');
    },
    'undecodable',
  );
}

function transferable({ store }: Fixture): TransferableStore {
  assert.ok('scan' in store && 'put' in store && 'bury' in store, 'the store offers no scan, put and bury');
  return store as TransferableStore;
}

async function all(fixture: Fixture, limit: number, undecodable = 0): Promise<StoredEntry[]> {
  const store = transferable(fixture);
  const found = new Map<string, StoredEntry>();
  let passed = 0;
  let cursor: string | null = null;
  do {
    const batch = await store.scan(cursor, limit);
    for (const entry of batch.entries) found.set(entry.id, entry);
    passed += batch.undecodable;
    cursor = batch.next;
  } while (cursor !== null);
  assert.equal(passed, undecodable);
  return [...found.values()];
}

function byId(entries: readonly StoredEntry[]): StoredEntry[] {
  return [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function longRecord(): ReturnType<typeof sampleRecord> {
  return sampleRecord({ expiresAt: sampleRecord().expiresAt + 10 * TOMBSTONE_MS });
}
