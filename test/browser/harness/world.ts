/** The matrix's world, once per file: a real Chromium, a real edge, the real service behind it, and rows that share them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../../e2e/harness/browser.ts';
import { freePort } from '../../e2e/harness/free-port.ts';
import { removeAtExit } from '../../e2e/harness/leftovers.ts';
import { Service } from '../../e2e/harness/service.ts';
import { REPOSITORY } from '../../e2e/harness/stage.ts';
import { type Front, startFront } from './front.ts';
import { type Gate, startGate } from './gate.ts';
import { type Pages, startPages } from './pages.ts';
import { makeServiceClock, type ServiceClock } from './service-clock.ts';

/** Everything that a row may look at or break. */
export interface World {
  readonly service: Service;
  readonly clock: ServiceClock;
  /** Between the edge and the service. */
  readonly gate: Gate;
  readonly pages: Pages;
  /** Passes `/app` to the pages and everything else through the gate to the service. */
  readonly edge: Front;
  readonly browser: BrowserContext;
  /** What Chromium calls the edge. */
  readonly url: string;
  /** The same pages under an origin that may use the edge and the service. */
  readonly friendUrl: string;
  /** And under one that may not. */
  readonly strangerUrl: string;
  /** A new tab; a path alone is one of the edge. */
  open(path?: string): Promise<Page>;
  /** Stops with the row. */
  afterwards(stop: () => Promise<void> | void): void;
}

export interface WorldOptions {
  /** More switches of Chromium. */
  readonly switches?: readonly string[];
}

/** One test of the matrix. */
export type Row = (sentence: string, act: (world: World) => Promise<void>) => void;

/** Call it at the top of a test file. */
export function matrix(options: WorldOptions = {}): Row {
  const { switches = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
  // A browser's last helper may still be writing to the profile.
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  const forget = removeAtExit(remove);
  const stopping: (() => Promise<void> | void)[] = [];
  const clearing: (() => Promise<void> | void)[] = [];
  const mistakes: string[] = [];
  const keeps = <T extends { close(): Promise<void> }>(one: T): T => {
    stopping.push(() => one.close());
    return one;
  };
  let world: World | null = null;

  async function start(): Promise<World> {
    const clock = makeServiceClock(directory);
    const port = await freePort();
    const [pages, gate] = await Promise.all([startPages().then(keeps), startGate(port).then(keeps)]);
    const url = (port: number): string => `http://localhost:${port}`;
    const friendUrl = url(pages.friend.port);
    const routes = { '/app': pages.origin, '/': gate.origin };
    const edge = keeps(await startFront({ routes, cors: { origins: [friendUrl] } }));
    const service = new Service(port, {
      code: REPOSITORY,
      directory,
      dataDir: join(directory, 'data'),
      secrets: null,
      environment: { ...clock.environment, ALLOWED_ORIGINS: friendUrl },
      options: [],
      clockAheadSeconds: 0,
    });
    stopping.push(() => service.kill());
    const opening = openBrowser({
      profile: join(directory, 'profile'),
      switches,
      onMistake: (mistake) => mistakes.push(mistake),
    });
    stopping.push(() => opening.then((browser) => browser.close()));
    const [browser] = await Promise.all([opening, service.start()]);
    return {
      service,
      clock,
      gate,
      pages,
      edge,
      browser,
      url: url(edge.port),
      friendUrl,
      strangerUrl: url(pages.stranger.port),
      async open(path = '/app/') {
        const page = await browser.newPage();
        await page.goto(path.startsWith('/') ? url(edge.port) + path : path);
        return page;
      },
      afterwards: (stop) => void clearing.push(stop),
    };
  }

  before(async () => {
    world = await start();
  });
  after(async () => {
    // The browser first: what it still asks has somewhere to go.
    for (const stop of stopping.reverse()) await stop();
    remove();
    forget();
  });

  return (sentence, act) => {
    test(sentence, async (t) => {
      assert.ok(world, 'the world did not start');
      mistakes.length = 0;
      world.edge.clear();
      try {
        await act(world);
        assert.deepEqual(mistakes, [], 'no page made a mistake');
      } catch (error) {
        await tellWhatHappened(t, world);
        throw error;
      } finally {
        for (const clear of clearing.splice(0)) await clear();
        await tidy(world);
      }
    });
  };
}

/** One tab stays, or the browser would end. */
async function tidy({ browser, gate, pages }: World): Promise<void> {
  const [, ...tabs] = browser.pages();
  await Promise.all(tabs.map((tab) => tab.close()));
  await browser.setOffline(false);
  await browser.clearCookies();
  gate.answer = () => false;
  gate.meddle = (lines) => lines;
  gate.loses = null;
  gate.pageOrigin = null;
  pages.api = (_request, response) => void response.writeHead(404).end();
}

/** Whoever looks at a failure sees what the edge saw, and why each tab concluded what it did. */
async function tellWhatHappened(t: TestContext, { edge, browser }: World): Promise<void> {
  const [, ...tabs] = browser.pages();
  for (const { method, path, status, startedAt, endedAt, setCookies } of edge.passed.slice(-40)) {
    const names = setCookies.map((line) => line.replace(/=.*/s, '')).join(' ');
    t.diagnostic(`${startedAt.toFixed(0)}–${endedAt.toFixed(0)} ${method} ${path} ${status} ${names}`);
  }
  for (const tab of tabs) {
    const looking = tab.evaluate(() => {
      const { state, notes, findings } = window.matrix.client.explain();
      const lines = notes.map(({ at, event, detail }) => `${at % 1_000_000} ${event} ${detail}`);
      return JSON.stringify({ state, findings, lines, seen: window.matrix.seen }, null, 1);
    });
    // A frozen tab says nothing.
    const silence = new Promise<string>((resolve) => setTimeout(resolve, 2000, 'no answer').unref());
    t.diagnostic(`${tab.url()} ${await Promise.race([looking, silence]).catch(String)}`);
  }
}
