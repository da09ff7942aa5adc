/** Starts Chromium with a profile directory: what the profile keeps is what a person's browser would keep. */
import assert from 'node:assert/strict';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../scripts/prepare-tests.ts';

export interface BrowserOptions {
  /** The profile's directory; opened again, the browser has its cookies again. */
  readonly profile: string;
  /** More switches. */
  readonly switches?: readonly string[];
  /** Told of every mistake of a page: uncaught errors, and what the content security policy stopped. */
  readonly onMistake: (mistake: string) => void;
}

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Long enough for a machine that is busy with other tests; nothing waits this long when all is well. */
const LIMIT_MS = 20_000;

export async function openBrowser({ profile, switches = [], onMistake }: BrowserOptions): Promise<BrowserContext> {
  const executablePath = findChromium(process.env);
  assert.ok(
    executablePath,
    'No Chromium was found: install it (apt-get install chromium), or set CHROMIUM to its path.',
  );
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...SWITCHES, ...switches],
    // People's browsers have it, and a page that comes back from it must not show who has left.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    timezoneId: 'UTC',
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const watch = (page: Page): void => {
    page.on('pageerror', (error) => onMistake(`${page.url()}: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) onMistake(`${page.url()}: ${message.text()}`);
    });
  };
  context.pages().forEach(watch);
  context.on('page', watch);
  return context;
}

/** The tab that a browser opens with. */
export function firstTab(context: BrowserContext): Page {
  const [page] = context.pages();
  assert.ok(page, 'the browser has no tab');
  return page;
}
