/** What a store must survive under parallel load: no lost key, no session that comes back, no second winner. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Store } from '../core/store.ts';
import { type Fixture, type StoreHarness, scenarios } from './store/harness.ts';
import { sampleRecord } from './store/sample-record.ts';

/** How long {@link storeTorture} goes on. */
export interface TortureOptions {
  /** How often the two races are run. Default 1000. */
  readonly rounds?: number;
  /** How many ids are fought over in the other two. Default 50. */
  readonly contests?: number;
  /** Handles on the backend that work against each other, where the store can have several. Default 3. */
  readonly handles?: number;
}

const CALLERS = 64;

/** Registers the torture with node:test under the given name. */
export function storeTorture(describeName: string, harness: StoreHarness, options: TortureOptions = {}): void {
  const { rounds = 1000, contests = 50, handles = 3 } = options;
  const scenario = scenarios(harness);
  const several = (fixture: Fixture): Promise<readonly Store[]> =>
    openSeveral(fixture, harness.declared?.['second-handle'] === undefined ? handles : 1);

  describe(describeName, () => {
    scenario('ST10: parallel writers of different keys lose nothing', async (fixture) => {
      const stores = await several(fixture);
      let lost = 0;
      for (let round = 0; round < rounds; round++) {
        const record = sampleRecord();
        await fixture.store.create(record);
        const writers = ['a', 'b', 'c', 'd'];
        await Promise.all(writers.map(async (key, n) => pick(stores, n).update(record.id, { set: { [key]: round } })));
        const read = await pick(stores, round).read(record.id);
        const kept = read.status === 'live' ? read.record.data : {};
        if (writers.some((key) => kept[key] !== round)) lost++;
        if (read.status !== 'live' || read.record.version !== 1 + writers.length) lost++;
      }
      assert.equal(lost, 0, `${lost} of ${rounds} rounds lost a write`);
    });

    scenario('a session that ended while it was read and written never comes back', async (fixture) => {
      const stores = await several(fixture);
      let revived = 0;
      for (let round = 0; round < rounds; round++) {
        const record = sampleRecord();
        await fixture.store.create(record);
        await Promise.all(
          inAnyOrder<unknown>(round, [
            async () => pick(stores, 0).update(record.id, { set: { late: round } }),
            async () => pick(stores, 1).touch(record.id, record.lastSeenAt + 1, record.expiresAt + 1),
            async () => pick(stores, 2).take(record.id, { reason: 'signed-out', at: fixture.time.now }),
            async () => pick(stores, 1).update(record.id, { ifVersion: 1, fields: { generation: 1 } }),
            async () => pick(stores, 0).read(record.id),
            async () => pick(stores, 2).create(record),
          ]),
        );
        for (const store of stores) if ((await store.read(record.id)).status !== 'ended') revived++;
      }
      assert.equal(revived, 0, `${revived} readers in ${rounds} rounds saw it again`);
      assert.deepEqual(await fixture.store.listByUser('user-1'), []);
    });

    scenario(`of ${CALLERS} parallel takers exactly one wins`, async (fixture) => {
      const stores = await several(fixture);
      for (let contest = 0; contest < contests; contest++) {
        const record = sampleRecord();
        await fixture.store.create(record);
        const results = await Promise.all(
          Array.from({ length: CALLERS }, async (_, caller) =>
            pick(stores, caller).take(record.id, { reason: 'already-used', at: fixture.time.now }),
          ),
        );
        assert.equal(results.filter(({ status }) => status === 'taken').length, 1);
        assert.equal(results.filter(({ status }) => status === 'ended').length, CALLERS - 1);
      }
    });

    scenario('of parallel takers one by one and by user each session has one', async (fixture) => {
      const stores = await several(fixture);
      for (let contest = 0; contest < contests; contest++) {
        const tombstone = { reason: 'revoked', at: fixture.time.now } as const;
        const records = Array.from({ length: 4 }, () => sampleRecord({ userId: `user-${contest}` }));
        for (const record of records) await fixture.store.create(record);
        const single = records.map((record, n) => async () => {
          const taken = await pick(stores, n).take(record.id, tombstone);
          return taken.status === 'taken' ? [taken.record] : [];
        });
        const whole = stores.map((store) => async () => store.takeByUser(`user-${contest}`, tombstone));
        const winners = (await Promise.all(inAnyOrder(contest, [...single, ...whole]))).flat();
        assert.deepEqual(winners.map(({ id }) => id).sort(), records.map(({ id }) => id).sort());
      }
    });

    scenario("parallel sign-ins never exceed a user's limit", async (fixture) => {
      const stores = await several(fixture);
      for (let contest = 0; contest < contests; contest++) {
        const onLimit = contest % 2 === 0 ? 'evict-oldest' : 'refuse';
        const userId = `user-${contest}`;
        const results = await Promise.all(
          Array.from({ length: 12 }, async (_, caller) =>
            pick(stores, caller).create(sampleRecord({ userId }), { max: 3, onLimit }),
          ),
        );
        assert.equal((await fixture.store.listByUser(userId)).length, 3);
        const created = results.filter(({ status }) => status === 'created');
        const evicted = results.flatMap((result) => (result.status === 'created' ? result.evicted : []));
        assert.equal(created.length, onLimit === 'refuse' ? 3 : 12);
        assert.equal(new Set(evicted.map(({ id }) => id)).size, onLimit === 'refuse' ? 0 : 9);
      }
    });
  });
}

async function openSeveral(fixture: Fixture, handles: number): Promise<readonly Store[]> {
  const stores = [fixture.store];
  while (stores.length < handles) stores.push(await fixture.another());
  return stores;
}

function pick(stores: readonly Store[], n: number): Store {
  return stores[n % stores.length] as Store;
}

/** Starts the operations in another order each round: where the end comes among them is what matters. */
function inAnyOrder<T>(round: number, operations: readonly (() => Promise<T>)[]): Promise<T>[] {
  const rest = [...operations];
  const started: Promise<T>[] = [];
  for (let n = round; rest.length > 0; n = Math.floor(n / rest.length) + 1) {
    started.push(...rest.splice(n % rest.length, 1).map((start) => start()));
  }
  return started;
}
