/** However a test's process ends, its servers end with it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { hasEnded } from './process-children.ts';
import { waitUntil } from './wait-until.ts';

const REDIS = new URL('redis.ts', import.meta.url).href;

interface Left {
  readonly pid: number;
  readonly directory: string;
}

/** Another process that starts a Redis, freezes it, and then does what `ending` says. */
async function processWith(t: TestContext, ending: string): Promise<{ child: ChildProcess; left: Left }> {
  const program = `
    const { startRedis } = await import(${JSON.stringify(REDIS)});
    const { pid, directory, pause } = await startRedis();
    pause();
    console.log(JSON.stringify({ pid, directory }));
    ${ending}`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['-C', 'holdfast-source', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, left: JSON.parse(String(line)) };
}

for (const [how, ending] of [
  ['leaves by itself', 'process.exit(3);'],
  ['throws', "throw new Error('broken');"],
] as const) {
  test(`a process that ${how} takes its servers and folders along`, async (t) => {
    const { child, left } = await processWith(t, ending);
    if (child.exitCode === null) await once(child, 'exit');
    await waitUntil('the server had ended', () => hasEnded(left.pid));
    assert.equal(existsSync(left.directory), false);
  });
}

test('a process that is asked to end takes its servers and folders along, and dies of the signal', async (t) => {
  const { child, left } = await processWith(t, '');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  await waitUntil('the server had ended', () => hasEnded(left.pid));
  assert.equal(existsSync(left.directory), false);
});

// The kernel of other systems cannot be told to.
if (process.platform === 'linux') {
  test('even a process that gets SIGKILL takes its servers along', async (t) => {
    const { child, left } = await processWith(t, 'setInterval(() => {}, 1000);');
    t.after(() => rmSync(left.directory, { recursive: true, force: true }));
    child.kill('SIGKILL');
    await waitUntil('the server had ended', () => hasEnded(left.pid));
  });
}
