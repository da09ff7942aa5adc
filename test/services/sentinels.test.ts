/** The sentinels that tests start: they name the primary and promote a replica in its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSentinels } from './sentinels.ts';

test('when the primary dies a replica takes over with its data', async (t) => {
  const system = await startSentinels();
  t.after(() => system.stop());
  const former = await system.primary();
  assert.equal(former, system.servers[0]);
  assert.deepEqual(await former.commands(['SET', 'k', 'v'], ['WAIT', '1', '2000']), ['OK', '1']);
  await former.kill();
  const next = await system.successorOf(former);
  assert.equal(next, system.servers[1]);
  assert.equal(await next.command('GET', 'k'), 'v');
  assert.deepEqual(await system.replicas(), [former]);
});
