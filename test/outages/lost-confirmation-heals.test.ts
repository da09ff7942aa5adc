/** What asynchronous replication forgets of a refresh costs nobody their session: the rotation rule takes the newer token. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createSessions, generateSecret, type SessionEvent, type Sessions } from 'holdfast';
import { redisStore } from 'holdfast/stores/redis';
import { replicateAgain, sentinelStore, stopReplicating } from '../../survival/outages/drills/sentinel.ts';
import { type Sentinels, startSentinels } from '../services/sentinels.ts';
import { waitUntil } from '../services/wait-until.ts';

/** Longer than the grace of rotation, so that each refresh confirms the one before. */
const STEP_MS = 60_000;

interface Fleet {
  readonly sentinels: Sentinels;
  readonly sessions: Sessions;
  readonly events: SessionEvent[];
  letTimePass(): void;
}

async function fleet(t: TestContext): Promise<Fleet> {
  const sentinels = await startSentinels();
  t.after(() => sentinels.stop());
  // Running, because the circuit breaker measures its pauses by it.
  let offsetMs = 0;
  const clock = (): number => Date.now() + offsetMs;
  const events: SessionEvent[] = [];
  const { url } = sentinelStore(sentinels);
  const sessions = createSessions({
    store: await redisStore({ url, clock }),
    secrets: generateSecret(),
    clock,
    sweepSeconds: 0,
    onEvent: (event) => void events.push(event),
  });
  t.after(() => sessions.close());
  return {
    sentinels,
    sessions,
    events,
    letTimePass() {
      offsetMs += STEP_MS;
    },
  };
}

/** Refreshes with a token; answers the successor. Whoever is not signed in fails the test; no answer is asked again. */
async function refresh({ sessions, letTimePass }: Fleet, token: string): Promise<string> {
  letTimePass();
  const resolution = await waitUntil('the store answered', async () => {
    const answer = await sessions.resolve({ access: [], refresh: [token] });
    return answer.status !== 'unreachable' && answer;
  });
  assert.equal(resolution.status, 'signed-in', JSON.stringify(resolution));
  const issued = await resolution.grant?.issue();
  assert.ok(issued?.refresh, 'no successor was handed out');
  return issued.refresh.value;
}

test('refreshes that a failover forgot leave the person signed in, and are told as store-regressed', async (t) => {
  const system = await fleet(t);
  const { sentinels, sessions, events } = system;
  const started = await sessions.start({ userId: 'ada' });
  assert.equal(started.status, 'started');
  const first = (await started.grant.issue())?.refresh?.value ?? '';
  const former = await sentinels.primary();
  assert.equal(await former.command('WAIT', '1', '2000'), '1');
  const replicas = await sentinels.replicas();
  await waitUntil(
    'the replica had the session',
    async () => (await replicas[0]?.command('DBSIZE')) === (await former.command('DBSIZE')),
  );

  await Promise.all(replicas.map(stopReplicating));
  const second = await refresh(system, first);
  const third = await refresh(system, second);
  const fourth = await refresh(system, third);
  await former.kill();
  await Promise.all(replicas.map(replicateAgain));
  await sentinels.successorOf(former);

  const before = events.filter(({ type }) => type === 'store-regressed').length;
  assert.equal(before, 0);
  const fifth = await refresh(system, fourth);
  const regressed = events.filter((event) => event.type === 'store-regressed');
  assert.equal(regressed.length, 1);
  assert.deepEqual(
    regressed.map((event) => event.type === 'store-regressed' && [event.storedGeneration, event.presentedGeneration]),
    [[0, 3]],
  );
  await refresh(system, fifth);
  assert.deepEqual(
    events.filter(({ type }) => type === 'session-ended'),
    [],
  );
});
