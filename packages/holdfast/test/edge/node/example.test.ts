/** The example runs as it is: it passes requests on, stops when told to, and says what is wrong with its upstream. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startUpstream } from './harness/upstream.ts';

const ROOT = fileURLToPath(new URL('../../../../..', import.meta.url));
const RUN = ['-C', 'holdfast-source', 'examples/edge-node/main.ts'];

test('the example passes requests on and stops on SIGTERM', async (t) => {
  const upstream = await startUpstream(t, (_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end('reached');
  });
  const child = spawn(process.execPath, RUN, {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', UPSTREAM: upstream.origin },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const address = String((await lines.next()).value).replace('listening on ', '');
  const answer = await fetch(`${address}/hello?secret=1`);
  assert.equal(await answer.text(), 'reached');
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal((await lines.next()).value, 'GET /hello 200');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('the example names an upstream that is none', () => {
  const env = { ...process.env, PORT: '0', UPSTREAM: 'localhost' };
  const { status, stderr } = spawnSync(process.execPath, RUN, { cwd: ROOT, env, encoding: 'utf8' });
  assert.equal(status, 78);
  assert.match(stderr, /routes\["\/"\]: give scheme, host and port alone/);
});
