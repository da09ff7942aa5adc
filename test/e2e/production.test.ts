/** The journey's first steps as production has them: TLS in front, `__Host-` cookies, and sibling hosts that mean no good. */
import assert from 'node:assert/strict';
import { generateSecret } from 'holdfast';
import type { Page } from 'playwright-core';
import { firstTab } from './harness/browser.ts';
import { ask } from './harness/direct.ts';
import { ADA, seesAccount, seesSignIn, signUp } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';
import { startTlsProxy } from './harness/tls-proxy.ts';

const DOMAIN = 'example.test';
const HOST = `auth.${DOMAIN}`;

/** What a page of a sibling host can do to the service: toss cookies at it, push its cookies out, send it requests. */
function misbehave(page: Page, origin: string): Promise<unknown> {
  return page.evaluate(
    async ({ domain, target }) => {
      const tossed = ['session_access', 'session_refresh', '__Secure-session_refresh'];
      const junk = Array.from({ length: 200 }, (_, index) => `junk${index}`);
      for (const name of [...junk, ...tossed]) await cookieStore.set({ name, value: 'tossed', domain });
      const attack = { method: 'POST', mode: 'no-cors', credentials: 'include' } as const;
      // The answer is kept from such a page; that the request arrives is what matters.
      for (const path of ['sign-out', 'sessions/revoke-others']) {
        await fetch(`${target}/auth/${path}`, attack).catch(() => {});
      }
    },
    { domain: DOMAIN, target: origin },
  );
}

stageTest('in production, behind TLS, whoever signed up stays signed in', async (stage) => {
  const service = await stage.prepareService({ secrets: generateSecret() });
  const proxy = await startTlsProxy({ host: HOST, domain: DOMAIN, servicePort: service.port });
  stage.afterwards(() => proxy.close());
  const url = `https://${HOST}:${proxy.port}`;
  await service.start({
    environment: { NODE_ENV: 'production', PUBLIC_URL: url, ALLOWED_HOSTS: HOST, TRUSTED_PROXIES: 'loopback' },
  });
  let browser = await stage.openBrowser('ada', proxy.switches);
  let page = firstTab(browser);

  await stage.step('signing up sets two __Host- cookies with every flag', async () => {
    const response = await page.goto(url);
    assert.match((await response?.headerValue('strict-transport-security')) ?? '', /max-age=31536000/);
    await seesSignIn(page);
    await page.getByRole('link', { name: 'Create an account' }).click();
    const answered = page.waitForResponse('**/auth/sign-up');
    await signUp(page, ADA);
    const lines = await (await answered).headerValues('set-cookie');
    const named = lines.map((line) => line.slice(0, line.indexOf('='))).sort();
    assert.deepEqual(named, ['__Host-session_access', '__Host-session_refresh']);
    for (const line of lines) assert.match(line, /; Path=\/; Secure; HttpOnly; SameSite=Lax; Priority=High$/);
    const kept = await browser.cookies();
    assert.deepEqual(kept.map(({ name }) => name).sort(), named);
    for (const { secure, httpOnly, domain } of kept) {
      assert.deepEqual({ secure, httpOnly, domain }, { secure: true, httpOnly: true, domain: HOST });
    }
  });

  await stage.step('F5, a due access token, a restart of the browser, kill -9: still signed in', async () => {
    await page.reload();
    await seesAccount(page, ADA);
    await browser.clearCookies({ name: '__Host-session_access' });
    await page.reload();
    await seesAccount(page, ADA);
    await browser.close();
    browser = await stage.openBrowser('ada', proxy.switches);
    page = firstTab(browser);
    await service.kill();
    await service.start();
    await page.goto(url);
    await seesAccount(page, ADA);
  });

  await stage.step('while nothing answers behind the proxy, F5 loses nothing', async () => {
    assert.equal(await service.stop(), 0);
    assert.equal((await page.reload())?.status(), 502);
    assert.equal((await browser.cookies()).length, 2);
    await service.start();
    await page.reload();
    await seesAccount(page, ADA);
  });

  await stage.step('a sibling host can neither sign anybody out nor push the cookies out', async () => {
    const sibling = await browser.newPage();
    await sibling.goto(`https://shop.${DOMAIN}:${proxy.port}/`);
    await misbehave(sibling, url);
    const names = (await browser.cookies(url)).map(({ name }) => name);
    assert.ok(names.includes('__Secure-session_refresh'), 'the tossed cookies are there');
    assert.ok(!names.includes('junk0'), 'the browser had to throw cookies away');
    for (const line of ['sign-out', 'sessions/revoke-others']) {
      await service.wrote(`"route":"/auth/${line}","status":403`, 1);
    }
    await page.reload();
    await seesAccount(page, ADA);
    await browser.clearCookies({ name: '__Host-session_access' });
    await page.reload();
    await seesAccount(page, ADA);
  });

  await stage.step('plain http is led to https, by the address of the configuration', async () => {
    const { status, headers } = await ask('GET', `${service.url}/sign-in?next=%2Faccount`, {
      headers: { host: HOST, 'x-forwarded-proto': 'http' },
    });
    assert.equal(status, 308);
    assert.equal(headers.location, `${url}/sign-in?next=%2Faccount`);
  });

  await stage.step('signing out takes the cookies away', async () => {
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await seesSignIn(page);
    const names = (await browser.cookies(url)).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.startsWith('__Host-')),
      [],
    );
  });
});
