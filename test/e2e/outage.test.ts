/** An outage as a browser sees it: the page waits and carries on by itself, and nobody is ever told that they are signed out. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { firstTab } from './harness/browser.ts';
import { ADA, pathOf, seesAccount, seesSignIn, signUp } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';
import { watchTraffic } from './harness/traffic.ts';

/** The question is asked when the network is back; this is how a laptop that wakes up looks to a page. */
async function wakesUp(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.context().setOffline(false);
}

stageTest('an outage is never taken for a sign-out', async (stage) => {
  const service = await stage.startService();
  const browser = await stage.openBrowser('ada');
  const page = firstTab(browser);
  const traffic = watchTraffic(page);
  const unreachable = page.getByRole('heading', { name: 'We cannot reach the service' });
  const notice = page.getByText('The service is not answering.');
  await page.goto(`${service.url}/sign-up`);
  await signUp(page, ADA);
  const cookies = await browser.cookies();
  traffic.clear();

  async function nobodyIsSentAnywhere(): Promise<void> {
    assert.deepEqual(
      traffic.visited.filter((path) => path !== '/account'),
      [],
    );
    assert.deepEqual(await browser.cookies(), cookies, 'the cookies are untouched');
  }

  await stage.step('an open page stays as it is while the service is down, and says so', async () => {
    await service.kill();
    await wakesUp(page);
    await notice.waitFor();
    await page.getByText('You stay signed in').waitFor();
    await seesAccount(page, ADA);
    await nobodyIsSentAnywhere();
  });

  await stage.step('the open page notices by itself that the service is back', async () => {
    await service.start();
    await notice.waitFor({ state: 'detached' });
    await seesAccount(page, ADA);
    await nobodyIsSentAnywhere();
  });

  await stage.step('a page that cannot ask when it is loaded shows the outage, not the sign-in page', async () => {
    // The document still comes; by the time of the question there is nobody to answer.
    await page.route('**/unified-auth/validate', async (route) => {
      await service.kill();
      await route.continue();
    });
    await page.reload();
    await unreachable.waitFor();
    await page.unroute('**/unified-auth/validate');
    await nobodyIsSentAnywhere();
  });

  await stage.step('that page, too, carries on by itself when the service is back', async () => {
    await service.start();
    await seesAccount(page, ADA);
    await nobodyIsSentAnywhere();
  });

  await stage.step('F5 while the service is down loses nothing: the next F5 is signed in', async () => {
    assert.equal(await service.stop(), 0);
    await assert.rejects(page.reload(), /ERR_CONNECTION_REFUSED/);
    await service.start();
    await page.reload();
    await seesAccount(page, ADA);
    assert.deepEqual(await browser.cookies(), cookies);
  });

  await stage.step('a service that accepts and does not answer is an outage like any other', async () => {
    await page.clock.install();
    await page.reload();
    await seesAccount(page, ADA);
    traffic.clear();
    service.freeze();
    const asked = page.waitForRequest('**/unified-auth/validate');
    await wakesUp(page);
    await asked;
    // The page gives an answer 20 seconds.
    await page.clock.fastForward(21_000);
    await notice.waitFor();
    await seesAccount(page, ADA);
    service.thaw();
    await page.clock.fastForward(2000);
    await notice.waitFor({ state: 'detached' });
    await nobodyIsSentAnywhere();
  });

  await stage.step('signing out during an outage says that one is still signed in, and works afterwards', async () => {
    await service.kill();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByText('You are still signed in: the service did not answer.').waitFor();
    await nobodyIsSentAnywhere();
    await service.start();
    await page.clock.fastForward(31_000);
    await notice.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await seesSignIn(page);
    assert.equal(pathOf(page), '/sign-in');
    assert.deepEqual(await browser.cookies(), []);
  });
});

stageTest('whoever is typing keeps what they typed through an outage', async (stage) => {
  const service = await stage.startService();
  const page = firstTab(await stage.openBrowser('ada'));
  await page.goto(`${service.url}/sign-up`);
  await page.getByLabel('Email').fill(ADA.email);
  await page.getByLabel('Password', { exact: true }).fill(ADA.password);
  await service.kill();
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('Nothing you typed is lost').waitFor();
  assert.equal(await page.getByLabel('Email').inputValue(), ADA.email);
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), ADA.password);
  await service.start();
  await page.getByRole('button', { name: 'Create account' }).click();
  await seesAccount(page, ADA);
});
