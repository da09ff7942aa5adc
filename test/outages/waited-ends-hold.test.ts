/** With `waitReplicas` nobody is told that a session is over before a replica knows, however often they ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions, generateSecret } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import {
  replicateAgain,
  sentinelStore,
  stopReplicating,
  WAIT_FOR_ONE,
} from '../../survival/outages/drills/sentinel.ts';
import { startSentinels } from '../services/sentinels.ts';
import { waitUntil } from '../services/wait-until.ts';

test('a sign-out that no replica has is not acknowledged, also when it is tried again', async (t) => {
  const sentinels = await startSentinels({ replicas: 2 });
  t.after(() => sentinels.stop());
  const { url } = sentinelStore(sentinels);
  const sessions = createSessions({
    store: await redisStore({ url, waitReplicas: WAIT_FOR_ONE }),
    secrets: generateSecret(),
    sweepSeconds: 0,
  });
  t.after(() => sessions.close());
  const started = await sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started', 'the very first start already waits for a replica');
  const refresh = (await started.grant.issue())?.refresh?.value ?? '';
  const { id } = started.session;
  const replicas = await sentinels.replicas();
  await Promise.all(replicas.map(stopReplicating));

  assert.equal((await sessions.end(id, 'signed-out')).status, 'unreachable', 'the first time');
  assert.equal((await sessions.end(id, 'signed-out')).status, 'unreachable', 'the second time');
  const resolution = await sessions.resolve({ access: [], refresh: [refresh] });
  // The sign-out of a browser begins with this question: "not signed in" would be its acknowledgement.
  assert.equal(resolution.status, 'unreachable', 'looked at');

  await Promise.all(replicas.map(replicateAgain));
  const ended = await waitUntil(
    'a replica had it',
    async () => {
      const outcome = await sessions.end(id, 'signed-out');
      return outcome.status === 'ended' && outcome;
    },
    { deadlineMs: 30_000 },
  );
  assert.ok(ended.ended <= 1);
  const former = await sentinels.primary();
  await former.kill();
  await sentinels.successorOf(former);
  const after = await waitUntil('the store answered', async () => {
    const answer = await sessions.resolve({ access: [], refresh: [refresh] });
    return answer.status !== 'unreachable' && answer;
  });
  assert.equal(after.status, 'not-signed-in');
});
