/** How the pages look and what they keep: accessible in light and dark, whole on a small phone, and without a token in reach. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { violations } from './harness/accessibility.ts';
import { firstTab } from './harness/browser.ts';
import { ADA, signUp } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';

/** The narrowest phone that people still carry around. */
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 800 };

/** What is wider than the window, which would make the page scroll sideways. */
function overflowing(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > width + 1);
    return [`the page is ${document.documentElement.scrollWidth} pixels wide`, ...wide.map((each) => each.outerHTML)];
  });
}

stageTest('every page is accessible in light and dark, and whole at 360 pixels', async (stage) => {
  const service = await stage.startService();
  const page = firstTab(await stage.openBrowser('ada'));

  async function looksGood(): Promise<void> {
    for (const size of [DESKTOP, PHONE]) {
      await page.setViewportSize(size);
      for (const colorScheme of ['light', 'dark'] as const) {
        // Colours fade over, and axe would measure them half way.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        assert.deepEqual(await violations(page), [], `${colorScheme} at ${size.width} pixels`);
        assert.deepEqual(await overflowing(page), [], `${colorScheme} at ${size.width} pixels`);
      }
    }
    await page.setViewportSize(DESKTOP);
  }

  await stage.step('sign-in', async () => {
    await page.goto(service.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await looksGood();
  });

  await stage.step('sign-in with mistakes', async () => {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Enter your email address.').waitFor();
    await looksGood();
  });

  await stage.step('sign-up', async () => {
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByRole('heading', { name: 'Create your account' }).waitFor();
    await looksGood();
  });

  await stage.step('the account, of somebody with a long name and address', async () => {
    const name = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(2);
    await signUp(page, { ...ADA, name, email: `${'a'.repeat(60)}@${'b'.repeat(60)}.example.com` });
    await looksGood();
  });

  await stage.step('an outage over the account', async () => {
    await service.kill();
    await page.context().setOffline(true);
    await page.context().setOffline(false);
    await page.getByText('The service is not answering.').waitFor();
    await looksGood();
    await service.start();
    await page.getByText('The service is not answering.').waitFor({ state: 'detached' });
  });

  await stage.step('an outage when the page is opened', async () => {
    await page.route('**/unified-auth/validate', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.getByRole('heading', { name: 'We cannot reach the service' }).waitFor();
    await looksGood();
    await page.unroute('**/unified-auth/validate');
  });
});

stageTest('no script can reach a token, and the cookies have every flag that plain http allows', async (stage) => {
  const service = await stage.startService();
  const browser = await stage.openBrowser('ada');
  const page = firstTab(browser);
  await page.goto(`${service.url}/sign-up`);
  const answered = page.waitForResponse('**/auth/sign-up');
  await signUp(page, ADA);

  const lines = await (await answered).headerValues('set-cookie');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, /; Path=\/; HttpOnly; SameSite=Lax; Priority=High$/);

  const cookies = await browser.cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['session_access', 'session_refresh']);
  for (const cookie of cookies) {
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, 'Lax');
    assert.equal(cookie.domain, 'localhost');
    assert.ok(cookie.expires > Date.now() / 1000, 'it outlives the browser');
  }

  const inReach = await page.evaluate(async () => ({
    cookie: document.cookie,
    stores: [...Object.entries(localStorage), ...Object.entries(sessionStorage)],
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    page: document.documentElement.outerHTML,
  }));
  assert.deepEqual({ ...inReach, page: '' }, { cookie: '', stores: [], databases: [], caches: [], page: '' });
  for (const { value } of cookies) assert.ok(!inReach.page.includes(value));
});

stageTest('the pages come with a strict policy and are kept by nobody', async (stage) => {
  const service = await stage.startService();
  const page = firstTab(await stage.openBrowser('ada'));
  const response = await page.goto(`${service.url}/account`);
  const headers = (await response?.allHeaders()) ?? {};
  assert.equal(headers['cache-control'], 'no-store');
  assert.match(headers['content-security-policy'] ?? '', /default-src 'none'/);
  assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/);
  assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe|\*/);

  // The policy is in force: what it forbids does not happen. Seen here, so it is no mistake of the page.
  const stopped = await page.evaluate(async () => {
    const violation = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
    });
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    return { directive: await violation, ran: 'ran' in globalThis };
  });
  assert.deepEqual(stopped, { directive: 'script-src-elem', ran: false });
  assert.equal(stage.mistakes.length, 1);
  stage.mistakes.length = 0;
});
