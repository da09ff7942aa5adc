/** Serves pages with a real React in a real Chromium, and counts what they ask of the service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { build, defaultClientConditions } from 'vite';
import { openBrowser } from '../e2e/harness/browser.ts';
import type { Probe } from './react-scenarios.ts';

/** One answer to the one question. */
export interface Said {
  readonly status: number;
  readonly body: unknown;
}

export const SESSION = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  created_at: '2030-01-01T00:00:00.000Z',
  expires_at: '2099-01-01T00:00:00.000Z',
  idle_expires_at: '2099-01-01T00:00:00.000Z',
  authenticated_at: '2030-01-01T00:00:00.000Z',
  amr: ['pwd'],
};

export function isIn(id: string): Said {
  return { status: 200, body: { valid: true, user: { id }, session: SESSION, now: new Date().toISOString() } };
}

export function isOut(reason: string): Said {
  return { status: 200, body: { valid: false, reason } };
}

export const OUTAGE: Said = { status: 503, body: { code: 'store-unreachable', status: 503, title: 'Away' } };

/** A page as the server sends it: `html` is what it rendered, if it did. */
export interface Served {
  readonly scenario: string;
  readonly html?: string;
  /** The script element with the answer. */
  readonly script?: string;
  readonly seed?: 'client' | 'provider';
  readonly headers?: Readonly<Record<string, string>>;
}

/** One service and one browser for a file's tests. */
export interface ReactStage {
  readonly origin: string;
  /** What the service answers from now on; a promise holds the answer back. */
  says: Said | Promise<Said>;
  /** How often it was asked. */
  asked: number;
  /** Every page that was navigated to, with its query. */
  readonly visited: string[];
  /** Warnings and errors in the consoles of the pages. */
  readonly complaints: string[];
  /** What a path shows; anything else shows the sign-in page. */
  readonly pages: Map<string, Served>;
  /** A new tab at a path; earlier tabs are closed and everything is counted from zero. */
  open(path: string): Promise<Page>;
}

/** Call it at the top of a test file. */
export function reactStage(): ReactStage {
  let script = '';
  let browser: BrowserContext | null = null;
  let tab: Page | null = null;
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-react-'));

  const stage: ReactStage & { origin: string } = {
    origin: '',
    says: OUTAGE,
    asked: 0,
    visited: [],
    complaints: [],
    pages: new Map(),
    async open(path) {
      await tab?.close();
      Object.assign(stage, { asked: 0 });
      stage.visited.length = 0;
      stage.complaints.length = 0;
      if (browser === null) throw new Error('the browser is not open');
      tab = await browser.newPage();
      tab.on('console', (message) => {
        // The browser itself reports every answer from 400 on.
        const isOwn = !message.text().startsWith('Failed to load resource');
        if (isOwn && ['error', 'warning'].includes(message.type())) stage.complaints.push(message.text());
      });
      tab.on('pageerror', (error) => stage.complaints.push(String(error)));
      await tab.goto(stage.origin + path);
      return tab;
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    if (path === '/page.js') return void response.setHeader('content-type', 'text/javascript').end(script);
    if (path === '/favicon.ico') return void response.writeHead(204).end();
    if (path === '/unified-auth/validate') {
      stage.asked += 1;
      const { status, body } = await stage.says;
      return void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
    stage.visited.push(path);
    const served = stage.pages.get(path.replace(/\?.*/, ''));
    response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store', ...served?.headers });
    response.end(served === undefined ? '<!doctype html><title>Sign in</title><h1>Sign in</h1>' : documentOf(served));
  };
  const server = createServer((request, response) => void answer(request, response));

  before(async () => {
    script = await bundle();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stage.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await openBrowser({ profile, onMistake: () => {} });
  });
  after(async () => {
    await browser?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  return stage;
}

/** Reads what a page's scenario wrote down. */
export function probeOf<T>(page: Page, read: (probe: Probe) => T): Promise<T> {
  return page.evaluate(`(${read})(window.probe)`) as Promise<T>;
}

function documentOf({ scenario, html = '', script = '', seed = 'client' }: Served): string {
  return `<!doctype html><html data-scenario="${scenario}" data-seed="${seed}"><title>Page</title>
<div id="root">${html}</div>${script}<script type="module" src="/page.js"></script></html>`;
}

/** The development build of React, which is the one that complains. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
    build: {
      write: false,
      minify: false,
      rolldownOptions: { input: fileURLToPath(new URL('react-page.ts', import.meta.url)) },
    },
  });
  if (!('output' in built)) throw new Error('the page was not built once');
  return built.output[0].code;
}
