/** The browser examples run as they are: sign up, F5, still there after one question, sign out; and an outage signs nobody out. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateSecret } from 'holdfast';
import type { Page } from 'playwright-core';
import { violations } from '../e2e/harness/accessibility.ts';
import { firstTab } from '../e2e/harness/browser.ts';
import { freePort } from '../e2e/harness/free-port.ts';
import { ADA, type Person } from '../e2e/harness/person.ts';
import { REPOSITORY, type Stage, stageTest } from '../e2e/harness/stage.ts';
import { type Traffic, watchTraffic } from '../e2e/harness/traffic.ts';

const VALIDATE = '/unified-auth/validate';

/** Vite looks for changed files once an hour, and so never: a source that is saved during the run would reload the page. */
const UNWATCHED = { CHOKIDAR_USEPOLLING: '1', CHOKIDAR_INTERVAL: '3600000' };

interface Running {
  readonly address: string;
  readonly child: ChildProcess;
}

async function startExample(stage: Stage, name: string, environment: NodeJS.ProcessEnv): Promise<Running> {
  const child = spawn(process.execPath, ['-C', 'holdfast-source', join('examples', name, 'main.ts')], {
    cwd: REPOSITORY,
    env: { ...process.env, ...UNWATCHED, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stage.afterwards(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/[^\s/]+/.exec(line)?.[0];
    if (address !== undefined) return { address, child };
  }
  throw new Error(`the example ${name} ended before it listened`);
}

/** A tab whose console stays quiet: what frameworks complain about there fails the test. */
async function openTab(stage: Stage): Promise<{ page: Page; traffic: Traffic }> {
  const page = firstTab(await stage.openBrowser('person'));
  page.on('console', (message) => {
    const isOwn = !message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && isOwn) stage.mistakes.push(message.text());
  });
  return { page, traffic: watchTraffic(page) };
}

async function isAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), []);
  }
}

/** Vite's own way to end is the status that a shell would give. */
async function stopInOrder({ child }: Running, status: 0 | 143): Promise<void> {
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [status, null]);
}

function notes(page: Page, { name }: Pick<Person, 'name'>): Promise<void> {
  return page.getByRole('heading', { name: `Notes of ${name}` }).waitFor();
}

for (const name of ['react-vite', 'vue']) {
  stageTest(`examples/${name}: sign up, F5, an outage, sign out`, async (stage) => {
    const service = await stage.startService();
    const environment = { PORT: String(await freePort()), SERVICE_URL: `http://127.0.0.1:${service.port}` };
    const example = await startExample(stage, name, environment);
    const { page, traffic } = await openTab(stage);

    await stage.step('the guard leads to the sign-in page and knows the way back', async () => {
      await page.goto(`${example.address}/notes?from=guard#part`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await isAccessible(page);
      await page.getByRole('link', { name: 'Create an account' }).click();
      await page.getByLabel('Name').fill(ADA.name);
      await page.getByLabel('Email').fill(ADA.email);
      await page.getByLabel('Password').fill('short');
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByRole('alert').getByText(/\w/).waitFor();
      await page.getByLabel('Password').fill(ADA.password);
      await page.getByRole('button', { name: 'Create account' }).click();
      await notes(page, ADA);
      assert.equal(page.url(), `${example.address}/notes?from=guard#part`);
      await isAccessible(page);
    });

    await stage.step('F5 asks once and stays', async () => {
      traffic.clear();
      await page.reload();
      await notes(page, ADA);
      assert.deepEqual(await traffic.statuses('POST', VALIDATE), [200]);
      assert.deepEqual(traffic.visited, ['/notes']);
    });

    await stage.step('an outage leaves the form alone, and an F5 in it waits for the service', async () => {
      await page.getByLabel('A note').fill('half a sentence');
      await service.stop();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('you are still signed in').waitFor();
      assert.equal(await page.getByLabel('A note').inputValue(), 'half a sentence');
      traffic.clear();
      await page.reload();
      await page.getByText('Nobody has been signed out').waitFor();
      await isAccessible(page);
      await service.start();
      await notes(page, ADA);
      assert.deepEqual(traffic.visited, ['/notes']);
    });

    await stage.step('signing out leads to the sign-in page, without a way back', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.equal(new URL(page.url()).search, '');
      await page.getByLabel('Email').fill(ADA.email);
      await page.getByLabel('Password').fill(ADA.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await notes(page, ADA);
    });
    // Vite's part of the page would complain that its server has gone.
    await page.close();
    await stopInOrder(example, 143);
  });
}

stageTest('examples/plain-html: sign in, F5, an outage, sign out', async (stage) => {
  const environment = { PORT: String(await freePort()), DATA_DIR: stage.directory, SESSION_SECRET: generateSecret() };
  const example = await startExample(stage, 'plain-html', environment);
  const { page, traffic } = await openTab(stage);

  await stage.step('signing in asks nothing more', async () => {
    await page.goto(example.address);
    await page.getByLabel('Name').fill('ada');
    await isAccessible(page);
    assert.equal(await page.locator('[data-view]:visible').count(), 1);
    traffic.clear();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await notes(page, { name: 'ada' });
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), []);
    await isAccessible(page);
  });

  await stage.step('F5 asks once and stays', async () => {
    traffic.clear();
    await page.reload();
    await notes(page, { name: 'ada' });
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), [200]);
  });

  await stage.step('while the server is away, what is typed stays, and nobody is signed out', async () => {
    await page.getByLabel('A note').fill('half a sentence');
    example.child.kill('SIGKILL');
    await once(example.child, 'exit');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').getByText('does not answer').waitFor();
    await page.getByText('No connection').waitFor();
    assert.equal(await page.getByLabel('A note').inputValue(), 'half a sentence');
  });

  await stage.step('back again, it carries on, and signs out', async () => {
    const again = await startExample(stage, 'plain-html', environment);
    await page.getByText('Signed in', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await stopInOrder(again, 0);
  });
});

