/** The vendor's examples run as they are against the service, in each language. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ticketClient } from 'holdfast/tickets';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = 'examples/one-time-session';
const COMMAND = ['-C', 'holdfast-source', 'packages/server/src/cli/main.ts'];
const SHOP = 'https://shop.example';
const WRONG_KEY = `hfk_${'0'.repeat(12)}_${'A'.repeat(43)}`;

/** Starts a program and answers the address that it says it listens on. */
async function listening(t: TestContext, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error(`${args.join(' ')} ended before it listened`);
}

interface Vendor {
  readonly HOLDFAST_URL: string;
  readonly HOLDFAST_API_KEY: string;
}

/** A service, and a key of the shop's for it. */
async function service(t: TestContext): Promise<Vendor> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-vendor-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const environment = { ...process.env, DATA_DIR: directory, PORT: '0' };
  const url = await listening(t, [...COMMAND, 'serve'], environment);
  const words = [...COMMAND, 'api-keys', 'create', '--name', 'The shop', '--origin', SHOP];
  const made = spawnSync(process.execPath, words, { cwd: ROOT, env: environment, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  return { HOLDFAST_URL: url, HOLDFAST_API_KEY: made.stdout.trim() };
}

function run(vendor: Vendor, program: string, file: string): Promise<{ status: unknown; out: string; err: string }> {
  const env = { ...process.env, ...vendor };
  const child = spawn(program, [join(FOLDER, file)], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return once(child, 'close').then(([status]) => ({ status, out, err }));
}

test('the shell and Python each make one, validate it, and are refused the second time', async (t) => {
  const vendor = await service(t);
  for (const [program, file] of [
    ['sh', 'vendor.sh'],
    ['python3', 'vendor.py'],
  ] as const) {
    const { status, out, err } = await run(vendor, program, file);
    assert.equal(status, 0, `${file}: ${out}${err}`);
    const [embed = '', ...rest] = out.trim().split('\n');
    assert.match(embed, /^embed http:\/\/localhost:\d+\/client\/iframe\.html\?session_id=[0-9a-f-]{36}$/, file);
    assert.deepEqual(rest, ['it was for customer-7', 'a second time it is already-used'], file);
    const refused = await run({ ...vendor, HOLDFAST_API_KEY: WRONG_KEY }, program, file);
    assert.equal(refused.status, 1, file);
    assert.match(refused.err, /none was made: .*invalid-api-key/, file);
    assert.ok(!`${out}${err}${refused.err}`.includes(vendor.HOLDFAST_API_KEY));
  }
});

/** An address of this machine that answers as told, and whatever Authorization it was sent. */
async function gateway(t: TestContext, answer: RequestListener): Promise<{ url: string; keys: unknown[] }> {
  const keys: unknown[] = [];
  const server = createServer((incoming, outgoing) => {
    keys.push(incoming.headers.authorization);
    answer(incoming, outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
}

test('a redirect does not take the key of the Python example elsewhere', async (t) => {
  const elsewhere = await gateway(t, (_incoming, outgoing) => outgoing.end('{}'));
  const { url, keys } = await gateway(t, (_incoming, outgoing) =>
    outgoing.writeHead(302, { location: elsewhere.url }).end('Found'),
  );
  const { status, err } = await run({ HOLDFAST_URL: url, HOLDFAST_API_KEY: WRONG_KEY }, 'python3', 'vendor.py');
  assert.equal(status, 1);
  assert.match(err, /^nobody answers: .*\n$/);
  assert.equal(keys.length, 1);
  assert.deepEqual(elsewhere.keys, []);
});

test('in Python a page of a proxy instead of the answer is asked past once more', async (t) => {
  const vendor = await service(t);
  let uses = 0;
  const { url } = await gateway(t, async (incoming, outgoing) => {
    const body = await text(incoming);
    const headers = { authorization: incoming.headers.authorization ?? '', 'content-type': 'application/json' };
    const answer = await fetch(`${vendor.HOLDFAST_URL}${incoming.url}`, { method: 'POST', headers, body });
    const isLost = incoming.url === '/auth/validate-session' && uses++ === 0;
    if (isLost) outgoing.writeHead(502, { 'content-type': 'text/html' }).end('<!doctype html>');
    else outgoing.writeHead(answer.status).end(await answer.text());
  });
  const { status, out, err } = await run({ ...vendor, HOLDFAST_URL: url }, 'python3', 'vendor.py');
  assert.equal(status, 0, err);
  assert.match(out, /it was for customer-7\na second time it is already-used\n$/);
});

test('the shop in Node hands each visit an id of its own, which is good once and for the shop alone', async (t) => {
  const vendor = await service(t);
  const main = ['-C', 'holdfast-source', join(FOLDER, 'main.ts')];
  const shop = await listening(t, main, { ...vendor, PORT: '0' });
  const visit = async (): Promise<string> => {
    const page = await fetch(`${shop}/`);
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    const html = await page.text();
    assert.ok(!html.includes(vendor.HOLDFAST_API_KEY));
    const src = /<holdfast-frame [^>]*src="([^"]+)"/.exec(html)?.[1] ?? '';
    assert.ok(src.startsWith(`${vendor.HOLDFAST_URL}/client/iframe.html?`), src);
    return new URL(src).searchParams.get('session_id') ?? '';
  };
  const [first, second] = [await visit(), await visit()];
  assert.notEqual(first, second);
  const tickets = ticketClient({ service: vendor.HOLDFAST_URL, apiKey: vendor.HOLDFAST_API_KEY });
  const used = await tickets.validate(first);
  assert.ok(used.status === 'consumed');
  assert.deepEqual([used.ticket.user, used.ticket.origins], ['customer-7', [SHOP]]);
  assert.deepEqual(await tickets.validate(first), { status: 'refused', reason: 'already-used' });

  const lost = await listening(t, main, { ...vendor, HOLDFAST_API_KEY: WRONG_KEY, PORT: '0' });
  assert.equal((await fetch(`${lost}/`)).status, 500);
});
