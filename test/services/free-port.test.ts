/** Ports for servers: free when answered, never answered twice, and exchanged when a stranger is quicker. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, startOnFreePort } from './free-port.ts';

test('no port is answered twice', async () => {
  const ports = await Promise.all(Array.from({ length: 100 }, freePort));
  assert.equal(new Set(ports).size, 100);
});

test('a start that finds its port taken gets another one; any other failure is passed on', async () => {
  const tried: number[] = [];
  const port = await startOnFreePort(async (offered) => {
    tried.push(offered);
    if (tried.length < 3) throw new Error('bind: Address already in use');
    return offered;
  });
  assert.equal(port, tried[2]);
  assert.equal(new Set(tried).size, 3);
  await assert.rejects(
    startOnFreePort(async () => {
      throw new Error('out of memory');
    }),
    /out of memory/,
  );
});
