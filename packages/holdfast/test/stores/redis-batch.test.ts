/** What is asked for in one turn goes together, and each gets its own answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch } from '../../src/stores/redis/batch.ts';

function watched(): { readonly sent: number[][]; readonly batch: Batch<number, number> } {
  const sent: number[][] = [];
  const batch = new Batch<number, number>(async (items) => {
    sent.push([...items]);
    return items.map((item) => item * 2);
  });
  return { sent, batch };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const numbers = (length: number): number[] => Array.from({ length }, (_, item) => item);

test('one alone goes with the end of the turn', async () => {
  const { sent, batch } = watched();
  assert.equal(await batch.add(21), 42);
  assert.deepEqual(sent, [[21]]);
  assert.equal(await batch.add(4), 8);
  assert.equal(sent.length, 2);
});

test('what fits goes together, and each gets its answer', async () => {
  const { sent, batch } = watched();
  const items = numbers(32);
  assert.deepEqual(
    await Promise.all(items.map((item) => batch.add(item))),
    items.map((item) => item * 2),
  );
  assert.deepEqual(sent, [items]);
});

test('of many about half goes with each turn, in the order in which it came, and none is left', async () => {
  const { sent, batch } = watched();
  const items = numbers(200);
  const answers = Promise.all(items.map((item) => batch.add(item)));
  const sizes: number[][] = [];
  for (let turn = 0; turn < 4; turn++) {
    const before = sent.length;
    await nextTurn();
    sizes.push(sent.slice(before).map(({ length }) => length));
  }
  assert.deepEqual(sizes, [[32, 32, 32, 32], [32, 32], [8], []]);
  assert.deepEqual(sent.flat(), items);
  assert.deepEqual(
    await answers,
    items.map((item) => item * 2),
  );
});

test('when sending fails, all that went together fail, and nobody else', async () => {
  let failing = true;
  const batch = new Batch<number, number>(async (items) => {
    if (failing) throw new Error('gone');
    return items;
  });
  const results = await Promise.allSettled([batch.add(1), batch.add(2)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  failing = false;
  assert.equal(await batch.add(3), 3);
});
