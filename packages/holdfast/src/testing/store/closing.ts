/** Conformance: health answers and never throws, and a closed store says so. */
import assert from 'node:assert/strict';
import type { Store } from '../../core/store.ts';
import { assertUnreachable, type Scenario } from './harness.ts';
import { sampleId, sampleRecord } from './sample-record.ts';

export function closing(scenario: Scenario): void {
  scenario('a store that works is healthy and has a name', async ({ store }) => {
    const health = await store.health();
    assert.equal(health.healthy, true, health.message);
    assert.ok(health.message.length > 0);
    assert.match(store.kind, /^[a-z][a-z0-9-]*$/);
  });

  scenario('a closed store answers everything as unreachable and its health in words', async ({ store, time }) => {
    const record = sampleRecord();
    await store.create(record);
    await store.close();
    const tombstone = { reason: 'revoked', at: time.now } as const;
    const operations: readonly ((store: Store) => unknown)[] = [
      (s) => s.read(record.id),
      (s) => s.create(sampleRecord()),
      (s) => s.create(sampleRecord(), { max: 1, onLimit: 'refuse' }),
      (s) => s.update(record.id, { set: { a: 1 } }),
      (s) => s.touch(record.id, time.now, time.now),
      (s) => s.take(record.id, tombstone),
      (s) => s.takeByUser('user-1', tombstone),
      (s) => s.delete(sampleId()),
      (s) => s.listByUser('user-1'),
      (s) => s.count(),
      (s) => s.sweep(1),
      (s) => s.announceKeys({ instance: 'host:1', keyIds: [], at: time.now }),
      (s) => s.listKeyAnnouncements(0),
    ];
    for (const operation of operations) await assertUnreachable(() => operation(store) as Promise<unknown>);
    const health = await store.health();
    assert.equal(health.healthy, false);
    assert.ok(health.message.length > 0);
  });

  scenario('closing twice is no error', async ({ store }) => {
    await store.close();
    await store.close();
  });

  scenario(
    'what was stored is there for the next handle after all have closed',
    async ({ store, another }) => {
      const record = sampleRecord();
      await store.create(record);
      await store.close();
      const next = await another();
      assert.deepEqual(await next.read(record.id), { status: 'live', record });
    },
    'second-handle',
  );
}
