/** The memory store keeps the contract of one-time sessions. */
import { memoryStore } from '../../src/stores/memory.ts';
import { storeTickets } from '../../src/testing/index.ts';

storeTickets('memory store: one-time sessions', {
  open: (clock) => memoryStore({ clock }),
  cleanup: () => undefined,
  declared: {
    'second-handle': 'memory belongs to one handle',
    undecodable: 'objects in memory are not encoded',
  },
});
