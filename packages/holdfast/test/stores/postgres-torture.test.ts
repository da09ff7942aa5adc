/** Three handles on one schema work against each other, and lose nothing. */
import { storeTorture } from '../../src/testing/index.ts';
import { harness, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();

storeTorture(
  'postgres store: torture',
  harness(server, () => ({ cache: false })),
  { rounds: 200, contests: 20 },
);
