/** A shop embeds a one-time session on its own site, in a browser that blocks third-party cookies: the whole life of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { startRedis } from '../services/redis.ts';
import { violations } from './harness/accessibility.ts';
import { firstTab } from './harness/browser.ts';
import { type Embedding, stageEmbedding } from './harness/embedding-stage.ts';
import { embedded, frameOf, wasTold } from './harness/shop.ts';
import { type Stage, stageTest } from './harness/stage.ts';

const USE = '/auth/validate-session';

/** What the statuses of the service were, for all requests to a path that a tab sends from now on. */
function statusesOf(page: Page, path: string): number[] {
  const statuses: number[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname === path) statuses.push(response.status());
  });
  return statuses;
}

/** The cookies that the browser sends to a site that another one embeds, when both kinds of cookies were set there before. */
async function thirdPartyCookies(browser: BrowserContext, { sites }: Embedding): Promise<string> {
  const received: (string | undefined)[] = [];
  sites.add('embedded.test', ({ headers }, answer) => {
    received.push(headers.cookie);
    answer.setHeader('set-cookie', [
      'plain=1; Path=/; Secure; SameSite=None',
      'apart=1; Path=/; Secure; SameSite=None; Partitioned',
    ]);
    answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Embedded</title>');
  });
  sites.add('embeds.test', (_incoming, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end(`<!doctype html><title>Embeds</title><iframe src="${sites.origin('embedded.test')}"></iframe>`);
  });
  const page = await browser.newPage();
  await page.goto(sites.origin('embeds.test'));
  await page.reload();
  await page.close();
  return received.at(-1) ?? '';
}

/** Waits for what is not a browser's to tell. */
async function holds(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    assert.ok(Date.now() < deadline, `in time: ${what}`);
    await pause(20);
  }
}

async function journey(stage: Stage, settings: Readonly<Record<string, string>>): Promise<void> {
  const embedding = await stageEmbedding(stage, settings);
  const { service, sites, shop, auth } = embedding;
  let browser = await embedding.openBrowser('ada');
  let page = firstTab(browser);
  let uses = statusesOf(page, USE);
  const ticket = await shop.create({ user: 'customer-7', data: { cart: [1] } });
  const address = shop.page(ticket.frameUrl);

  await stage.step('the browser blocks third-party cookies, and keeps partitioned ones', async () => {
    assert.equal(await thirdPartyCookies(browser, embedding), 'apart=1');
  });

  await stage.step('the embedded page uses the id once, and shows who is signed in', async () => {
    await page.goto(address);
    await wasTold(page, 'ready');
    await embedded(page).getByText('customer-7').waitFor();
    await embedded(page).getByRole('button', { name: 'Sign out' }).waitFor();
    assert.deepEqual(uses, [200]);
    assert.equal(await shop.validate(ticket.id), '401 already-used');
    const { total_created, total_used } = await shop.figures();
    assert.deepEqual({ total_created, total_used }, { total_created: 1, total_used: 1 });
  });

  await stage.step('it has two partitioned cookies of this embedding site, and no others', async () => {
    const cookies = await browser.cookies(auth);
    assert.deepEqual(cookies.map(({ name }) => name).sort(), [
      '__Host-session_frame_access',
      '__Host-session_frame_refresh',
    ]);
    for (const cookie of cookies) {
      const { secure, httpOnly, sameSite } = cookie;
      assert.deepEqual({ secure, httpOnly, sameSite }, { secure: true, httpOnly: true, sameSite: 'None' });
      assert.match(String((cookie as { partitionKey?: string }).partitionKey), /^https:\/\/shop\.test/);
    }
    assert.equal(await frameOf(page).evaluate(() => document.cookie), '', 'and no script can read them');
  });

  await stage.step('the iframe is as high as its content, named for who cannot see it, and accessible', async () => {
    const frame = page.locator('holdfast-frame iframe');
    const content = await frameOf(page).evaluate(() => document.body.getBoundingClientRect().height);
    assert.equal((await frame.boundingBox())?.height, Math.ceil(content));
    assert.equal(await frame.getAttribute('title'), 'Your account');
    assert.equal(await frame.getAttribute('referrerpolicy'), 'no-referrer');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(frameOf(page)), []);
    }
  });

  await stage.step('the id is in no address any more', async () => {
    assert.equal(frameOf(page).url(), `${auth}/client/iframe.html`);
    assert.equal(await frameOf(page).evaluate(() => history.length), await page.evaluate(() => history.length));
  });

  await stage.step('F5 inside the frame: still signed in, by the cookies alone', async () => {
    await frameOf(page).evaluate(() => location.reload());
    await wasTold(page, 'ready', 2);
    await embedded(page).getByText('customer-7').waitFor();
    assert.deepEqual(uses, [200]);
    assert.deepEqual(await page.evaluate('said'), ['ready', 'ready']);
  });

  await stage.step('F5 of the shop’s page, which embeds the same used id: still signed in', async () => {
    for (let times = 1; times <= 2; times++) {
      await page.reload();
      await wasTold(page, 'ready');
      await embedded(page).getByText('customer-7').waitFor();
      assert.deepEqual(await page.evaluate('said'), ['ready']);
    }
    assert.deepEqual(uses, [200, 401, 401]);
  });

  await stage.step('back and forth, a restart of the browser, kill -9 of the service: still signed in', async () => {
    await page.goto(embedding.stranger);
    const asked = sites.asked.length;
    // Out of the browser's cache: nothing is loaded, and the frame asks whether it is still signed in.
    await page.goBack({ waitUntil: 'commit' });
    const isBack = (): boolean => sites.asked.slice(asked).some(({ url }) => url === '/auth/frame-session');
    await holds('the frame asked again', isBack);
    assert.deepEqual(await page.evaluate('said'), ['ready']);
    await browser.close();
    await service.kill();
    await service.start();
    browser = await embedding.openBrowser('ada');
    page = firstTab(browser);
    await page.goto(address);
    await wasTold(page, 'ready');
    await embedded(page).getByText('customer-7').waitFor();
  });

  await stage.step('a page that is isolated from other origins can embed it, too', async () => {
    const other = await browser.newPage();
    await other.goto(shop.page(ticket.frameUrl, { isolated: true }));
    await wasTold(other, 'ready');
    await other.close();
  });

  await stage.step('signing out inside ends it here and on the server, and F5 does not bring it back', async () => {
    await embedded(page).getByRole('button', { name: 'Sign out' }).click();
    await wasTold(page, 'signed-out signed-out');
    await embedded(page).getByRole('heading', { name: 'You are signed out' }).waitFor();
    assert.deepEqual(await violations(frameOf(page)), []);
    assert.deepEqual(await browser.cookies(auth), []);
    await page.reload();
    await wasTold(page, 'used already-used');
    await embedded(page).getByRole('heading', { name: 'This was opened before' }).waitFor();
  });

  await stage.step('a new one after it works; that of another customer is not mistaken for it', async () => {
    const next = await shop.create({ user: 'customer-8' });
    uses = statusesOf(page, USE);
    await page.goto(shop.page(next.frameUrl));
    await embedded(page).getByText('customer-8').waitFor();
    await page.goto(address);
    await wasTold(page, 'used already-used');
    await page.goto(shop.page(next.frameUrl));
    await wasTold(page, 'ready');
    await embedded(page).getByText('customer-8').waitFor();
    assert.deepEqual(uses, [200, 401, 401]);
  });

  await stage.step('no request told anybody the id but those of the pages that were given it', async () => {
    const told = sites.asked.filter((each) => JSON.stringify(each).includes(ticket.id));
    assert.ok(told.length > 0);
    for (const { url, headers } of told) {
      assert.equal(url, new URL(ticket.frameUrl).pathname + new URL(ticket.frameUrl).search);
      assert.equal(headers['sec-fetch-dest'], 'iframe');
      assert.ok(!JSON.stringify(headers).includes(ticket.id));
    }
    assert.ok(!service.log.includes(ticket.id), 'nor did the log');
    await browser.close();
    const history = readFileSync(join(stage.directory, 'profile-ada', 'Default', 'History')).toString('latin1');
    assert.ok(history.includes(address), 'the history was written');
    assert.ok(!history.includes(ticket.id), 'nor did the history');
  });
}

