/** Every example runs as it is, and whoever signed in is still signed in after the process was killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateSecret } from 'holdfast';
import { startPostgres } from '../services/postgres.ts';
import { startRedis } from '../services/redis.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The little that a browser does here: it keeps cookies by name and says where its requests come from. */
class Browser {
  readonly #jar = new Map<string, string>();
  address = '';

  get cookies(): number {
    return this.#jar.size;
  }

  async send(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(this.address + path, {
      method,
      headers: {
        cookie: [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; '),
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string];
      if (value === '' || /max-age=0/i.test(line)) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
    return response;
  }
}

interface Running {
  readonly address: string;
  readonly child: ChildProcess;
}

async function start(t: TestContext, name: string, environment: NodeJS.ProcessEnv): Promise<Running> {
  const child = spawn(process.execPath, ['-C', 'holdfast-source', join('examples', name, 'main.ts')], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/\S+/.exec(line)?.[0];
    if (address !== undefined) return { address, child };
  }
  throw new Error(`the example ${name} ended before it listened`);
}

/** What no `Request` can be made of, and an upload that stops half-way: each has an end, and is the end of nothing else. */
async function sendBadRequests(address: string): Promise<void> {
  const { host, hostname, port } = new URL(address);
  for (const start of ['TRACE / HTTP/1.1', 'GET // HTTP/1.1', 'POST /sign-in HTTP/1.1\r\nContent-Length: 9']) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined).resume();
    socket.write(`${start}\r\nHost: ${host}\r\nConnection: close\r\n\r\n{`);
    // The last waits for more, which never comes.
    if (start.startsWith('POST')) setImmediate(() => socket.end());
    await new Promise((resolve) => socket.once('close', resolve));
  }
}

for (const name of ['fetch', 'node-http']) {
  test(`examples/${name}: sign in, be known, be known after a kill -9, sign out, be known no more`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const environment = { DATA_DIR: directory, SESSION_SECRET: generateSecret() };
    const browser = new Browser();
    const first = await start(t, name, environment);
    browser.address = first.address;

    assert.equal((await browser.send('GET', '/me')).status, 401);
    assert.equal((await browser.send('POST', '/sign-in', { name: 'ada' })).status, 201);
    assert.equal(((await (await browser.send('GET', '/me')).json()) as { userId: string }).userId, 'ada');

    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await start(t, name, environment);
    browser.address = second.address;
    assert.equal(((await (await browser.send('GET', '/me')).json()) as { userId: string }).userId, 'ada');

    await sendBadRequests(second.address);
    assert.equal((await browser.send('POST', '/sign-out')).status, 204);
    assert.equal(browser.cookies, 0);
    const after = await browser.send('GET', '/me');
    assert.equal(after.status, 401);
    assert.equal(after.headers.get('x-session-reason'), 'no-token');

    second.child.kill('SIGTERM');
    assert.deepEqual(await once(second.child, 'exit'), [0, null]);
  });

  test(`examples/${name} does not start without a secret, and says what to do`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
    const environment = { ...process.env, PORT: '0', DATA_DIR: directory, SESSION_SECRET: '' };
    const args = ['-C', 'holdfast-source', join('examples', name, 'main.ts')];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env: environment, encoding: 'utf8' });
    rmSync(directory, { recursive: true, force: true });
    assert.equal(status, 1);
    assert.match(stderr, /holdfast keys generate/);
  });
}

for (const storage of ['Redis', 'Redis over PostgreSQL'] as const) {
  test(`examples/many-hosts: processes share their people, on ${storage}`, async (t) => {
    const redis = await startRedis({ appendonly: true });
    t.after(() => redis.stop());
    const environment: NodeJS.ProcessEnv = { REDIS_URL: redis.url, SESSION_SECRET: generateSecret() };
    if (storage === 'Redis over PostgreSQL') {
      const postgres = await startPostgres();
      t.after(() => postgres.stop());
      environment.DATABASE_URL = postgres.url;
    }
    const processes = [await start(t, 'many-hosts', environment), await start(t, 'many-hosts', environment)] as const;
    const browser = new Browser();
    const whoAt = async (at: number): Promise<{ userId?: string; answeredBy?: number }> => {
      browser.address = processes[at]?.address ?? '';
      return (await (await browser.send('GET', '/me')).json()) as { userId?: string };
    };

    browser.address = processes[0].address;
    assert.equal((await browser.send('POST', '/sign-in', { name: 'ada' })).status, 201);
    const answers = [await whoAt(0), await whoAt(1), await whoAt(0)];
    assert.deepEqual(
      answers.map(({ userId }) => userId),
      ['ada', 'ada', 'ada'],
    );
    assert.deepEqual(new Set(answers.map(({ answeredBy }) => answeredBy)).size, 2);
    if (environment.DATABASE_URL !== undefined) {
      await redis.command('FLUSHALL');
      assert.deepEqual([(await whoAt(0)).userId, (await whoAt(1)).userId], ['ada', 'ada']);
    }

    browser.address = processes[1].address;
    assert.equal((await browser.send('POST', '/sign-out')).status, 204);
    for (const { child } of processes) child.kill('SIGTERM');
    await Promise.all(processes.map(({ child }) => once(child, 'exit')));
  });
}
