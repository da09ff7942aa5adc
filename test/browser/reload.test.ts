/** F5 and the network: a page that is loaded again, or that cannot ask, never takes anybody for signed out. */
import assert from 'node:assert/strict';
import { seesAccount } from '../e2e/harness/person.ts';
import { watchTraffic } from '../e2e/harness/traffic.ts';
import { VALIDATE } from './harness/front.ts';
import { findings, history, looksLike, shows, signUp } from './harness/person.ts';
import { matrix } from './harness/world.ts';

const row = matrix();
const PERSON = { name: 'Somebody', password: '' };

row('F5 fifty times on the account page: each asks once, is answered 200, and goes nowhere', async (world) => {
  const { edge, open, url } = world;
  const tab = await open();
  const email = await signUp(tab);
  await tab.goto(`${url}/account`);
  await seesAccount(tab, { ...PERSON, email });
  const traffic = watchTraffic(tab);
  edge.clear();
  for (let time = 1; time <= 50; time += 1) {
    traffic.clear();
    await tab.reload();
    await seesAccount(tab, { ...PERSON, email });
    assert.deepEqual(await traffic.statuses('POST', VALIDATE), [200], `F5 number ${time} asks once`);
    assert.deepEqual(await traffic.statuses('GET', '/account'), [200], `F5 number ${time} loads the page once`);
    assert.deepEqual([...new Set(traffic.visited)], ['/account'], `F5 number ${time} goes nowhere`);
  }
  // Also those that a page would have sent after it was looked at.
  const statuses = edge.questions().map(({ status }) => status);
  assert.deepEqual(statuses, Array(50).fill(200), 'and not one more reached the edge');
});

row('F5 twenty times on a guarded page without a framework: one question each, no sign-in page', async (world) => {
  const { edge, open } = world;
  const tab = await open();
  await signUp(tab);
  await tab.goto(`${world.url}/app/protected`);
  await shows(tab, 'signed-in');
  for (let time = 1; time <= 20; time += 1) {
    edge.clear();
    await tab.reload();
    await shows(tab, 'signed-in');
    assert.deepEqual(
      edge.passed.map(({ path, status }) => `${path} ${status}`),
      ['/app/protected 200', '/app/page.js 200', `${VALIDATE} 200`],
    );
    assert.deepEqual(await history(tab), ['checking', 'signed-in']);
  }
});

row(
  'whoever is signed out is led from the guarded page to the sign-in page, which is told where they came from',
  async ({ open, url }) => {
    const tab = await open('/app/protected');
    await tab.waitForURL(`${url}/app/sign-in?next=%2Fapp%2Fprotected`);
  },
);

row('F5 while the API answers 503 for five seconds: unreachable, then signed in by itself', async (world) => {
  const { browser, edge, gate, open, url } = world;
  const tab = await open();
  await signUp(tab);
  await tab.goto(`${url}/app/protected`);
  await shows(tab, 'signed-in');
  const cookies = await browser.cookies();
  const traffic = watchTraffic(tab);
  edge.clear();

  let end = Number.POSITIVE_INFINITY;
  gate.answer = (_request, response) => {
    end = Math.min(end, performance.now() + 5000);
    if (performance.now() >= end) return false;
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/html' }).end('<h1>Back soon</h1>');
    return true;
  };
  await tab.reload();
  await shows(tab, 'unreachable');
  assert.deepEqual(await browser.cookies(), cookies, 'the cookies are untouched');
  await shows(tab, 'signed-in');
  assert.ok(performance.now() >= end, 'not before the API was back');
  assert.deepEqual(await history(tab), ['checking', 'unreachable', 'signed-in']);
  assert.deepEqual([...new Set(traffic.visited)], ['/app/protected'], 'nobody is sent anywhere');
  assert.deepEqual(await browser.cookies(), cookies, 'the cookies are untouched');
  const statuses = edge.questions().map(({ status }) => status);
  assert.equal(statuses.at(-1), 200);
  assert.ok(statuses.length > 2, 'it asked several times');
  assert.ok(statuses.length < 8, `it asked ${statuses.length} times in five seconds`);
});

row('F5 while the service is down: the edge answers 502, and the page waits for the service', async (world) => {
  const { browser, edge, open, service, url } = world;
  const tab = await open();
  await signUp(tab);
  await tab.goto(`${url}/app/protected`);
  await shows(tab, 'signed-in');
  const cookies = await browser.cookies();
  await service.kill();
  edge.clear();
  await tab.reload();
  await shows(tab, 'unreachable');
  assert.equal(edge.questions()[0]?.status, 502);
  assert.deepEqual(edge.questions()[0]?.setCookies, []);
  await service.start();
  await shows(tab, 'signed-in');
  assert.deepEqual(await history(tab), ['checking', 'unreachable', 'signed-in']);
  assert.equal(new URL(tab.url()).pathname, '/app/protected');
  assert.deepEqual(await browser.cookies(), cookies, 'the cookies are untouched');
});

row('a tab that goes offline keeps what it knew, and asks at once when it is back', async (world) => {
  const { browser, edge, open } = world;
  // No timer of it fires: what asks, asks because the network is back.
  const tab = await open('/app/?timeless');
  const email = await signUp(tab);
  await browser.setOffline(true);
  await tab.evaluate(() => window.matrix.client.ask());
  await shows(tab, 'unreachable');
  assert.deepEqual(await looksLike(tab), { status: 'unreachable', reason: '', person: email });
  edge.clear();
  await browser.setOffline(false);
  await shows(tab, 'signed-in');
  assert.deepEqual(
    edge.questions().map(({ status, activity }) => [status, activity]),
    [[200, 'passive']],
  );
});

row('a captive portal that answers 200 with a page is no answer, and is named', async (world) => {
  const { browser, gate, open } = world;
  const tab = await open();
  const email = await signUp(tab);
  const cookies = await browser.cookies();
  gate.answer = (_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><h1>Welcome to our hotel</h1>');
    return true;
  };
  await tab.evaluate(() => window.matrix.client.ask());
  assert.deepEqual(await looksLike(tab), { status: 'unreachable', reason: '', person: email });
  assert.deepEqual(await findings(tab), ['not-the-service']);
  const guarded = await open('/app/protected');
  await shows(guarded, 'unreachable');
  assert.equal(new URL(guarded.url()).pathname, '/app/protected');
  assert.deepEqual(await browser.cookies(), cookies, 'the cookies are untouched');
  gate.answer = () => false;
  await shows(tab, 'signed-in');
  await shows(guarded, 'signed-in');
});
