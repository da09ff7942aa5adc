/** The PostgreSQL store keeps the contract of one-time sessions, also with several handles and behind PgBouncer. */
import { after } from 'node:test';
import { startPgBouncer } from '../../../../test/services/pgbouncer.ts';
import { storeTickets } from '../../src/testing/index.ts';
import { harness, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();
// Fewer connections than the clients have, so that they do share.
const pooler = await startPgBouncer(server, { poolSize: 3 });
after(() => pooler.stop());

storeTickets(
  'postgres store: one-time sessions',
  harness(server, () => ({ cache: false })),
);
storeTickets(
  'postgres store behind PgBouncer: one-time sessions',
  harness(server, () => ({ url: pooler.url('postgres'), cache: false })),
);
