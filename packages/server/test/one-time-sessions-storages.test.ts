/** One-time sessions on Redis, on PostgreSQL and on both. */
import { LAYERED, POSTGRES, REDIS, startOn } from './harness/storages.ts';
import { testTickets } from './harness/ticket-suite.ts';

for (const [storage, kind] of [
  [REDIS, 'redis'],
  [POSTGRES, 'postgres'],
  [LAYERED, 'layered'],
] as const) {
  testTickets(storage.name, kind, startOn(storage));
}
