/** Failovers by Sentinel: the primary dies, with its replicas in step or behind. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisServer } from '../../../test/services/redis.ts';
import { redisCommand, replyText } from '../../../test/services/redis-command.ts';
import { type Sentinels, startSentinels } from '../../../test/services/sentinels.ts';
import { waitUntil } from '../../../test/services/wait-until.ts';
import type { Loss, OutageDrill } from '../drill.ts';
import { versionOf } from '../redis-scene.ts';
import type { RedisSpec } from '../store-spec.ts';

/** Of two replicas one has to have it: the other one takes over no sooner, because Sentinel prefers who has more. */
export const WAIT_FOR_ONE = { replicas: 1, timeoutMs: 500 } as const;

const BEHIND_MS = 700;
const ASYNCHRONOUS = 'Redis answers before it replicates: what the dead primary had not sent is gone';
export const LOSES_ALL: Loss = {
  faults: ['signOuts', 'resurrections', 'lostData'],
  why: `${ASYNCHRONOUS}.`,
};
export const LOSES_DATA: Loss = {
  faults: ['lostData'],
  why: `${ASYNCHRONOUS}. With \`waitReplicas\` starts and ends of sessions are answered when a replica has them; values are not.`,
};

interface Variant {
  readonly id: string;
  readonly title: string;
  readonly does: string;
  /** Replication stands still for a moment before the primary dies. */
  readonly behind: boolean;
  readonly waits: boolean;
  /** The dead primary is started again as soon as one sentinel names another; else when all of them do. */
  readonly atOnce?: boolean;
  readonly mayLose: Loss | null;
}

function failover({ id, title, does, behind, waits, atOnce = false, mayLose }: Variant): OutageDrill {
  return {
    id,
    title,
    does,
    seconds: { full: 1, short: 1 },
    mayLose,
    async open() {
      const sentinels = await startSentinels({ replicas: 2, redis: { appendonly: true } });
      const former = await sentinels.primary();
      return {
        store: { ...sentinelStore(sentinels), ...(waits ? { waitReplicas: WAIT_FOR_ONE } : {}) },
        backend: `${await versionOf(former)}, 3 sentinels, 2 replicas${waits ? ', WAIT for 1' : ''}`,
        async fail() {
          const replicas = await sentinels.replicas();
          if (behind) {
            await Promise.all(replicas.map(stopReplicating));
            await pause(BEHIND_MS);
          }
          await former.kill();
          await Promise.all(replicas.map(replicateAgain));
        },
        async mend() {
          const next = await sentinels.successorOf(former);
          if (!atOnce) await waitUntil('all sentinels agreed', () => isNamedByAll(sentinels, next));
          await former.restart();
        },
        stop: () => sentinels.stop(),
      };
    },
  };
}

async function isNamedByAll({ sentinels, name }: Sentinels, next: RedisServer): Promise<boolean> {
  const asked = sentinels.map((each) => redisCommand(each, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]));
  const answers = await Promise.all(asked);
  return answers.every((answer) => replyText(answer).split('\n')[1] === String(next.port));
}

export function sentinelStore({ sentinels, name }: Sentinels): RedisSpec {
  const hosts = sentinels.map(({ host, port }) => `${host}:${port}`).join(',');
  return { kind: 'redis', url: `redis-sentinel://${hosts}/${name}` };
}

/** Breaks its link and gives it a password that the primary does not know, so that the link stays broken. */
export async function stopReplicating(replica: RedisServer): Promise<void> {
  await replica.command('CONFIG', 'SET', 'masterauth', 'not-the-password');
  await replica.command('CLIENT', 'KILL', 'TYPE', 'master');
}

export async function replicateAgain(replica: RedisServer): Promise<void> {
  await replica.command('CONFIG', 'SET', 'masterauth', '');
}

export const SENTINEL_DRILLS: readonly OutageDrill[] = [
  failover({
    id: 'sentinel-failover',
    title: 'Sentinel: the primary is killed',
    does: 'SIGKILL under load; the sentinels promote one of two replicas.',
    behind: false,
    waits: false,
    mayLose: LOSES_ALL,
  }),
  failover({
    id: 'sentinel-former-at-once',
    title: 'Sentinel: the killed primary is back at once',
    does: 'As above, and the dead primary is started again as soon as one sentinel names another: until the sentinels tell it to follow, there are two.',
    behind: false,
    waits: false,
    mayLose: null,
    atOnce: true,
  }),
  failover({
    id: 'sentinel-failover-behind',
    title: 'Sentinel: the primary is killed, replicas behind',
    does: `Replication stands still for ${BEHIND_MS} ms under load, then the primary is killed: the worst that asynchronous replication does.`,
    behind: true,
    waits: false,
    mayLose: LOSES_ALL,
  }),
  failover({
    id: 'sentinel-failover-behind-wait',
    title: 'Sentinel: the same with `waitReplicas`',
    does: 'As above, with starts and ends of sessions answered only when a replica has them.',
    behind: true,
    waits: true,
    mayLose: LOSES_DATA,
  }),
];
