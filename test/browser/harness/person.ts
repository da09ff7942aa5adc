/** What a person does in a tab of the matrix, and what one sees there. */
import assert from 'node:assert/strict';
import type { SessionState } from 'holdfast/client';
import type { Page } from 'playwright-core';

/** Everybody's. */
export const PASSWORD = 'seven bridges over the river';

let people = 0;

/** A new account each time; answers its address. */
export async function signUp(tab: Page): Promise<string> {
  people += 1;
  const account = { email: `person-${people}@example.com`, password: PASSWORD, name: 'Somebody' };
  const kind = await tab.evaluate(async (all) => {
    const { client } = window.matrix;
    // Nobody fills in a form before the page has shown one.
    await client.settled();
    return (await client.signUp(all)).kind;
  }, account);
  assert.equal(kind, 'ok', 'the sign-up was accepted');
  return account.email;
}

export async function signIn(tab: Page, email: string): Promise<void> {
  const credentials = { email, password: PASSWORD };
  const kind = await tab.evaluate(async (all) => (await window.matrix.client.signIn(all)).kind, credentials);
  assert.equal(kind, 'ok', 'the sign-in was accepted');
}

export async function signOut(tab: Page): Promise<void> {
  const kind = await tab.evaluate(async () => (await window.matrix.client.signOut()).kind);
  assert.equal(kind, 'ok', 'the sign-out was accepted');
}

/** Waits until the tab says so. */
export async function shows(tab: Page, status: SessionState['status']): Promise<void> {
  await tab.locator('#status').getByText(status, { exact: true }).waitFor();
}

/** What the document says now. */
export async function looksLike(tab: Page): Promise<{ status: string; reason: string; person: string }> {
  return tab.evaluate(() => {
    const read = (id: string): string => document.getElementById(id)?.textContent ?? '';
    return { status: read('status'), reason: read('reason'), person: read('person') };
  });
}

/** Every status that the tab went through since it was loaded, the same one in a row once. */
export async function history(tab: Page): Promise<readonly string[]> {
  const seen = await tab.evaluate(() => window.matrix.seen.map(({ status }) => status));
  return seen.filter((status, index) => status !== seen[index - 1]);
}

export function ask(tab: Page): Promise<string> {
  return tab.evaluate(async () => (await window.matrix.client.ask()).status);
}

/** The codes of what the client found. */
export function findings(tab: Page): Promise<readonly string[]> {
  return tab.evaluate(() => window.matrix.client.explain().findings.map(({ code }) => code));
}
