/** The layered store keeps one-time sessions in its back, and they do not notice that the front is gone. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { layeredStore } from '../../src/stores/layered.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { storeTickets } from '../../src/testing/index.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleTicket, sampleUse } from '../../src/testing/store/ticket-scenario.ts';
import { layeredHandles } from './layered-handles.ts';
import { temporaryDirectory } from './sqlite-directory.ts';

let directory = '';

storeTickets(
  'layered store, memory over SQLite: one-time sessions',
  layeredHandles({
    back(clock, isFirst) {
      if (isFirst) directory = temporaryDirectory();
      return sqliteStore({ directory, clock });
    },
    forget: () => rmSync(directory, { recursive: true, force: true }),
    corrupt: () => undefined,
  }),
);

test('one-time sessions are made and used while the front is down, in the back', async (context) => {
  const clock = (): number => START;
  const back = memoryStore({ clock });
  const store = layeredStore({ front: () => Promise.reject(new Error('the front is down')), back, clock });
  context.after(() => store.close());
  const ticket = sampleTicket();
  assert.deepEqual(await store.tickets?.create(ticket, 1, START), { status: 'created' });
  assert.deepEqual(await back.tickets?.read(ticket.key), ticket);
  assert.equal((await store.tickets?.consume([ticket.key], sampleUse()))?.status, 'consumed');
});

test('over a back that keeps no one-time sessions it keeps none', async (context) => {
  const memory = memoryStore({ clock: () => START });
  const back = new Proxy(memory, {
    get(target, name) {
      if (name === 'tickets') return undefined;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const store = layeredStore({ front: () => memoryStore({ clock: () => START }), back, clock: () => START });
  context.after(() => store.close());
  assert.equal(store.tickets, undefined);
});
