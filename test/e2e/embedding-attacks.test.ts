/** Whoever gets hold of a one-time session, or of a page that embeds one, gets nothing out of it. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { waitUntil } from '../services/wait-until.ts';
import { firstTab } from './harness/browser.ts';
import { ask } from './harness/direct.ts';
import { SERVICE_HOST, STRANGER_HOST, stageEmbedding } from './harness/embedding-stage.ts';
import { embedded, frameOf, openShop, wasTold } from './harness/shop.ts';
import { type Stage, stageTest } from './harness/stage.ts';

const USE = '/auth/validate-session';
const PAGE = '/client/iframe.html';

/** Embeds the address without any script of ours, and waits until the browser has shown what it shows instead. */
async function frameIt(page: Page, address: string): Promise<void> {
  await page.evaluate(async (src) => {
    const frame = document.createElement('iframe');
    frame.src = src;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
    document.body.append(frame);
    await loaded;
  }, address);
}

/** Forgets what the browser says of frames that it blocked, and fails where it blocked none. */
function wasBlocked(stage: Stage, times: number): void {
  const blocked = stage.mistakes.filter((mistake) => mistake.includes('frame-ancestors'));
  assert.equal(blocked.length, times, stage.mistakes.join('\n'));
  stage.mistakes.splice(0, Infinity, ...stage.mistakes.filter((mistake) => !blocked.includes(mistake)));
}

stageTest(
  'a one-time session is used once, by one browser, in a page of the shop, by whoever wants it',
  async (stage) => {
    const embedding = await stageEmbedding(stage);
    const { service, sites, shop, auth, stranger } = embedding;
    const ada = await embedding.openBrowser('ada');
    const page = firstTab(ada);
    const mallory = firstTab(await embedding.openBrowser('mallory'));
    const used = await shop.create();

    await stage.step('replayed in another browser it opens nothing', async () => {
      await page.goto(shop.page(used.frameUrl));
      await wasTold(page, 'ready');
      await mallory.goto(shop.page(used.frameUrl));
      await wasTold(mallory, 'used already-used');
      assert.equal(await embedded(mallory).getByText('customer-7').count(), 0);
      assert.deepEqual(await mallory.context().cookies(auth), []);
    });

    await stage.step(
      'replayed in another tab, as a page or by a request of our own origin, it is refused',
      async () => {
        const tab = await ada.newPage();
        await tab.goto(used.frameUrl);
        await tab.getByRole('heading', { name: 'There is nothing here' }).waitFor();
        const status = await tab.evaluate(
          async ({ path, body }) => {
            const headers = { 'content-type': 'application/json' };
            const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
            return [answer.status, (await answer.json()).code];
          },
          { path: USE, body: { session_id: used.id, origin: shop.origin, frame: true } },
        );
        assert.deepEqual(status, [401, 'already-used']);
        await tab.close();
      },
    );

    const fresh = await shop.create({ user: 'customer-8' });

    await stage.step('opened as a page of its own it is not used, and its address is clean at once', async () => {
      await mallory.goto(fresh.frameUrl);
      await mallory.getByRole('heading', { name: 'There is nothing here' }).waitFor();
      assert.equal(mallory.url(), `${auth}${PAGE}`);
    });

    await stage.step(
      'no page of another origin can frame it: a stranger’s, a sibling’s, the shop’s inside of one',
      async () => {
        sites.add('evil.shop.test', (_incoming, answer) => {
          answer.setHeader('content-type', 'text/html').end('<!doctype html><title>A sibling</title>');
        });
        sites.add('frames-shop.test', (_incoming, answer) => {
          answer.setHeader('content-type', 'text/html').end('<!doctype html><title>Around</title>');
        });
        for (const origin of [stranger, sites.origin('evil.shop.test')]) {
          await mallory.goto(origin);
          await frameIt(mallory, fresh.frameUrl);
          wasBlocked(stage, 1);
        }
        await mallory.goto(sites.origin('frames-shop.test'));
        await frameIt(mallory, shop.page(fresh.frameUrl));
        const inner = mallory.frames().find((frame) => frame.url().startsWith(shop.origin));
        await inner?.waitForFunction(() =>
          (window as unknown as { said: string[] }).said.includes('unreachable no-answer'),
        );
        assert.ok(stage.mistakes.length > 0);
        wasBlocked(stage, stage.mistakes.length);
      },
    );

    await stage.step('nor one whose key is for another shop: the id of this one is blocked there, too', async () => {
      const other = await openShop({ host: 'other-shop.test', service, sites, serviceHost: SERVICE_HOST });
      await mallory.goto(other.page(fresh.frameUrl));
      await wasTold(mallory, 'unreachable no-answer');
      assert.ok(stage.mistakes.length > 0);
      wasBlocked(stage, stage.mistakes.length);
      assert.equal(await other.validate(fresh.id), '403 out-of-scope');
    });

    await stage.step('requests of a foreign page use nothing, whatever way they are sent', async () => {
      await mallory.goto(stranger);
      await mallory.evaluate(
        async ({ url, id, origin }) => {
          const body = JSON.stringify({ session_id: id, origin, frame: true });
          const headers = { 'content-type': 'application/json' };
          const get = `${url}?session_id=${id}`;
          await fetch(url, { method: 'POST', headers, body, credentials: 'include' }).catch(() => {});
          await fetch(url, { method: 'POST', body, credentials: 'include', mode: 'no-cors' }).catch(() => {});
          await fetch(get, { credentials: 'include', mode: 'no-cors' }).catch(() => {});
          navigator.sendBeacon(url, body);
          for (const tag of ['img', 'script'] as const) {
            const element = document.createElement(tag);
            const done = new Promise((resolve) => element.addEventListener('error', resolve));
            element.src = get;
            document.body.append(element);
            await done;
          }
        },
        { url: `${auth}${USE}`, id: fresh.id, origin: shop.origin },
      );
      await mallory.goto(`${auth}${USE}?session_id=${fresh.id}`);
      const asked = sites.asked.filter(
        ({ url, headers }) => url.startsWith(USE) && headers['sec-fetch-site'] === 'cross-site',
      );
      assert.ok(asked.length >= 4, `${asked.length} requests arrived`);
    });

    await stage.step('a hello of anybody but the page around it is not answered', async () => {
      // A page of the shop that has not got the script, with the frame where others can see it.
      sites.add('shop.test', (_incoming, answer) => {
        answer.setHeader('content-type', 'text/html');
        answer.end(`<!doctype html><title>Shop</title><iframe src="${fresh.frameUrl}"></iframe>`);
      });
      await mallory.goto(stranger);
      const opened = mallory.context().waitForEvent('page');
      await mallory.evaluate((url) => {
        Object.assign(window, { heard: [], shop: window.open(url) });
        addEventListener('message', ({ data }) => (window as unknown as { heard: unknown[] }).heard.push(data));
      }, shop.origin);
      const popup = await opened;
      await popup.waitForLoadState('load');
      await popup.frameLocator('iframe').getByRole('heading', { name: 'One moment' }).waitFor();
      await mallory.evaluate(() => {
        const { shop } = window as unknown as { shop: Window };
        for (const target of [shop.frames[0], shop]) target?.postMessage({ holdfast: 'hello' }, '*');
      });
      // A message is delivered before what is evaluated after it; the answer would be here before the second turn.
      for (let turn = 0; turn < 2; turn++)
        await frameOf(popup).evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      assert.deepEqual(await mallory.evaluate('heard'), []);
      await popup.frameLocator('iframe').getByRole('heading', { name: 'One moment' }).waitFor();
      // The same words of the page around it are.
      await popup.evaluate(() => frames[0]?.postMessage({ holdfast: 'hello' }, '*'));
      await popup.frameLocator('iframe').getByText('customer-8').waitFor();
      await popup.close();
    });

    const last = await shop.create({ user: 'customer-9' });

    await stage.step('looking ahead uses nothing: HEAD, prefetch, speculation', async () => {
      const { pathname, search } = new URL(last.frameUrl);
      const headers = { host: new URL(auth).host, 'x-forwarded-proto': 'https' };
      assert.equal((await ask('HEAD', `${service.url}${pathname}${search}`, { headers })).status, 200);
      assert.equal((await ask('HEAD', `${service.url}${USE}${search}`, { headers })).status, 405);
      await mallory.goto(stranger);
      const before = sites.asked.length;
      const ahead = (): readonly string[] =>
        sites.asked
          .slice(before)
          .filter(({ host }) => host === SERVICE_HOST)
          .map(({ url, headers }) => `${url.split('?')[0]} ${headers['sec-purpose']}`);
      await mallory.evaluate(
        ({ page, use }) => {
          for (const href of [page, use]) {
            document.head.append(Object.assign(document.createElement('link'), { rel: 'prefetch', href }));
          }
          const rules = { prefetch: [{ urls: [page, use], eagerness: 'immediate' }] };
          const script = Object.assign(document.createElement('script'), { type: 'speculationrules' });
          document.body.append(Object.assign(script, { textContent: JSON.stringify(rules) }));
        },
        { page: last.frameUrl, use: `${auth}${USE}?session_id=${last.id}` },
      );
      await waitUntil('both were fetched ahead', () => new Set(ahead()).size >= 2, { deadlineMs: 20_000 });
      assert.ok(
        ahead().every((each) => each.endsWith(' prefetch')),
        String(ahead()),
      );
      const { active_sessions } = await shop.figures();
      assert.equal(active_sessions, 1);
    });

    await stage.step('and after all of that its owner can use it', async () => {
      assert.equal(await shop.validate(last.id), '200');
      const { total_created, total_used } = await shop.figures();
      assert.deepEqual({ total_created, total_used }, { total_created: 3, total_used: 3 });
    });
  },
);

