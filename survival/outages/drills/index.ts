/** All outage drills, in the order of the page. */
import type { OutageDrill } from '../drill.ts';
import { CLUSTER_DRILLS } from './cluster.ts';
import { LAYERED_DRILLS } from './layered.ts';
import { POSTGRES_DRILLS } from './postgres.ts';
import { REDIS_DRILLS } from './redis.ts';
import { SENTINEL_DRILLS } from './sentinel.ts';
import { SQLITE_DRILLS } from './sqlite.ts';

export const OUTAGE_DRILLS: readonly OutageDrill[] = [
  ...REDIS_DRILLS,
  ...SENTINEL_DRILLS,
  ...CLUSTER_DRILLS,
  ...POSTGRES_DRILLS,
  ...LAYERED_DRILLS,
  ...SQLITE_DRILLS,
];
