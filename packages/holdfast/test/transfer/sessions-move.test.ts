/** Sessions move from any store to any other, and nothing is lost or revived on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnreachableError } from '../../src/core/errors.ts';
import { TOMBSTONE_MS } from '../../src/core/record.ts';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { type MigrationProgress, migrateSessions } from '../../src/transfer/index.ts';
import { assertSame, contents, populate } from './population.ts';
import { movesBetween } from './scenarios.ts';
import { EMBEDDED, pairs } from './store-kinds.ts';

const clock = (): number => START;
const noPause = async (): Promise<void> => {};

for (const pair of pairs(EMBEDDED)) movesBetween(pair);

test('it goes on where it was stopped, however often that happens', async (t) => {
  const [from, to] = [await EMBEDDED.sqlite?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 300);
  let checkpoint: unknown = null;
  let stops = 0;
  for (;;) {
    const stop = new AbortController();
    let batches = 0;
    const onProgress = (progress: MigrationProgress): void => {
      checkpoint = JSON.parse(JSON.stringify(progress.checkpoint));
      if (progress.phase === 'copying' && ++batches === 2) stop.abort();
    };
    const result = await migrateSessions({
      from,
      to,
      batchSize: 20,
      checkpoint,
      onProgress,
      signal: stop.signal,
      clock,
    });
    if (result.finished) {
      assert.equal(result.verified, true);
      // Every entry was copied once: nothing that a checkpoint covers is copied again.
      assert.equal(result.copied + result.ended, (await contents(from)).size);
      break;
    }
    stops++;
  }
  assert.ok(stops >= 5, `stopped ${stops} times`);
  await assertSame(from, to);
});

test('a checkpoint of other stores, of another program or of the day before yesterday is refused', async (t) => {
  const [from, to] = [await EMBEDDED.sqlite?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  const { checkpoint } = await migrateSessions({ from, to, clock });
  const refused = (value: unknown, words: RegExp, at = START): Promise<void> =>
    assert.rejects(migrateSessions({ from, to, checkpoint: value, clock: () => at }), words);
  await refused({ ...checkpoint, from: 'redis' }, /from redis to memory/);
  await refused({ ...checkpoint, cursor: 7 }, /begin without it/);
  await refused('{}', /begin without it/);
  await refused(checkpoint, /more than a day old/, START + TOMBSTONE_MS);
  assert.equal((await migrateSessions({ from, to, checkpoint, clock })).verified, true);
});

test('what is lost on the way is noticed and named', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 50);
  const lost = sampleRecord();
  const unburied = sampleRecord();
  await from.create(lost);
  await from.create(unburied);
  await from.take(unburied.id, { reason: 'signed-out', at: START });
  await to.put(unburied);
  const leaky = wrap(to, {
    put: (record) => (record.id === lost.id ? true : to.put(record)),
    bury: (id, tombstone) => (id === unburied.id ? undefined : to.bury(id, tombstone)),
  });
  const result = await migrateSessions({ from, to: leaky, clock });
  assert.equal(result.verified, false);
  assert.equal(result.missing, 2);
  assert.deepEqual([...result.missingIds].sort(), [lost.id, unburied.id].sort());
});

test('a copy that lost some of its contents is noticed', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 50);
  const forgetful = wrap(to, { put: (record) => to.put({ ...record, device: {} }) });
  const withDevice = [...(await contents(from)).values()].filter(
    (entry) => 'record' in entry && Object.keys(entry.record.device).length > 0,
  );
  assert.equal((await migrateSessions({ from, to: forgetful, clock })).differing, withDevice.length);
});

test('a record that the target cannot hold stops nobody else', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.sqlite?.(t)];
  assert.ok(from && to);
  await populate(from, 20);
  const odd = sampleRecord({ userId: '\ud800' });
  await from.create(odd);
  const result = await migrateSessions({ from, to, clock, follow: 'until-nothing-new' });
  assert.deepEqual([result.verified, result.missingIds], [false, [odd.id]]);
  assert.equal((await contents(to)).size, (await contents(from)).size - 1);
});

test('a dry run says what would be done and writes nothing', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.sqlite?.(t)];
  assert.ok(from && to);
  await populate(from, 100);
  const { copied, ended, verified } = await migrateSessions({ from, to, clock, dryRun: true });
  assert.equal(copied + ended, (await contents(from)).size);
  assert.equal(verified, false);
  assert.equal((await contents(to)).size, 0);
});

test('an outage of half a minute is waited for, a longer one is told with the checkpoint kept', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 100);
  let puts = 0;
  let waited = 0;
  const pause = async (milliseconds: number): Promise<void> => {
    waited += milliseconds;
  };
  const failing = (first: number, last: number): TransferableStore =>
    wrap(to, {
      put: (record) => {
        puts++;
        if (puts >= first && puts < last) throw new StoreUnreachableError('gone for a while');
        return to.put(record);
      },
    });
  const once = await migrateSessions({ from, to: failing(10, 14), clock, pause, inFlight: 1 });
  assert.deepEqual([once.verified, waited], [true, 100 + 200 + 400 + 800]);

  puts = 0;
  let kept: unknown;
  const onProgress = ({ checkpoint }: MigrationProgress): void => {
    kept = checkpoint;
  };
  const forever = migrateSessions({ from, to: failing(40, Infinity), clock, pause, batchSize: 10, onProgress });
  await assert.rejects(forever, StoreUnreachableError);
  assert.equal((await migrateSessions({ from, to, clock, checkpoint: kept, pause: noPause })).verified, true);
});

test('a store that does not answer at all is given up after the deadline', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await from.create(sampleRecord());
  let calls = 0;
  const silent = wrap(to, {
    put: () => {
      calls++;
      setImmediate(() => t.mock.timers.tick(10_000));
      return new Promise(() => {});
    },
  });
  await assert.rejects(migrateSessions({ from, to: silent, clock, pause: noPause }), /did not answer within 10 s/);
  assert.equal(calls, 11);
});

test('bad options are named', async (t) => {
  const store = await EMBEDDED.memory?.(t);
  const other = await EMBEDDED.memory?.(t);
  assert.ok(store && other);
  await assert.rejects(migrateSessions({ from: store, to: store }), /from, to: /);
  await assert.rejects(migrateSessions({ from: store, to: other, batchSize: 0 }), /batchSize: /);
  await assert.rejects(migrateSessions({ from: store, to: other, inFlight: 1.5 }), /inFlight: /);
});

/** The store with some operations replaced. */
function wrap(store: TransferableStore, operations: Partial<TransferableStore>): TransferableStore {
  return new Proxy(store, {
    get(target, name) {
      const own = operations[name as keyof TransferableStore];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
