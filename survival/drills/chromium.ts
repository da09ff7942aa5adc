/** A real Chromium with a profile, seen as a person would: it goes to addresses, reloads, opens tabs, is closed and opened. */
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/prepare-tests.ts';
import type { Routes, Who } from '../adapter.ts';
import type { Answer, RequestPlan } from '../http/client.ts';

export interface BrowserWindow {
  /** Sends a request from a page of the application, as its script would. */
  send(plan: RequestPlan): Promise<number>;
  /** Opens the page that says who one is in a new tab, or loads it again in the one that is open. */
  who(where: 'first-tab' | 'new-tab' | 'reload'): Promise<Who>;
  /** Goes to another address in a new tab. */
  visit(url: string): Promise<void>;
  close(): Promise<void>;
}

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const LIMIT_MS = 20_000;

/** `url` is where the browser finds the system: http on localhost, which it trusts as it does https. */
export async function openChromium(profile: string, url: string, routes: Routes): Promise<BrowserWindow> {
  const executablePath = findChromium(process.env);
  if (executablePath === null) throw new Error('no Chromium was found: install it, or set CHROMIUM to its path');
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: SWITCHES,
    // What the proxy that ends the TLS would say; localhost is to Chromium what https is.
    extraHTTPHeaders: { 'x-forwarded-proto': 'https' },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const first = context.pages()[0] ?? (await context.newPage());
  const whoUrl = `${url}${routes.whoAmI().path}`;

  async function look(page: Page, load: 'goto' | 'reload'): Promise<Who> {
    const response = load === 'goto' ? await page.goto(whoUrl) : await page.reload();
    if (response === null) return { state: 'unknown', why: 'no answer' };
    const answer: Answer = {
      status: response.status(),
      headers: response.headers(),
      setCookie: [],
      text: await response.text(),
      tookMs: 0,
    };
    return routes.who(answer);
  }

  return {
    async send(plan) {
      await first.goto(whoUrl);
      return first.evaluate(
        async ({ method, path, json }) => {
          const answer = await fetch(path, {
            method,
            ...(json === undefined
              ? {}
              : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
          });
          await answer.text();
          return answer.status;
        },
        { method: plan.method, path: plan.path, json: plan.json },
      );
    },
    async who(where) {
      if (where === 'reload') return look(first, 'reload');
      return look(where === 'first-tab' ? first : await context.newPage(), 'goto');
    },
    async visit(address) {
      const page = await context.newPage();
      await page.goto(address);
      await page.close();
    },
    close: () => context.close(),
  };
}
