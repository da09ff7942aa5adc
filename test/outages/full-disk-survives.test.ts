/** Disks that are full under Redis, PostgreSQL and SQLite: who is signed in stays signed in. */
import { canMountSmallDisks } from '../../survival/outages/small-disk.ts';
import { survivesOutages } from './survives-outage.ts';

// A disk that is really full takes the right to mount one; who does not have it sees these in CI.
if (canMountSmallDisks()) survivesOutages(['redis-disk-full', 'postgres-disk-full', 'sqlite-disk-full']);
