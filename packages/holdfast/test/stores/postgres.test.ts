/** The PostgreSQL store keeps the contract, also with several handles on one schema. */
import { storeConformance, storeTransfer } from '../../src/testing/index.ts';
import { harness, ownServer } from './postgres-scenarios.ts';

const server = await ownServer();
// Another process learns of an end from its own cache's channel some milliseconds later; that has tests of its own.
const direct = harness(server, () => ({ cache: false }));

storeConformance('postgres store: conformance', direct);
storeTransfer('postgres store: transfer', direct);
