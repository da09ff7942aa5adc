/** Pages that a server rendered with their session: the browser takes over without a second question and without a mismatch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessionClient } from 'holdfast/client';
import { initialScript } from 'holdfast/client/ssr';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { Scenario } from './react-scenarios.ts';
import { isIn, isOut, OUTAGE, probeOf, reactStage, type Said } from './react-stage.ts';

const stage = reactStage();
/** One for everybody, as a server has it. */
const client = createSessionClient({ debug: false });

interface Rendering {
  readonly seed?: 'client' | 'provider';
  readonly headers?: Readonly<Record<string, string>>;
}

/** Renders the scenario with what the service said; null is an outage. */
function serve(scenario: string, said: Said | null, rendering: Rendering = {}): string {
  const initial = (said?.body ?? null) as Parameters<typeof initialScript>[0];
  const html = renderToString(createElement(Scenario, { name: scenario, client, initial }));
  stage.pages.set(`/${scenario}`, { scenario, html, script: initialScript(initial), ...rendering });
  return html;
}

for (const seed of ['client', 'provider'] as const) {
  test(`a rendered page is taken over without asking, the answer given to the ${seed}`, async () => {
    const html = serve('guard', isIn('ada'), { seed });
    assert.match(html, /Hello .*ada/);
    stage.says = OUTAGE;
    const page = await stage.open('/guard');
    await page.getByLabel('Note').fill('works');
    await page.waitForFunction('window.probe.client.current().status === "signed-in"');
    // Asked for by the page itself, the question goes out: the client is alive.
    assert.equal(stage.asked, 0);
    assert.deepEqual(stage.complaints, []);
    assert.deepEqual(await probeOf(page, ({ recovered }) => recovered), []);
    assert.equal(await probeOf(page, ({ client }) => client.ask().then(({ status }) => status)), 'unreachable');
    assert.equal(stage.asked, 1);
    await page.getByRole('heading', { name: 'Hello ada' }).waitFor();
  });
}

test('fifty consumers of a rendered page are taken over without asking', async () => {
  serve('many', isIn('ada'));
  const page = await stage.open('/many');
  await page.getByRole('button', { name: 'Remount' }).click();
  assert.deepEqual(await page.locator('.status').allTextContents(), Array(50).fill('signed-in'));
  assert.deepEqual([stage.asked, stage.complaints], [0, []]);
});

test('a page that was rendered during an outage waits, and the browser asks once by itself', async () => {
  const html = serve('guard', null);
  assert.match(html, /One moment/);
  stage.says = isIn('ada');
  const page = await stage.open('/guard');
  await page.getByRole('heading', { name: 'Hello ada' }).waitFor();
  assert.deepEqual([stage.asked, stage.complaints, stage.visited], [1, [], ['/guard']]);
});

test('a page that was rendered for nobody leaves for the sign-in page without asking', async () => {
  const html = serve('guard', isOut('expired-idle'));
  assert.doesNotMatch(html, /Hello/);
  const page = await stage.open('/guard');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual([stage.asked, stage.visited], [0, ['/guard', '/sign-in?next=%2Fguard']]);
});

test('under Suspense a rendered answer is there at once, and an outage leaves the waiting to the browser', async () => {
  assert.match(serve('suspense', isIn('ada')), /Settled: .*signed-in/);
  let page = await stage.open('/suspense');
  await page.waitForFunction('window.probe.seen.length > 0');
  assert.deepEqual([stage.asked, stage.complaints], [0, []]);

  assert.match(serve('suspense', null), /One moment/);
  stage.says = isIn('bob');
  page = await stage.open('/suspense');
  await page.getByRole('heading', { name: 'Settled: signed-in' }).waitFor();
  assert.equal(stage.asked, 1);
});

test('an answer with hostile text stays data', async () => {
  const id = '</script><script>window.taken=1</script><!--<script>\u2028';
  serve('guard', isIn(id));
  const page = await stage.open('/guard');
  await page.getByRole('heading', { name: `Hello ${id}` }).waitFor();
  assert.equal(await page.evaluate('window.taken'), undefined);
  assert.deepEqual([stage.asked, stage.complaints], [0, []]);
});

test('an answer in a page that the browser kept is not believed, and one that came with "back" over the network is', async () => {
  stage.says = isOut('signed-out');
  for (const { cache, asked } of [
    { cache: 'no-store', asked: 0 },
    { cache: 'max-age=600', asked: 1 },
  ]) {
    serve('many', isIn('ada'), { headers: { 'cache-control': cache } });
    const page = await stage.open('/many');
    // What listens to `unload` stays out of the back-forward cache, so that "back" makes a new page.
    await page.evaluate("addEventListener('unload', () => {})");
    await page.goto(`${stage.origin}/elsewhere`);
    stage.asked = 0;
    await page.goBack();
    assert.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].type"), 'back_forward');
    await page.waitForFunction('window.probe?.client.current().status !== "checking"');
    assert.equal(stage.asked, asked, cache);
  }
  // The same by a link.
  const page = await stage.open('/many');
  await page.getByText('signed-out').first().waitFor();
  assert.equal(stage.visited.length, 0);
});
