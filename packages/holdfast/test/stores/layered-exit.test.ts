/** The layered store keeps a process alive for as long as somebody waits for it, and no longer. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

const at = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
const prelude = `
  const { layeredStore } = await import(${at('stores/layered.ts')});
  const { memoryStore } = await import(${at('stores/memory.ts')});
  const { sampleRecord } = await import(${at('testing/store/sample-record.ts')});
  const back = memoryStore();
  const record = sampleRecord();
`;

/** What a script prints, and how long it lived after its last line. */
async function run(script: string): Promise<{ output: string; code: number | null; lingeredMs: number }> {
  const args = ['-C', 'holdfast-source', '--input-type=module', '-e', prelude + script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let lastAt = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      lastAt = performance.now();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { output, code, lingeredMs: performance.now() - lastAt };
}

test('a write that waits for a suspension is answered, though nothing else keeps the process alive', async () => {
  const { output, code } = await run(`
    let isDown = false;
    const front = new Proxy(memoryStore(), {
      get: (target, name) => (...args) => {
        if (isDown && name !== 'close') throw new Error('down');
        return target[name](...args);
      },
    });
    const store = layeredStore({ front: () => front, back });
    await store.create(record);
    isDown = true;
    console.log((await store.take(record.id, { reason: 'signed-out', at: 0 })).status);
  `);
  assert.deepEqual([output, code], ['taken\n', 0]);
});

test('a process that is done ends, whether it closes the store or not', async () => {
  for (const end of ['await store.close();', '']) {
    const { output, code, lingeredMs } = await run(`
      const store = layeredStore({ front: () => memoryStore(), back });
      await store.inspect();
      await store.create(record);
      await store.read(record.id);
      ${end}
      console.log('done');
    `);
    assert.deepEqual([output, code], ['done\n', 0]);
    assert.ok(lingeredMs < 2000, `it stayed for ${lingeredMs} ms`);
  }
});
