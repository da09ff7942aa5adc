/** The targets that a comparison of throughput does not show, each measured by a drill of its own. */
import { drillChurn } from './churn.ts';
import type { DrillEntry } from './drill.ts';
import { drillHashing } from './hashing.ts';
import { drillRevocation } from './revocation.ts';
import { drillTickets } from './tickets.ts';
import { drillTwoProcesses } from './two-processes.ts';
import { drillWritesPerWindow } from './writes-per-window.ts';

const EMBEDDED = { redis: false, postgres: false };
const REDIS = { redis: true, postgres: false };
const POSTGRES = { redis: false, postgres: true };

function writes(name: string, system: string, needs: DrillEntry['needs'], quick: boolean): DrillEntry {
  return { name, needs, quick, run: drillWritesPerWindow(name, system) };
}

export const DRILLS: readonly DrillEntry[] = [
  writes('writes-per-window', 'library-sqlite', EMBEDDED, true),
  writes('writes-per-window-redis', 'library-redis-l1', REDIS, true),
  { name: 'hashing', needs: EMBEDDED, quick: true, run: drillHashing },
  { name: 'two-processes', needs: REDIS, quick: true, run: drillTwoProcesses },
  { name: 'revocation-redis', needs: REDIS, quick: true, run: drillRevocation('revocation-redis', 'redis') },
  {
    name: 'revocation-postgres',
    needs: POSTGRES,
    quick: false,
    run: drillRevocation('revocation-postgres', 'postgres'),
  },
  { name: 'tickets', needs: REDIS, quick: true, run: drillTickets },
  { name: 'churn', needs: REDIS, quick: false, run: drillChurn },
];
