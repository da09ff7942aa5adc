/** The React layer in a real Chromium under strict mode: one question however many ask, and a guard that an outage leaves alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { returnPath } from 'holdfast/client/returning';
import type { Page } from 'playwright-core';
import { waitUntil } from '../services/wait-until.ts';
import { isIn, isOut, OUTAGE, probeOf, reactStage, type Said } from './react-stage.ts';

const stage = reactStage();
const { pages } = stage;

/** A tab that shows the scenario at its own path. */
function show(scenario: string, says: Said | Promise<Said>, path = `/${scenario}`): Promise<Page> {
  pages.clear();
  // As the browser will ask for it.
  pages.set(new URL(stage.origin + path).pathname, { scenario });
  stage.says = says;
  return stage.open(path);
}

/** Lets everything that is due happen: effects, microtasks and two frames. */
async function calm(page: Page): Promise<void> {
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))',
  );
}

function statuses(page: Page): Promise<string[]> {
  return page.locator('.status').allTextContents();
}

test('fifty consumers under strict mode, mounted again and again, ask once', async () => {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const page = await show('many', promise);
  await page.locator('.status').first().waitFor();
  assert.deepEqual(await statuses(page), Array(50).fill('checking'));
  for (let round = 0; round < 3; round += 1) await page.getByRole('button', { name: 'Remount' }).click();
  resolve(isIn('ada'));
  await page.getByText('signed-in').first().waitFor();
  assert.deepEqual(await statuses(page), Array(50).fill('signed-in'));
  for (let round = 0; round < 4; round += 1) await page.getByRole('button', { name: 'Toggle' }).click();
  for (let round = 0; round < 3; round += 1) await page.getByRole('button', { name: 'Remount' }).click();
  await calm(page);
  assert.deepEqual(await statuses(page), Array(50).fill('signed-in'));
  assert.equal(stage.asked, 1);
  assert.deepEqual(stage.complaints, []);
});

test('a guard shows its pending view, then what it guards, and asks once', async () => {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const page = await show('guard', promise);
  await page.getByText('One moment').waitFor();
  assert.equal(await page.getByRole('heading').count(), 0);
  resolve(isIn('ada'));
  await page.getByRole('heading', { name: 'Hello ada' }).waitFor();
  assert.equal(await page.getByText('One moment').count(), 0);
  await calm(page);
  assert.equal(stage.asked, 1);
  assert.deepEqual(stage.visited, ['/guard']);
  assert.deepEqual(stage.complaints, []);
});

test('a server that answers 503 first brings the outage view and then the page, never the sign-in page', async () => {
  const page = await show('guard', OUTAGE);
  await page.getByText('No answer yet').waitFor();
  stage.says = isIn('ada');
  await page.getByRole('heading', { name: 'Hello ada' }).waitFor();
  await calm(page);
  assert.deepEqual(stage.visited, ['/guard']);
});

test('the outage view may be made of the state', async () => {
  const page = await show('outage-as-function', OUTAGE);
  await page.getByText('Again: true').waitFor();
});

test('an outage leaves a form alone in which somebody types', async () => {
  const page = await show('guard', isIn('ada'));
  const field = page.getByLabel('Note');
  await field.fill('half a senten');
  const before = await field.elementHandle();
  stage.says = OUTAGE;
  assert.equal(await probeOf(page, ({ client }) => client.ask().then(({ status }) => status)), 'unreachable');
  await calm(page);
  await field.pressSequentially('ce');
  assert.equal(await field.inputValue(), 'half a sentence');
  assert.equal(await field.evaluate((now, then) => now === then, before), true);
  assert.deepEqual(stage.visited, ['/guard']);
});

