/** The browser's cookie jar, as rows look at it and age it. */
import assert from 'node:assert/strict';
import type { BrowserContext } from 'playwright-core';

/** A browser drops the access cookie when its time has come: the next request shows the refresh token alone. */
export async function forgetAccessToken(browser: BrowserContext): Promise<void> {
  const cookies = await browser.cookies();
  const access = cookies.find(({ name }) => name === 'session_access');
  assert.ok(access, 'there is an access token to forget');
  const [tab] = browser.pages();
  assert.ok(tab, 'the browser has a tab');
  // Only this one, while `clearCookies` of a context empties the jar for a moment.
  const session = await browser.newCDPSession(tab);
  await session.send('Network.deleteCookies', { name: access.name, domain: access.domain, path: access.path });
  await session.detach();
  assert.ok(!(await browser.cookies()).some(({ name }) => name === 'session_access'));
}

export async function refreshTokenOf(browser: BrowserContext): Promise<string> {
  const cookie = (await browser.cookies()).find(({ name }) => name === 'session_refresh');
  assert.ok(cookie, 'there is a refresh token');
  return cookie.value;
}
