/** People go on signing in and out, and writing, while their sessions move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionRecord } from '../../src/core/record.ts';
import { START } from '../../src/testing/store/harness.ts';
import { type MigrationProgress, migrateSessions } from '../../src/transfer/index.ts';
import { acting, crowd } from './crowd.ts';
import { assertSame, contents, populate } from './population.ts';
import { followsBetween } from './scenarios.ts';
import { EMBEDDED, pairs } from './store-kinds.ts';

const clock = (): number => START;

for (const pair of pairs(EMBEDDED)) followsBetween(pair, [1, 2, 3]);

test('following until nothing is new ends by itself', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.sqlite?.(t)];
  assert.ok(from && to);
  const people = await crowd(from, 9);
  let left = 400;
  const act = async (): Promise<void> => {
    if (left-- > 0) await people.act();
  };
  const result = await migrateSessions({
    from,
    to: acting(to, act),
    follow: 'until-nothing-new',
    pause: async () => {},
    clock,
  });
  assert.deepEqual([result.verified, result.changed], [true, 0]);
  assert.ok(left <= 0);
  await assertSame(from, to);
});

test('what was written before the follower was told to stop is there, also behind where its pass was', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 100);
  const first = [...(await contents(from)).values()].find((entry) => 'record' in entry) as { record: SessionRecord };
  const finish = new AbortController();
  let batches = 0;
  const onProgress = ({ phase }: MigrationProgress): void => {
    if (phase === 'copying' || ++batches !== 5) return;
    from.update(first.record.id, { set: { written: 'at the last moment' } });
    finish.abort();
  };
  const result = await migrateSessions({ from, to, batchSize: 10, follow: finish.signal, onProgress, clock });
  assert.equal(result.verified, true);
  await assertSame(from, to);
});

test('with a follower in each direction both stores agree on every end and every version', async (t) => {
  const [old, next] = [await EMBEDDED.sqlite?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(old && next);
  const [here, there] = [await crowd(old, 4), await crowd(next, 5)];
  const finish = new AbortController();
  let left = 600;
  const act = async (): Promise<void> => {
    left--;
    if (left > 0) await (left % 2 === 0 ? here : there).act();
    else finish.abort();
  };
  const options = { follow: finish.signal, pause: act, batchSize: 10, clock } as const;
  await Promise.all([
    migrateSessions({ ...options, from: acting(old, act), to: next }),
    migrateSessions({ ...options, from: acting(next, act), to: old }),
  ]);
  // Both had a last pass of their own; one more each way meets what the other's last pass brought.
  for (const [from, to] of [
    [old, next],
    [next, old],
  ] as const) {
    assert.equal((await migrateSessions({ from, to, clock })).verified, true);
  }
  const [left1, right1] = [await contents(old), await contents(next)];
  assert.deepEqual([...left1.keys()], [...right1.keys()]);
  for (const [id, entry] of left1) {
    const other = right1.get(id);
    assert.ok(other);
    assert.equal('tombstone' in entry, 'tombstone' in other, id);
    if ('record' in entry && 'record' in other) assert.equal(entry.record.version, other.record.version);
  }
});