test('a signed-out answer leads to the sign-in page, once, in place of the guarded page, and with the way back', async () => {
  const path = '/guard?tab=a%20b&x=%26';
  const page = await show('guard', isOut('expired-idle'), `${path}#part`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(stage.visited.length, 2);
  assert.equal(new URL(page.url()).pathname, '/sign-in');
  assert.equal(returnPath(new URL(page.url()).search), `${path}#part`);
  // The blank page that the tab began with, and the sign-in page in place of the guarded one.
  assert.equal(await page.evaluate(() => history.length), 2);
  assert.equal(stage.asked, 1);
});

test('strict mode, new functions and many renders do not redirect twice', async () => {
  for (const scenario of ['noting', 'restless']) {
    const page = await show(scenario, isOut('no-token'));
    await page.waitForFunction('window.probe.redirects.length > 0');
    await calm(page);
    assert.deepEqual(await probeOf(page, ({ redirects }) => redirects), [`/sign-in?next=%2F${scenario}`]);
    await page.getByText('One moment').waitFor();
  }
});

test('who signs out leaves no way back for the next person', async () => {
  const page = await show('noting', isOut('signed-out'));
  await page.waitForFunction('window.probe.redirects.length > 0');
  assert.deepEqual(await probeOf(page, ({ redirects }) => redirects), ['/sign-in']);
});

test('whatever the address of the guarded page, the way back stays on this origin', async () => {
  const hostile = [
    '//evil.example/x',
    '/%5Cevil.example',
    '/.//evil.example',
    '///evil.example',
    '/a?next=//evil.example',
  ];
  for (const path of [...hostile, '/a#//evil.example', '/@evil.example:80/']) {
    const page = await show('guard', isOut('no-token'), path);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const { origin, pathname, search } = new URL(page.url());
    assert.deepEqual([origin, pathname], [stage.origin, '/sign-in'], path);
    const back = new URL(returnPath(search), stage.origin);
    assert.equal(back.origin, stage.origin, path);
  }
});

test('a sign-in form in place of the guarded page stays through an outage', async () => {
  const page = await show('in-place', isOut('no-token'));
  await page.getByLabel('Email').fill('ada@');
  stage.says = OUTAGE;
  assert.equal(await probeOf(page, ({ client }) => client.ask().then(({ status }) => status)), 'unreachable');
  await calm(page);
  assert.equal(await page.getByLabel('Email').inputValue(), 'ada@');
  assert.deepEqual(await probeOf(page, ({ redirects }) => redirects), []);
});

test('Suspense shows its fallback until the server has answered, and nobody is ever told "checking"', async () => {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const page = await show('suspense', promise);
  await page.getByText('One moment').waitFor();
  resolve(isIn('ada'));
  await page.getByRole('heading', { name: 'Settled: signed-in' }).waitFor();
  stage.says = OUTAGE;
  await probeOf(page, ({ client }) => client.ask().then(() => null));
  await page.getByRole('heading', { name: 'Settled: unreachable' }).waitFor();
  const seen = await probeOf(page, ({ seen }) => seen);
  assert.ok(!seen.includes('checking'), seen.join());
  assert.equal(await page.getByText('One moment').count(), 0);
  assert.equal(stage.asked, 2);
  assert.deepEqual(stage.complaints, []);
});

test('a page that comes back as it was left shows nobody before the server has answered again', async () => {
  for (const scenario of ['guard', 'suspense']) {
    const page = await show(scenario, isIn('ada'));
    await page.getByRole('heading').waitFor();
    const { promise, resolve } = Promise.withResolvers<Said>();
    stage.says = promise;
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    await page.getByText('One moment').waitFor();
    assert.equal(await page.getByRole('heading').filter({ visible: true }).count(), 0);
    resolve(isIn('bob'));
    await page.getByRole('heading', { name: scenario === 'guard' ? 'Hello bob' : 'Settled: signed-in' }).waitFor();
    assert.equal(await page.getByText('One moment').count(), 0);
    assert.deepEqual([stage.asked, stage.complaints], [2, []]);
  }
});

test('a component that follows a part of the state renders when that part changes', async () => {
  const page = await show('selecting', isIn('ada'));
  await page.getByRole('button', { name: 'In', exact: true }).waitFor();
  await calm(page);
  const before = await probeOf(page, ({ seen }) => seen.length);
  // A new state with another user, which this component does not look at.
  stage.says = isIn('bob');
  await probeOf(page, ({ client }) => client.ask().then(() => null));
  await calm(page);
  assert.equal(stage.asked, 2);
  assert.equal(await probeOf(page, ({ seen }) => seen.length), before);
  stage.says = isOut('revoked');
  await page.getByRole('button').click();
  await page.getByRole('button', { name: 'Not in' }).waitFor();
});

test('what is used in the wrong place says where it belongs', async () => {
  await show('no-provider', isIn('ada'));
  await waitUntil('the provider is missed', () => /Put <SessionProvider client=/.test(stage.complaints.join('\n')));
  assert.equal(stage.asked, 0);
  await show('guard-outside', isIn('ada'));
  await waitUntil('the guard is missed', () =>
    /useSignedIn works inside of <RequireSession>/.test(stage.complaints.join('\n')),
  );
});