stageTest('on SQLite: embedded, used once, reloaded, signed out, with third-party cookies blocked', (stage) =>
  journey(stage, {}),
);

stageTest('on Redis: embedded, used once, reloaded, signed out, with third-party cookies blocked', async (stage) => {
  const redis = await startRedis({ appendonly: true });
  stage.afterwards(() => redis.stop());
  await journey(stage, { REDIS_URL: redis.url });
});

stageTest('outages around an embedded page lose nothing', async (stage) => {
  const embedding = await stageEmbedding(stage);
  const { service, sites, shop } = embedding;
  const page = firstTab(await embedding.openBrowser('ada'));

  await stage.step('the answer to the one use is lost: it is asked for once more, and given', async () => {
    const ticket = await shop.create();
    sites.loseAnswer(USE);
    await page.goto(shop.page(ticket.frameUrl));
    await wasTold(page, 'ready');
    await embedded(page).getByText('customer-7').waitFor();
    const { total_used } = await shop.figures();
    assert.equal(total_used, 1);
  });

  await stage.step(
    'nobody answers: unreachable, signed in as soon as somebody does, and nothing was used',
    async () => {
      const ticket = await shop.create({ user: 'customer-8' });
      await page.goto(embedding.stranger);
      assert.equal(await service.stop(), 0);
      await page.goto(shop.page(ticket.frameUrl));
      // The script comes from the browser's cache.
      await wasTold(page, 'unreachable no-answer');
      assert.equal(await page.locator('holdfast-frame iframe').isVisible(), false);
      await service.start();
      await wasTold(page, 'ready');
      await embedded(page).getByText('customer-8').waitFor();
    },
  );

  await stage.step('while it works: a question without an answer signs nobody out', async () => {
    assert.equal(await service.stop(), 0);
    await embedded(page).getByRole('button', { name: 'Sign out' }).click();
    await wasTold(page, 'unreachable no-answer');
    await service.start();
    await page.waitForFunction(() => (window as unknown as { said: string[] }).said.at(-1) === 'ready');
    await embedded(page).getByText('customer-8').waitFor();
  });

  await stage.step('several on one page, an element without an address, one that is taken away', async () => {
    const ticket = await shop.create({ user: 'customer-9' });
    await page.goto(shop.page(ticket.frameUrl, { frames: 2 }));
    await wasTold(page, 'ready', 2);
    const found = await page.evaluate(async () => {
      const [first] = document.querySelectorAll('holdfast-frame');
      const events: string[] = [];
      const empty = document.createElement('holdfast-frame');
      empty.addEventListener('unreachable', (event) => events.push((event as CustomEvent).detail.reason));
      document.body.append(empty);
      empty.setAttribute('src', 'javascript:alert(1)');
      first?.remove();
      return { events, shadow: first?.shadowRoot?.childElementCount, empty: empty.shadowRoot?.childElementCount };
    });
    assert.deepEqual(found, { events: ['bad-src'], shadow: 0, empty: 0 });
  });
});
