/** The real service behind an edge: whoever signs in through it stays signed in until they sign out through it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../../../../../test/services/free-port.ts';
import { startService } from '../../../../../server/test/harness/service.ts';
import { type Answer, type Asking, type Browser, valuesOf } from './browser.ts';
import type { Front } from './fronts.ts';

type Whole = Awaited<ReturnType<Browser['ask']>>;

/** Keeps cookies as a browser does and sends what a page of `origin` sends. */
class Page {
  readonly jar: Map<string, string> = new Map();
  readonly #browser: Browser;
  readonly #origin: string;

  constructor(browser: Browser, origin: string) {
    this.#browser = browser;
    this.#origin = origin;
  }

  async post(path: string, body?: unknown, headers: Asking['headers'] = {}): Promise<Whole> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#browser.ask(path, {
      method: 'POST',
      headers: { origin: this.#origin, cookie, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    this.#keep(answer);
    return answer;
  }

  async validate(): Promise<{ valid: boolean; reason?: string; user?: { email: string } }> {
    const answer = await this.post('/unified-auth/validate');
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  }

  #keep(answer: Pick<Answer, 'lines'>): void {
    for (const line of valuesOf(answer, 'set-cookie')) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/;\s*max-age=0/i.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }
}

export function carriesSessions(front: Front): void {
  test(`signing up, staying signed in and signing out work through the edge (${front.name})`, async (t) => {
    const port = await freePort();
    const origins = [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`];
    const service = await startService(t, { environment: { ALLOWED_ORIGINS: origins.join(',') } });
    const { browser, origin } = await front.start(t, { routes: { '/': service.url }, port });
    assert.ok(origins.includes(origin));
    const page = new Page(browser, origin);

    const stranger = await page.validate();
    assert.deepEqual([stranger.valid, stranger.reason], [false, 'no-token']);
    const joined = await page.post('/auth/sign-up', { email: 'ada@example.test', password: 'a fine long password' });
    assert.equal(joined.status, 201, joined.text);
    assert.equal(page.jar.size, 2);
    for (let times = 0; times < 3; times += 1) {
      const { valid, user } = await page.validate();
      assert.deepEqual([valid, user?.email], [true, 'ada@example.test']);
    }

    // Access cookie lost, as when it is due: the refresh cookie alone brings a new one.
    for (const name of page.jar.keys()) if (name.includes('access')) page.jar.delete(name);
    assert.equal((await page.validate()).valid, true);
    assert.equal(page.jar.size, 2);

    for (const foreign of ['https://evil.example', 'null']) {
      const refused = await page.post('/auth/sign-out', undefined, { origin: foreign });
      assert.deepEqual([refused.status, JSON.parse(refused.text).code], [403, 'forbidden-origin']);
    }
    const crossSite = await page.post('/auth/sign-out', undefined, {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    });
    assert.equal(crossSite.status, 403);
    assert.equal((await page.validate()).valid, true);

    const before = new Map(page.jar);
    const out = await page.post('/auth/sign-out');
    assert.ok(out.status === 200 || out.status === 204, out.text);
    assert.equal(page.jar.size, 0);
    for (const [name, value] of before) page.jar.set(name, value);
    const after = await page.validate();
    assert.deepEqual([after.valid, after.reason], [false, 'signed-out']);
  });

  test(`a service that restarts behind the edge signs nobody out (${front.name})`, async (t) => {
    const port = await freePort();
    const origins = `http://127.0.0.1:${port},https://127.0.0.1:${port}`;
    const first = await startService(t, { environment: { ALLOWED_ORIGINS: origins } });
    const { browser, origin } = await front.start(t, { routes: { '/': first.url }, port });
    const page = new Page(browser, origin);
    await page.post('/auth/sign-up', { email: 'bob@example.test', password: 'a fine long password' });
    const jar = new Map(page.jar);

    await first.service.app.close();
    const away = await page.post('/unified-auth/validate');
    assert.equal(away.status, 502);
    assert.deepEqual(valuesOf(away, 'set-cookie'), []);
    assert.deepEqual(page.jar, jar);

    await startService(t, {
      environment: { ALLOWED_ORIGINS: origins, PORT: new URL(first.url).port, DATA_DIR: first.directory },
    });
    assert.equal((await page.validate()).valid, true);
  });
}