stageTest('examples/server-rendered: sign in, F5 without a question, keep a note, sign out', async (stage) => {
  const environment = { PORT: String(await freePort()), DATA_DIR: stage.directory, SESSION_SECRET: generateSecret() };
  const example = await startExample(stage, 'server-rendered', environment);
  const { page, traffic } = await openTab(stage);

  await stage.step('the server leads to the sign-in page and back', async () => {
    await page.goto(`${example.address}/notes?from=guard`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await isAccessible(page);
    await page.getByLabel('Name').fill('ada');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await notes(page, { name: 'ada' });
    assert.equal(page.url(), `${example.address}/notes?from=guard`);
    await isAccessible(page);
  });

  await stage.step('the page comes whole from the server, is not to be kept, and asks nothing', async () => {
    traffic.clear();
    const response = await page.reload();
    assert.match((await response?.text()) ?? '', /Notes of .*ada/);
    assert.equal(response?.headers()['cache-control'], 'no-store');
    await isHydrated(page);
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), []);
    assert.deepEqual(traffic.visited, ['/notes']);
  });

  await stage.step('a form keeps a note, also without scripts', async () => {
    await page.getByLabel('A note').fill('kept </textarea>"<b>');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.waitForURL(`${example.address}/notes`);
    assert.equal(await page.getByLabel('A note').inputValue(), 'kept </textarea>"<b>');
    await page.route('**/browser.tsx', (route) => route.abort());
    await page.reload();
    await page.getByLabel('A note').fill('changed');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.waitForURL(`${example.address}/notes`);
    assert.equal(await page.getByLabel('A note').inputValue(), 'changed');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Notes', exact: true }).waitFor();
    await page.unroute('**/browser.tsx');
  });

  await stage.step('with scripts, signing out leads to the sign-in page', async () => {
    await page.goto(`${example.address}/sign-in`);
    await page.getByLabel('Name').fill('ada');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await notes(page, { name: 'ada' });
    await isHydrated(page);
    await page.route('**/auth/sign-out', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').getByText('you are still signed in').waitFor();
    await page.unroute('**/auth/sign-out');
    traffic.clear();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.deepEqual(await traffic.statuses('POST', '/auth/sign-out'), [204]);
  });
  await stage.step('a path that is none is answered 400, and nothing ends', async () => {
    assert.equal((await fetch(`${example.address}//`)).status, 400);
    assert.equal((await fetch(example.address)).status, 200);
  });
  await page.close();
  await stopInOrder(example, 0);
});

/** React leaves its own properties on the elements that it has taken over. */
async function isHydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const main = document.querySelector('main');
    return main !== null && Object.keys(main).some((key) => key.startsWith('__react'));
  });
}
