/** What a layered store notes about its front is about this pair of stores, and is neither moved nor backed up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layeredStore } from '../../src/stores/layered.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { migrateSessions } from '../../src/transfer/index.ts';

test('the note of a layered store about its front stays where it is when sessions move', async () => {
  const from = memoryStore();
  const layers = layeredStore({ front: () => memoryStore(), back: from });
  await layers.inspect?.();
  const now = Date.now();
  const record = sampleRecord({ expiresAt: now + 60_000, absoluteExpiresAt: now + 60_000 });
  await layers.create(record);
  assert.equal((await from.scan(null, 10)).entries.length, 2, 'the session and the note');
  const to = memoryStore();
  const outcome = await migrateSessions({ from, to });
  assert.equal(outcome.verified, true);
  assert.deepEqual(
    (await to.scan(null, 10)).entries.map(({ id }) => id),
    [record.id],
  );
  await layers.close();
});
