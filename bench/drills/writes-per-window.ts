/** Sessions that are read all the time, with a refresh window of five seconds (a fourth of the idle time). */
import { runWrk } from '../load/run-wrk.ts';
import type { Drill } from '../results.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import { Subject } from '../run/subject.ts';
import { systemOf } from '../systems.ts';
import { CONNECTIONS, type DrillOptions, load } from './drill.ts';

const WINDOW = 5;

export const drillWritesPerWindow =
  (name: string, system: string) =>
  async (options: DrillOptions): Promise<Drill> => {
    const subject = await Subject.start(systemOf(system), {
      ...options,
      cores: String(SERVER_CORE),
      extraEnvironment: { BENCH_IDLE_SECONDS: String(4 * WINDOW) },
    });
    try {
      await subject.signIn(100);
      const before = (await subject.writes()) ?? 0;
      const started = performance.now();
      const seconds = (options.quick ? 1 : 2) * WINDOW + 1;
      const { requests } = await runWrk(LOAD_CORE, { ...load(subject), connections: CONNECTIONS, seconds });
      const writes = ((await subject.writes()) ?? 0) - before;
      const windows = (performance.now() - started) / 1000 / WINDOW;
      return {
        name,
        value: Math.round((writes / subject.sessions / windows) * 100) / 100,
        detail: `${writes} writes for ${subject.sessions} sessions read ${requests} times in ${windows.toFixed(1)} windows of ${WINDOW} s`,
      };
    } finally {
      await subject.stop();
    }
  };
