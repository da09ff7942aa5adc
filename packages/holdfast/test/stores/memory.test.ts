/** The memory store keeps the contract, and says what it is when production uses it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from '../../src/stores/memory.ts';
import { storeConformance, storeTorture, storeTransfer, type TransferHarness } from '../../src/testing/index.ts';

const harness: TransferHarness = {
  open: (clock) => memoryStore({ clock }),
  cleanup: () => undefined,
  declared: {
    'second-handle': 'memory belongs to one handle',
    undecodable: 'objects in memory are not encoded',
  },
};

storeConformance('memory store: conformance', harness);
storeTransfer('memory store: transfer', harness);
storeTorture('memory store: torture', harness);

test('the memory store warns once, and only in production', (context) => {
  const before = process.env.NODE_ENV;
  context.after(() => {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  });
  const warnings: string[] = [];
  const warn = (message: string): number => warnings.push(message);
  process.env.NODE_ENV = 'test';
  memoryStore({ warn });
  assert.deepEqual(warnings, []);
  process.env.NODE_ENV = 'production';
  memoryStore({ warn });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /every restart signs everybody out/);
});

test('records handed out by the memory store cannot be changed', async () => {
  const { sampleRecord } = await import('../../src/testing/store/sample-record.ts');
  const store = memoryStore({ clock: () => Date.UTC(2030, 0, 1) });
  const record = sampleRecord({ data: { list: [1] } });
  await store.create(record);
  const read = await store.read(record.id);
  assert.equal(read.status, 'live');
  assert.throws(() => (read.record.data.list as number[]).push(2), TypeError);
});
