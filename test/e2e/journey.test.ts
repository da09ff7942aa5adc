/** The journey: one sign-up, and then everything that ends sessions elsewhere. Nobody types a password again before the end. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { generateSecret, keyIdOf } from 'holdfast';
import { firstTab } from './harness/browser.ts';
import { cookieHeader, validate } from './harness/direct.ts';
import { startLoad } from './harness/load.ts';
import { buildMachine } from './harness/other-machine.ts';
import { ADA, pathOf, seesAccount, seesSignIn, signUp } from './harness/person.ts';
import { REPOSITORY, stageTest } from './harness/stage.ts';
import { watchTraffic } from './harness/traffic.ts';

const VALIDATE = '/unified-auth/validate';

stageTest('whoever signed up once stays signed in until they sign out', async (stage) => {
  const service = await stage.startService();
  let browser = await stage.openBrowser('ada');
  let page = firstTab(browser);
  let traffic = watchTraffic(page);

  /** The page is loaded again, and the service is asked once, says yes, and nobody is sent anywhere. */
  async function reloads(): Promise<void> {
    traffic.clear();
    await page.reload();
    await seesAccount(page, ADA);
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), [200], 'one question, answered');
    assert.deepEqual([...new Set(traffic.visited)], ['/account'], 'nobody is sent anywhere');
  }

  /** Browsers drop a cookie whose time has come: the next request shows the refresh token alone. */
  async function accessTokenIsDue(): Promise<void> {
    await browser.clearCookies({ name: 'session_access' });
    const names = (await browser.cookies()).map(({ name }) => name);
    assert.deepEqual(names, ['session_refresh']);
  }

  await stage.step('a first visit is led to the sign-in page', async () => {
    await page.goto(service.url);
    await seesSignIn(page);
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), [200]);
  });

  await stage.step('signing up shows the account with this device and nothing else to sign out', async () => {
    await page.getByRole('link', { name: 'Create an account' }).click();
    await signUp(page, ADA);
    assert.equal(await page.getByRole('listitem').count(), 1);
    await page.getByText('You are signed in nowhere else.').waitFor();
  });

  await stage.step('F5 asks the service once and stays', reloads);

  await stage.step('F5 ten times stays', async () => {
    for (let i = 0; i < 10; i++) await reloads();
  });

  await stage.step('F5 with a due access token gets a new one and stays', async () => {
    await accessTokenIsDue();
    await reloads();
    assert.ok((await browser.cookies()).some(({ name }) => name === 'session_access'));
  });

  await stage.step('a second tab is signed in without typing', async () => {
    const second = await browser.newPage();
    await second.goto(service.url);
    await seesAccount(second, ADA);
    await second.close();
  });

  await stage.step('the browser is closed and opened again: still signed in', async () => {
    await browser.close();
    browser = await stage.openBrowser('ada');
    page = firstTab(browser);
    traffic = watchTraffic(page);
    await page.goto(service.url);
    await seesAccount(page, ADA);
    await reloads();
  });

  await stage.step('the service is restarted: still signed in', async () => {
    await service.restart();
    await reloads();
  });

  await stage.step('the service is killed under requests: not one is answered "signed out", and F5 stays', async () => {
    const whole = await cookieHeader(browser, service.url);
    const refreshOnly = whole.slice(whole.indexOf('session_refresh='));
    const load = startLoad(service.url, [whole, refreshOnly], 8);
    await load.answered(100);
    await service.kill();
    assert.deepEqual(await load.stop(), []);
    await service.start();
    await reloads();
    await accessTokenIsDue();
    await reloads();
  });

  await stage.step('the machine is built anew and only the data is kept: still signed in', async () => {
    assert.equal(await service.stop(), 0);
    const { dataDir, directory } = service.setup;
    const moved = join(stage.makeDirectory('new-volume'), 'holdfast');
    renameSync(dataDir, moved);
    const machine = stage.makeDirectory('new-machine');
    await service.start({ code: buildMachine(machine), directory: machine, dataDir: moved });
    await reloads();
    await accessTokenIsDue();
    await reloads();
    assert.equal(await service.stop(), 0);
    renameSync(moved, dataDir);
    await service.start({ code: REPOSITORY, directory, dataDir });
    await reloads();
  });

  await stage.step('the key is rotated: still signed in, and soon on the new key alone', async () => {
    const old = readFileSync(join(service.setup.dataDir, 'development-key'), 'utf8').trim();
    const fresh = generateSecret();
    await service.restart({ secrets: `${fresh},${old}`, clockAheadSeconds: 60 });
    const before = await service.keysStatus();
    assert.deepEqual(before.get(keyIdOf(old)), { role: 'verifies', sessions: 1 });
    assert.deepEqual(before.get(keyIdOf(fresh)), { role: 'signs', sessions: 0 });

    await accessTokenIsDue();
    await reloads();
    const refreshed = await service.keysStatus();
    assert.deepEqual(refreshed.get(keyIdOf(fresh)), { role: 'signs', sessions: 1 });

    // A refresh later the answer that carried the new token is known to have arrived, and nothing needs the old key.
    await service.restart({ clockAheadSeconds: 120 });
    await accessTokenIsDue();
    await reloads();
    const confirmed = await service.keysStatus();
    assert.deepEqual(confirmed.get(keyIdOf(old)), { role: 'verifies', sessions: 0 });

    await service.restart({ secrets: fresh });
    await reloads();
  });

  await stage.step('two workers share the port: every connection finds the session', async () => {
    await service.restart({ options: ['--workers', '2'], environment: { LOG_LEVEL: 'debug' } });
    await service.wrote('"msg":"listening', 2);
    await reloads();
    const cookie = await cookieHeader(browser, service.url);
    for (let i = 0; i < 30; i++) assert.equal((await validate(service.url, cookie)).body.valid, true);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const answers = await Promise.all(Array.from({ length: 30 }, () => validate(service.url, cookie, agent)));
    agent.destroy();
    for (const { body } of answers) assert.equal(body.valid, true);
    await service.wrote('"msg":"request"', 60);
    const workers = new Set([...service.output.matchAll(/"pid":(\d+),[^\n]*"msg":"request"/g)].map(([, pid]) => pid));
    assert.equal(workers.size, 2, 'both workers answered');
    await service.kill();
    await service.start();
    await reloads();
  });

  await stage.step('signing out ends it in every tab', async () => {
    const stolen = await cookieHeader(browser, service.url);
    const second = await browser.newPage();
    await second.goto(service.url);
    await seesAccount(second, ADA);
    const third = await browser.newPage();
    await third.goto(service.url);
    await seesAccount(third, ADA);
    await third.goto(`${service.url}/healthz`);

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await seesSignIn(page);
    await seesSignIn(second);
    assert.deepEqual(await browser.cookies(), []);

    // Whatever the browser kept of the page for going back must not come into sight again, not even for a moment.
    await third.addInitScript(`
      globalThis.wasSeen = [];
      new MutationObserver(() => globalThis.wasSeen.push(document.body?.innerText ?? ''))
        .observe(document, { subtree: true, childList: true, characterData: true });
    `);
    await third.goBack();
    await seesSignIn(third);
    const seen = await third.evaluate<string[]>('globalThis.wasSeen ?? ["kept as it was"]');
    for (const text of seen) assert.doesNotMatch(text, /kept as it was|ada@example\.com|Ada Lovelace|Your account/);

    await page.goBack();
    await page.goto(`${service.url}/account`);
    await seesSignIn(page);
    assert.equal(pathOf(page), '/sign-in');

    const replayed = await validate(service.url, stolen);
    assert.deepEqual(replayed.body, { valid: false, reason: 'signed-out' });
    assert.equal(replayed.headers['x-session-reason'], 'signed-out');
  });
});
