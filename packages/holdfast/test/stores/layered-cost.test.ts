/** What each operation of the layered store costs in calls, as the table in layered-store.ts says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { layeredStore } from '../../src/stores/layered.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';

const RESERVED = 'AAAAlayeredFrontStateA';
const calls = { front: 0, back: 0 };

function counted(store: TransferableStore, layer: keyof typeof calls): TransferableStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (args[0] !== RESERVED) calls[layer]++;
        return value.apply(target, args);
      };
    },
  });
}

test('each operation costs what the table says', async () => {
  const clock = (): number => START;
  const memory = memoryStore({ clock });
  const store = layeredStore({
    clock,
    front: () => counted(memory, 'front'),
    back: counted(memoryStore({ clock }), 'back'),
    pace: { now: () => 0, after: () => () => undefined, pause: async () => undefined },
  });
  await store.inspect?.();

  async function assertCost(what: string, front: number, back: number, run: () => unknown): Promise<void> {
    Object.assign(calls, { front: 0, back: 0 });
    await run();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls, { front, back }, what);
  }
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => sampleRecord({ userId: 'ada' }));
  assert.ok(first && second && third && fourth);
  const tombstone = { reason: 'signed-out', at: START } as const;

  await assertCost('create', 3, 1, () => store.create(first));
  await assertCost('read, copy in front', 1, 0, () => store.read(first.id));
  await memory.delete(first.id);
  await assertCost('read, no copy', 4, 2, () => store.read(first.id));
  await assertCost('update', 1, 1, () => store.update(first.id, { set: { a: 1 } }));
  await memory.delete(first.id);
  await assertCost('update, no copy', 4, 2, () => store.update(first.id, { set: { a: 2 } }));
  await assertCost('touch', 2, 2, () => store.touch(first.id, START + 1, START + 1));
  const move = { ifVersion: 3, next: { ...second, version: 4 }, pointerExpiresAt: START + 1000 };
  await assertCost('move', 5, 2, () => store.move(first.id, move));
  await store.create(third);
  await assertCost('create, one gives way', 5, 5, () => store.create(fourth, { max: 2, onLimit: 'evict-oldest' }));
  await assertCost('takeByUser, two sessions', 7, 5, () => store.takeByUser('ada', tombstone));
  await assertCost('read, ended', 1, 1, () => store.read(fourth.id));
  await assertCost('delete', 2, 1, () => store.delete(fourth.id));
  await store.create(sampleRecord({ id: first.id.replace(/.$/, 'Q') }));
  await assertCost('take', 2, 1, () => store.take(first.id.replace(/.$/, 'Q'), tombstone));
  await store.close();
});

test('a read that the front answers at once makes no promise', async () => {
  const store = layeredStore({ front: () => memoryStore(), back: memoryStore() });
  await store.inspect?.();
  const record = sampleRecord();
  const now = Date.now();
  await store.create({ ...record, lastSeenAt: now, expiresAt: now + 3_600_000, absoluteExpiresAt: now + 3_600_000 });
  await new Promise((resolve) => setImmediate(resolve));
  await store.inspect?.();
  const answer = store.read(record.id);
  assert.ok('status' in answer && answer.status === 'live');
  await store.close();
});
