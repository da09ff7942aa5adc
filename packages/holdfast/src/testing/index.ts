/** `holdfast/testing`: the suites that prove a store, for whoever writes one. */
export type { StoreCapability, StoreHarness } from './store/harness.ts';
export { storeConformance } from './store-conformance.ts';
export { storeTickets } from './store-tickets.ts';
export { storeTorture, type TortureOptions } from './store-torture.ts';
export { storeTransfer, type TransferHarness } from './store-transfer.ts';
