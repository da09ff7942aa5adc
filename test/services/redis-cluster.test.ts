/** The cluster that tests start: a slot moves while it is used, and a replica takes over from a primary that died. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portOfSlot, readClusterNodes } from './cluster-view.ts';
import { startRedisCluster } from './redis-cluster.ts';

test('a slot moves in steps that a test can interleave, and outlives the primary that it moved to', async (t) => {
  const cluster = await startRedisCluster();
  t.after(() => cluster.stop());
  const slot = await cluster.slotOf('{tag}');
  const from = await cluster.primaryOfSlot(slot);
  for (const i of [1, 2, 3]) await from.command('SET', `{tag}${i}`, `v${i}`);
  const to = cluster.nodes.slice(0, 3).find((node) => node !== from);
  assert.ok(to);

  const migration = await cluster.migrateSlot(slot, to);
  await assert.rejects(from.command('GET', '{other}1'), /MOVED/);
  assert.equal(await from.command('GET', '{tag}none'), '');
  await migration.begin();
  await assert.rejects(from.command('GET', '{tag}none'), /ASK/);
  assert.equal(await migration.moveKeys(2), 2);
  assert.equal(await from.command('CLUSTER', 'COUNTKEYSINSLOT', String(slot)), '1');
  assert.equal(await migration.moveKeys(), 1);
  assert.equal(await migration.moveKeys(), 0);
  await migration.finish();
  await assert.rejects(from.command('GET', '{tag}1'), /MOVED/);
  assert.equal(await cluster.primaryOfSlot(slot), to);

  assert.deepEqual(await to.commands(['SET', '{tag}3', 'new'], ['WAIT', '1', '2000']), ['OK', '1']);
  await to.kill();
  const next = await cluster.successorOf(to, slot);
  await cluster.settled();
  assert.equal(await next.command('GET', '{tag}3'), 'new');
});

test('of two nodes that claim a slot, the one with the later epoch has it', () => {
  const late = readClusterNodes('a1 127.0.0.1:7001@17001 myself,master - 0 0 7 connected 5 [6->-b2] 8-9\n');
  const early = readClusterNodes('a1 127.0.0.1:7002@17002,host master,fail - 0 0 3 disconnected 0-10\n');
  assert.deepEqual(late[0]?.slots, [
    [5, 5],
    [8, 9],
  ]);
  assert.equal(portOfSlot([early, late], 8), 7001);
  assert.equal(portOfSlot([early, late], 6), 7002);
  assert.equal(portOfSlot([early, late], 11), null);
});
