/** A backup brings everything back, and never what has ended. */
import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { TOMBSTONE_MS } from '../../src/core/record.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { backupStore, restoreStore } from '../../src/transfer/index.ts';
import { backup, clock, KEY, restore } from './backed-up.ts';
import { assertSame, contents, populate } from './population.ts';
import { backsUpBetween } from './scenarios.ts';
import { EMBEDDED, pairs } from './store-kinds.ts';

for (const pair of pairs(EMBEDDED)) backsUpBetween(pair);

test('an empty store makes an empty backup', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  const { bytes } = await backup(from);
  assert.equal((await restore(bytes, to)).finished, true);
  await assertSame(from, to);
});

test('what ends or moves to a new id while the backup is written is not restored as live', async (t) => {
  for (const restoredAfterMs of [0, TOMBSTONE_MS - 1, TOMBSTONE_MS, 3 * TOMBSTONE_MS]) {
    let now = START;
    const [from, to] = [await EMBEDDED.memory?.(t, () => now), await EMBEDDED.sqlite?.(t, () => now)];
    assert.ok(from && to);
    const long = { expiresAt: START + 9 * TOMBSTONE_MS, createdAt: START - 3600_000, lastSeenAt: START - 3600_000 };
    const records = Array.from({ length: 200 }, (_, n) => sampleRecord({ ...long, userId: `user-${n}` }));
    for (const record of records) await from.create(record);
    const [first, second] = [...(await contents(from)).keys()];
    assert.ok(first && second);
    const old = records.find(({ id }) => id === second) as (typeof records)[number];
    const next = { ...old, id: sampleRecord({ userId: old.userId }).id, version: 2, lastSeenAt: START };
    let batches = 0;
    const { bytes } = await backup(from, {
      batchSize: 10,
      onProgress: () => {
        if (++batches !== 10) return;
        // Both were written already.
        from.take(first, { reason: 'revoked', at: START });
        from.move(second, { ifVersion: 1, next, pointerExpiresAt: START + 30_000 });
      },
    });
    now = START + restoredAfterMs;
    await restore(bytes, to, { clock: () => now, acceptOld: true });
    assert.notEqual((await to.read(first)).status, 'live', `ended, after ${restoredAfterMs}`);
    const former = await to.read(second);
    assert.ok(former.status !== 'live' || former.record.movedTo === next.id, `moved, after ${restoredAfterMs}`);
    assert.equal((await to.read(next.id)).status, 'live');
    assert.equal((await to.count()).sessions, 199);
  }
});

test('sessions that began while the backup was written are in it', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 100);
  const late = sampleRecord({ id: 'AAAAAAAAAAAAAAAAAAAAAA' });
  const { bytes } = await backup(from, { batchSize: 10, onProgress: () => void from.create(late) });
  await restore(bytes, to);
  assert.equal((await to.read(late.id)).status, 'live');
});

test('a backup of more than a day is restored only by those who accept what that means', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await from.create(sampleRecord());
  const { bytes } = await backup(from);
  const later = (): number => START + TOMBSTONE_MS;
  await assert.rejects(restore(bytes, to, { clock: later }), { code: 'too-old' });
  assert.equal((await contents(to)).size, 0);
  assert.equal((await restore(bytes, to, { clock: later, acceptOld: true })).expired, 1);
});

test('nothing of a session can be read in the backup', async (t) => {
  const from = await EMBEDDED.memory?.(t);
  assert.ok(from);
  const record = sampleRecord({ userId: 'somebody@example.com', device: { ip: '192.0.2.77' } });
  await from.create(record);
  const text = (await backup(from)).bytes.toString('latin1');
  for (const part of [record.id, 'somebody', '192.0.2.77', KEY]) assert.ok(!text.includes(part), part);
});

test('a weak key is refused', async (t) => {
  const store = await EMBEDDED.memory?.(t);
  assert.ok(store);
  await assert.rejects(backup(store, { key: 'short' }), { code: 'invalid-secret' });
  await assert.rejects(restoreStore({ from: Readable.from([]), to: store, key: '' }), { code: 'invalid-secret' });
});

test('the backup waits for a slow reader instead of filling memory', async (t) => {
  const from = await EMBEDDED.memory?.(t);
  assert.ok(from);
  await populate(from, 5000);
  const slow = new PassThrough({ highWaterMark: 1000 });
  let ahead = 0;
  let most = 0;
  const done = backupStore({
    from,
    to: slow,
    key: KEY,
    batchSize: 50,
    clock,
    onProgress: ({ bytes }) => {
      most = Math.max(most, bytes - ahead);
    },
  });
  for await (const chunk of slow) ahead += (chunk as Buffer).length;
  assert.equal((await done).bytes, ahead);
  assert.ok(most < 400_000, `${most} bytes were written ahead of the reader`);
});

test('what the stream fails with is what the backup fails with', async (t) => {
  const from = await EMBEDDED.memory?.(t);
  assert.ok(from);
  await populate(from, 100);
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC')) });
  await assert.rejects(backupStore({ from, to: full, key: KEY, clock }), /ENOSPC/);
});

test('a restore that is stopped says how far it came, and may be repeated', async (t) => {
  const [from, to] = [await EMBEDDED.memory?.(t), await EMBEDDED.memory?.(t)];
  assert.ok(from && to);
  await populate(from, 2000);
  const { bytes } = await backup(from);
  const stop = new AbortController();
  const stopped = await restore(bytes, to, { signal: stop.signal, onProgress: () => stop.abort() });
  assert.equal(stopped.finished, false);
  assert.ok(stopped.restored > 0 && stopped.bytes < bytes.length);
  const rest = await restore(bytes, to);
  assert.equal(rest.finished, true);
  assert.equal((await to.count()).sessions, (await from.count()).sessions);
});
