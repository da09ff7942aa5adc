/** Whether memory stays where it is while sessions come and go: a million of them in ten days of an injected clock. */
import { join } from 'node:path';
import type { Drill } from '../results.ts';
import { startBackends } from '../run/backends.ts';
import { runPinned } from '../run/pinned.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import type { ChurnDay } from './churner.ts';
import type { DrillOptions } from './drill.ts';

/** By then as many tombstones go each day as come, and what expires does. */
const SETTLED_DAY = 3;

export async function drillChurn({ root, quick }: DrillOptions): Promise<Drill> {
  const sessions = quick ? 100_000 : 1_000_000;
  const backends = await startBackends(LOAD_CORE, { redis: true, postgres: false });
  const started = performance.now();
  try {
    const output = await runPinned(SERVER_CORE, process.execPath, [
      '--expose-gc',
      '-C',
      'holdfast-source',
      join(root, 'bench/drills/churner.ts'),
      backends.redis?.url ?? '',
      String(sessions),
    ]);
    const days = output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as ChurnDay);
    const settled = days.filter(({ day }) => day >= SETTLED_DAY);
    const growth = (figure: 'redis' | 'resident'): number => {
      const [first = Number.NaN, ...later] = settled.map((each) => each[figure]);
      return Math.max(...later) / first;
    };
    const range = (figure: 'redis' | 'resident' | 'heap'): string => {
      const values = settled.map((each) => each[figure] / 2 ** 20);
      return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
    };
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    return {
      name: 'churn',
      value: Math.round(Math.max(growth('redis'), growth('resident')) * 100) / 100,
      detail:
        `${sessions} sessions started and ended in ${minutes} minutes, ten days of their clock; from day ${SETTLED_DAY} on ` +
        `Redis held ${range('redis')} MiB, the process ${range('resident')} MiB (heap ${range('heap')})`,
    };
  } finally {
    await backends.stop();
  }
}
