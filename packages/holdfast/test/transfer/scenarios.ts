/** What holds for every two stores between which sessions move. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { type MigrationProgress, migrateSessions } from '../../src/transfer/index.ts';
import { backup, clock, restore } from './backed-up.ts';
import { acting, crowd } from './crowd.ts';
import { assertSame, contents, populate } from './population.ts';
import type { OpenStore } from './store-kinds.ts';

/** The name of the kind and how to open it, twice: from and to. */
export type Pair = readonly [string, OpenStore, string, OpenStore];

/** Registers the tests of a migration. */
export function movesBetween([kindFrom, openFrom, kindTo, openTo]: Pair): void {
  describe(`from ${kindFrom} to ${kindTo}`, () => {
    test('everything is there afterwards, and a second run changes nothing', async (t) => {
      const [from, to] = [await openFrom(t), await openTo(t)];
      await populate(from, 120);
      const held = await contents(from);
      const tombstones = [...held.values()].filter((entry) => 'tombstone' in entry).length;
      const result = await migrateSessions({ from, to, batchSize: 33, clock });
      await assertSame(from, to);
      const { sessions } = await from.count();
      assert.deepEqual(
        { ...result, checkpoint: null },
        {
          finished: true,
          verified: true,
          passes: 2,
          copied: held.size - tombstones,
          ended: tombstones,
          skipped: 0,
          refused: 0,
          changed: 0,
          undecodable: 0,
          missing: 0,
          missingIds: [],
          differing: 0,
          counts: { from: sessions, to: sessions },
          checkpoint: null,
        },
      );
      assert.equal((await migrateSessions({ from, to, clock })).verified, true);
      await assertSame(from, to);
    });

    test('what is newer or has ended in the target stays', async (t) => {
      const [from, to] = [await openFrom(t), await openTo(t)];
      const [older, ended, touched] = [sampleRecord(), sampleRecord(), sampleRecord()];
      for (const record of [older, ended, touched]) await from.create(record);
      await to.create(older);
      await to.update(older.id, { set: { written: 'in the target' } });
      await to.create(ended);
      const tombstone = { reason: 'revoked', at: START } as const;
      await to.take(ended.id, tombstone);
      await to.create(touched);
      await from.touch(touched.id, START + 5, START + 3600_005);
      const result = await migrateSessions({ from, to, clock });
      assert.deepEqual([result.verified, result.skipped], [true, 2]);
      const there = await contents(to);
      assert.deepEqual(there.get(ended.id), { id: ended.id, tombstone });
      const [kept, moved] = [there.get(older.id), there.get(touched.id)];
      assert.deepEqual(kept && 'record' in kept && kept.record.data, { written: 'in the target' });
      assert.equal(moved && 'record' in moved && moved.record.lastSeenAt, START + 5);
    });
  });
}

/** Registers the tests of a migration that follows, with a seed for each run. */
export function followsBetween([kindFrom, openFrom, kindTo, openTo]: Pair, seeds: readonly number[]): void {
  describe(`from ${kindFrom} to ${kindTo}`, () => {
    for (const seed of seeds) {
      test(`whatever people do while a follower runs is in the target when it stops (${seed})`, async (t) => {
        const [from, to] = [await openFrom(t), await openTo(t)];
        const people = await crowd(from, seed);
        const finish = new AbortController();
        let batches = 0;
        const onProgress = ({ phase }: MigrationProgress): void => {
          batches++;
          // From now on nobody writes any more, as when the service is stopped.
          if (phase === 'comparing' && batches > 40) finish.abort();
        };
        const act = async (): Promise<void> => {
          if (!finish.signal.aborted) await people.act();
        };
        const result = await migrateSessions({
          from: acting(from, act),
          to: acting(to, act),
          batchSize: 7,
          inFlight: 5,
          follow: finish.signal,
          onProgress,
          pause: act,
          clock,
        });
        assert.deepEqual([result.finished, result.verified, result.missing], [true, true, 0]);
        assert.ok(people.acts() > 150, `${people.acts()} things happened meanwhile`);
        await assertSame(from, to);
      });
    }
  });
}

/** Registers the tests of a backup. */
export function backsUpBetween([kindFrom, openFrom, kindTo, openTo]: Pair): void {
  describe(`from ${kindFrom} to ${kindTo}`, () => {
    test('everything that is not over comes back', async (t) => {
      const [from, to] = [await openFrom(t), await openTo(t)];
      await populate(from, 150);
      const held = [...(await contents(from)).values()];
      const { bytes, result } = await backup(from);
      assert.equal(result.bytes, bytes.length);
      const restored = await restore(bytes, to);
      const wanted = held.filter((entry) => 'tombstone' in entry || entry.record.expiresAt > START);
      assert.deepEqual([...(await contents(to)).values()], wanted);
      assert.equal(restored.finished, true);
      // Restored once more, it changes nothing.
      await restore(bytes, to);
      assert.deepEqual([...(await contents(to)).values()], wanted);
    });

    test('what is newer or has ended in the store stays', async (t) => {
      const [from, to] = [await openFrom(t), await openTo(t)];
      const [newer, ended] = [sampleRecord(), sampleRecord()];
      for (const store of [from, to]) for (const record of [newer, ended]) await store.create(record);
      const { bytes } = await backup(from);
      await to.update(newer.id, { set: { later: true } });
      await to.take(ended.id, { reason: 'signed-out', at: START });
      const before = await contents(to);
      const { skipped, restored } = await restore(bytes, to);
      assert.deepEqual({ skipped, restored }, { skipped: 2, restored: 0 });
      assert.deepEqual(await contents(to), before);
    });
  });
}
