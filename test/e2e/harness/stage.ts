/** A browser test: a directory, services and browsers of its own, evidence where it fails, and nothing left behind. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { freePort } from './free-port.ts';
import { removeAtExit } from './leftovers.ts';
import { Service, type ServiceSetup } from './service.ts';

/** The repository under test. */
export const REPOSITORY: string = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs one test. Its steps appear as tests of their own. */
export function stageTest(name: string, play: (stage: Stage) => Promise<void>): void {
  test(name, async (context) => {
    const stage = new Stage(context);
    try {
      await play(stage);
      assert.deepEqual(stage.mistakes, [], 'no page made a mistake');
    } catch (error) {
      await stage.keepEvidence();
      throw error;
    } finally {
      await stage.clear();
    }
  });
}

export class Stage {
  /** Temporary, and gone afterwards. */
  readonly directory: string;
  /** What the pages did wrong by themselves: uncaught errors and breaches of the content security policy. */
  readonly mistakes: string[] = [];
  readonly #test: TestContext;
  readonly #services: Service[] = [];
  readonly #browsers = new Set<BrowserContext>();
  readonly #clearing: (() => Promise<void> | void)[] = [];
  readonly #forget: () => void;

  constructor(context: TestContext) {
    this.#test = context;
    this.directory = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    this.#forget = removeAtExit(() => this.#removeDirectory());
  }

  /** A sentence of the test. When it does not hold, the rest is not tried: it could only fail for the same reason. */
  async step(sentence: string, act: () => Promise<void>): Promise<void> {
    let failure: { readonly error: unknown } | null = null;
    await this.#test.test(sentence, async () => {
      try {
        await act();
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
    if (failure !== null) throw new Error(`stopped, because this does not hold: ${sentence}`);
  }

  /** A directory in the temporary one. */
  makeDirectory(name: string): string {
    const path = join(this.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A service that is not started yet: development, plain http on loopback, no settings but those that keep it apart. */
  async prepareService(changes: Partial<ServiceSetup> = {}): Promise<Service> {
    const service = new Service(await freePort(), {
      code: REPOSITORY,
      directory: this.makeDirectory('home'),
      dataDir: join(this.directory, 'data'),
      secrets: null,
      environment: {},
      options: [],
      clockAheadSeconds: 0,
      ...changes,
    });
    this.#services.push(service);
    return service;
  }

  async startService(changes: Partial<ServiceSetup> = {}): Promise<Service> {
    const service = await this.prepareService(changes);
    await service.start();
    return service;
  }

  /** Opens a browser; under a name that was used before it is the same one again, with what its profile kept. */
  async openBrowser(name: string, switches: readonly string[] = []): Promise<BrowserContext> {
    const browser = await openBrowser({
      profile: join(this.directory, `profile-${name}`),
      switches,
      onMistake: (mistake) => this.mistakes.push(mistake),
    });
    this.#browsers.add(browser);
    browser.on('close', () => this.#browsers.delete(browser));
    return browser;
  }

  /** Runs when the test is over, whether it passed or not. */
  afterwards(clear: () => Promise<void> | void): void {
    this.#clearing.push(clear);
  }

  /** Saves what the browsers show and what the services wrote, and says where. */
  async keepEvidence(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-failed-'));
    this.#services.forEach((service, index) => {
      service.thaw();
      writeFileSync(join(folder, `service-${index + 1}.log`), service.log);
    });
    const pages = [...this.#browsers].flatMap((browser) => browser.pages());
    for (const [index, page] of pages.entries()) {
      const path = join(folder, `page-${index + 1}.png`);
      await page.screenshot({ path, timeout: 5000 }).catch(() => {});
    }
    writeFileSync(join(folder, 'pages.txt'), [...pages.map((page) => page.url()), ...this.mistakes].join('\n'));
    this.#test.diagnostic(`screenshots and the service's log are in ${folder}`);
  }

  /** Ends and removes everything. */
  async clear(): Promise<void> {
    for (const browser of this.#browsers) await browser.close().catch(() => {});
    for (const clear of this.#clearing) await clear();
    for (const service of this.#services) await service.kill();
    this.#removeDirectory();
    this.#forget();
  }

  #removeDirectory(): void {
    // A browser's last helper may still be writing to the profile.
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
