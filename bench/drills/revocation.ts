/**
 * How soon a session that was ended in one process is refused by all others. Each of four processes asks about it every
 * millisecond and answers from its own memory until it is told; the clock starts before the end is even sent to the store.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createSessions } from 'holdfast';
import { userIdOf } from '../answer.ts';
import type { Drill } from '../results.ts';
import { openStore } from '../servers/store.ts';
import type { DrillOptions } from './drill.ts';
import type { WatcherMessage } from './watcher.ts';

const PROCESSES = 4;
const SECRET = 'q9Zr4nV1xKc7Lw2TbYh8Gd5Sf0JmPu3EaRiNoWvXz6s';

export const drillRevocation =
  (name: string, kind: 'redis' | 'postgres') =>
  async ({ root, backends, quick }: DrillOptions): Promise<Drill> => {
    const revocations = quick ? 50 : 500;
    const place = {
      redisUrl: backends.redis?.url ?? '',
      postgresUrl: kind === 'postgres' ? ((await backends.postgres?.createDatabase(name)) ?? '') : '',
    };
    const store = await openStore({ kind, cached: true, directory: '', prefix: name, ...place });
    const sessions = createSessions({ store, secrets: SECRET });
    const watchers: ChildProcess[] = [];
    const last: number[] = [];
    const each: number[] = [];
    try {
      for (let i = 0; i < PROCESSES; i++) {
        const watcher = fork(join(root, 'bench/drills/watcher.ts'), {
          execArgv: ['-C', 'holdfast-source', '--disable-warning=ExperimentalWarning'],
          env: {
            ...process.env,
            NODE_ENV: 'production',
            SESSION_SECRET: SECRET,
            BENCH_STORE: kind,
            BENCH_CACHE: '1',
            BENCH_PREFIX: name,
            BENCH_REDIS: place.redisUrl,
            BENCH_POSTGRES: place.postgresUrl,
          },
        });
        watchers.push(watcher);
        await hear(watcher, 'ready');
      }
      for (let number = 0; number < revocations; number++) {
        const outcome = await sessions.start({ userId: userIdOf(number) });
        if (outcome.status !== 'started') throw new Error(`${name}: ${outcome.status}`);
        const access = (await outcome.grant.issue())?.access.value;
        const watching = Promise.all(watchers.map((watcher) => hear(watcher, 'watching')));
        for (const watcher of watchers) watcher.send({ number, access });
        await watching;
        const refusals = Promise.all(watchers.map((watcher) => hear(watcher, 'refused')));
        const started = process.hrtime.bigint();
        const ended = await sessions.end(outcome.session.id, 'revoked');
        if (ended.status !== 'ended') throw new Error(`${name}: ${ended.status}`);
        const delays = (await refusals).map((said) => Number(BigInt('at' in said ? said.at : '0') - started) / 1e6);
        each.push(...delays);
        last.push(Math.max(...delays));
      }
    } finally {
      for (const watcher of watchers) {
        if (watcher.connected) watcher.disconnect();
        if (watcher.exitCode === null) await once(watcher, 'exit');
      }
      await sessions.close();
    }
    const at = (values: readonly number[], share: number): string => percentile(values, share).toFixed(1);
    return {
      name,
      value: Math.round(percentile(last, 0.99) * 10) / 10,
      detail:
        `${revocations} sessions, ${PROCESSES} processes; until the last of them refused: p50 ${at(last, 0.5)}, ` +
        `p99 ${at(last, 0.99)}, max ${at(last, 1)} ms; each by itself: p50 ${at(each, 0.5)}, p99 ${at(each, 0.99)} ms`,
    };
  };

/** The next message of that kind; rejects when the process ends instead. */
function hear(watcher: ChildProcess, kind: string): Promise<WatcherMessage> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !(kind in message)) return;
      stop();
      resolve(message as WatcherMessage);
    };
    const onExit = (code: number | null): void => {
      stop();
      reject(new Error(`a process that watches ended with ${code}`));
    };
    const stop = (): void => void watcher.off('message', onMessage).off('exit', onExit);
    watcher.on('message', onMessage).on('exit', onExit);
  });
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
