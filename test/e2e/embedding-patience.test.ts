/** How long an embedded page waits, what it tries again, what it gives up, and whose session it never shows meanwhile. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { firstTab } from './harness/browser.ts';
import { stageEmbedding } from './harness/embedding-stage.ts';
import { embedded, frameOf, wasTold } from './harness/shop.ts';
import { stageTest } from './harness/stage.ts';

const USE = '/auth/validate-session';
const PAGE = '/client/iframe.html';

stageTest(
  'an embedded page is patient with silence, but neither with a refusal nor for somebody else',
  async (stage) => {
    const embedding = await stageEmbedding(stage);
    const { service, sites, shop } = embedding;
    const browser = await embedding.openBrowser('ada');
    const page = firstTab(browser);

    await stage.step(
      'the answer to the one use never comes: it is asked for again while it is still given',
      async () => {
        const ticket = await shop.create();
        sites.swallowAnswer(USE);
        await page.goto(shop.page(ticket.frameUrl));
        await wasTold(page, 'ready');
        await embedded(page).getByText('customer-7').waitFor();
        assert.deepEqual(await page.evaluate('said'), ['unreachable no-answer', 'ready']);
      },
    );

    await stage.step('F5 inside a frame shows nobody who signed in by another id meanwhile', async () => {
      const other = await browser.newPage();
      const next = await shop.create({ user: 'customer-8' });
      await other.goto(shop.page(next.frameUrl));
      await wasTold(other, 'ready');
      await frameOf(page).evaluate(() => location.reload());
      await wasTold(page, 'signed-out no-token');
      await embedded(page).getByRole('heading', { name: 'You are signed out' }).waitFor();
      assert.equal(await embedded(page).getByText('customer-8').count(), 0);
      // Whose it is, it stays through as many reloads as there are.
      for (let times = 2; times <= 3; times++) {
        await frameOf(other).evaluate(() => location.reload());
        await wasTold(other, 'ready', times);
      }
      assert.equal(frameOf(other).url().includes(next.id), false);
      assert.equal(JSON.stringify(await frameOf(other).evaluate(() => history.state)).includes(next.id), false);
      await other.close();
    });

    await stage.step('a refusal that is not about the id is tried a few times, and then told', async () => {
      const refusal = { status: 422, contentType: 'application/problem+json', body: '{"code":"validation-failed"}' };
      let tries = 0;
      await page.route(`**${USE}`, (route) => {
        tries++;
        return route.fulfill(refusal);
      });
      const ticket = await shop.create();
      await page.goto(shop.page(ticket.frameUrl));
      await wasTold(page, 'expired validation-failed');
      assert.deepEqual(await page.evaluate('said'), ['unreachable validation-failed', 'expired validation-failed']);
      assert.equal(tries, 4);
      await embedded(page).getByRole('heading', { name: 'This is not good any more' }).waitFor();
    });

    await stage.step('also where the question about the session is refused, too', async () => {
      await page.unroute(`**${USE}`);
      await page.route(/\/auth\/(?:validate|frame)-session$/, (route) =>
        route.fulfill({ status: 403, contentType: 'text/html', body: '<!doctype html>Blocked' }),
      );
      const ticket = await shop.create();
      await page.goto(shop.page(ticket.frameUrl));
      await wasTold(page, 'expired refused');
      await embedded(page).getByRole('heading', { name: 'This is not good any more' }).waitFor();
      assert.deepEqual(await page.evaluate('said'), ['unreachable refused', 'expired refused']);
      await page.unroute(/\/auth\/(?:validate|frame)-session$/);
    });

    await stage.step('however long nobody answers, the frame is loaded again as soon as somebody does', async () => {
      const ticket = await shop.create({ user: 'customer-9' });
      await page.goto(embedding.stranger);
      assert.equal(await service.stop(), 0);
      // The waits are half a minute in the end.
      await page.clock.install();
      const asked = sites.asked.length;
      await page.goto(shop.page(ticket.frameUrl));
      const loads = (): number => sites.asked.slice(asked).filter(({ url }) => url.startsWith(PAGE)).length;
      const deadline = Date.now() + 40_000;
      while (loads() < 10) {
        assert.ok(Date.now() < deadline, `the frame was loaded ${loads()} times`);
        await page.clock.fastForward(10_000);
        await pause(50);
      }
      await service.start();
      while (!(await page.evaluate<string[]>('said')).includes('ready')) {
        assert.ok(Date.now() < deadline, 'in time: ready');
        await page.clock.fastForward(10_000);
        await pause(50);
      }
      await embedded(page).getByText('customer-9').waitFor();
    });
  },
);