stageTest('nothing that an embedded page asks for or links to learns where it is', async (stage) => {
  const embedding = await stageEmbedding(stage);
  const { sites, shop, auth } = embedding;
  const page = firstTab(await embedding.openBrowser('ada'));
  const ticket = await shop.create();
  await page.goto(shop.page(ticket.frameUrl));
  await wasTold(page, 'ready');
  const opened = page.context().waitForEvent('page');
  await frameOf(page).evaluate((href) => {
    const link = Object.assign(document.createElement('a'), { href, target: '_blank' });
    document.body.append(link);
    link.click();
  }, embedding.stranger);
  await (await opened).waitForLoadState('load');
  const visit = sites.asked.find(({ host }) => host === STRANGER_HOST);
  assert.ok(visit);
  assert.equal(visit.headers.referer, undefined);
  const inside = sites.asked.filter(({ host }) => host === SERVICE_HOST);
  const paths = inside.map(({ url }) => url.split('?')[0] ?? '');
  for (const path of [PAGE, USE, '/auth/frame-session']) assert.ok(paths.includes(path), path);
  assert.ok(paths.some((path) => path.startsWith('/assets/')));
  for (const { url, headers } of inside) {
    if (url === '/client/embed.js') assert.equal(headers.referer, `${shop.origin}/`);
    else assert.equal(headers.referer, undefined, url);
  }
  assert.equal(frameOf(page).url(), `${auth}${PAGE}`);
});
