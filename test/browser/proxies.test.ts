/** What stands between a browser and the service: proxies that lose cookies, other origins, and 401s that are not ours. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { VALIDATE } from './harness/front.ts';
import { type Gate, startGate } from './harness/gate.ts';
import { listen } from './harness/listen.ts';
import { ask, findings, history, looksLike, shows, signIn, signOut, signUp } from './harness/person.ts';
import { matrix, type World } from './harness/world.ts';

const row = matrix();

/** As some proxies and runtimes write several lines of Set-Cookie: as one. */
const FOLD = (lines: readonly string[]): readonly string[] => (lines.length > 0 ? [lines.join(', ')] : []);

/** A proxy in front of everything, edge included. */
async function proxyInFront({ afterwards, edge }: World, meddle: Gate['meddle']): Promise<string> {
  const proxy = await startGate(edge.port);
  afterwards(() => proxy.close());
  proxy.meddle = meddle;
  return `http://localhost:${proxy.port}/app/`;
}

/** Collects what the tab's console warns of. */
function warningsOf(tab: Page): readonly string[] {
  const all: string[] = [];
  tab.on('console', (message) => {
    if (message.type() === 'warning') all.push(message.text());
  });
  return all;
}

row('a proxy that folds Set-Cookie is found by its first sign-in, and named in the console', async (world) => {
  const tab = await world.open(await proxyInFront(world, FOLD));
  const warnings = warningsOf(tab);
  await signUp(tab);
  const names = (await world.browser.cookies()).map(({ name }) => name);
  assert.deepEqual(names, ['session_access'], 'what folding leaves of two cookies');
  assert.equal(await ask(tab), 'signed-in', 'as long as the access token lasts');
  assert.deepEqual(await findings(tab), ['set-cookie-folded']);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /set-cookie-folded: a proxy folds or drops Set-Cookie headers/);
});

row('a proxy that folds Set-Cookie behind the edge is found as well', async ({ browser, edge, gate, open }) => {
  gate.meddle = FOLD;
  const tab = await open();
  await signUp(tab);
  assert.deepEqual(
    edge.passed.filter(({ setCookies }) => setCookies.length > 0).map(({ setCookies }) => setCookies.length),
    [1],
    'the edge cannot take apart what came as one',
  );
  assert.equal((await browser.cookies()).length, 1);
  assert.equal(await ask(tab), 'signed-in');
  assert.deepEqual(await findings(tab), ['set-cookie-folded']);
});

row('a proxy that drops Set-Cookie is found by the question after the sign-in', async (world) => {
  const tab = await world.open(await proxyInFront(world, () => []));
  const warnings = warningsOf(tab);
  await signUp(tab);
  assert.equal(await ask(tab), 'signed-out');
  assert.deepEqual(await looksLike(tab), { status: 'signed-out', reason: 'no-token', person: '' });
  assert.deepEqual(await findings(tab), ['cookies-not-kept']);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /cookies-not-kept/);
});

row('through the edge both cookies arrive, and nothing is found', async ({ browser, open }) => {
  const tab = await open();
  const warnings = warningsOf(tab);
  await signUp(tab);
  assert.equal(await ask(tab), 'signed-in');
  const names = (await browser.cookies()).map(({ name }) => name);
  assert.deepEqual(names.toSorted(), ['session_access', 'session_refresh']);
  assert.deepEqual(await findings(tab), []);
  assert.deepEqual(warnings, []);
  await signOut(tab);
  assert.equal(await ask(tab), 'signed-out');
  assert.deepEqual(await findings(tab), []);
});

row('the 401 of another origin is nobody’s sign-out, whatever it says of a session', async (world) => {
  const { afterwards, edge, open, url } = world;
  const third = await listen(
    createServer((request, response) => {
      const says = request.url === '/session' ? { 'x-session-reason': 'signed-out' } : {};
      response.writeHead(401, {
        'access-control-allow-origin': url,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'x-session-reason',
        ...says,
      });
      response.end('not you');
    }),
  );
  afterwards(() => third.close());
  const tab = await open();
  await signUp(tab);
  edge.clear();
  const before = await tab.evaluate(() => window.matrix.seen.length);
  for (const path of ['/', '/session']) {
    const answered = await tab.evaluate(async (address) => {
      const response = await window.matrix.client.fetch(address);
      return [response.status, await response.text()];
    }, third.origin + path);
    assert.deepEqual(answered, [401, 'not you']);
  }
  assert.equal(await tab.evaluate(() => window.matrix.seen.length), before, 'the state did not even flicker');
  assert.equal((await looksLike(tab)).status, 'signed-in');
  assert.deepEqual(edge.passed, []);
});

row('a 401 about the session leads to one question and one repetition', async ({ edge, open, pages }) => {
  const bodies: string[] = [];
  pages.api = async (request, response) => {
    bodies.push(await text(request));
    if (bodies.length === 1) response.writeHead(401, { 'x-session-reason': 'expired-idle' }).end();
    else response.end('done');
  };
  const tab = await open();
  await signUp(tab);
  edge.clear();
  const send = (path: string): Promise<unknown> =>
    tab.evaluate(async (address) => {
      const response = await window.matrix.client.fetch(address, { method: 'POST', body: 'once more' });
      return [response.status, await response.text()];
    }, path);
  assert.deepEqual(await send('/app/api/act'), [200, 'done']);
  assert.deepEqual(bodies, ['once more', 'once more']);
  const paths = (): readonly string[] => edge.passed.map(({ path, status }) => `${path} ${status}`);
  assert.deepEqual(paths(), ['/app/api/act 401', `${VALIDATE} 200`, '/app/api/act 200']);

  pages.api = (_request, response) => void response.writeHead(401, { 'x-session-reason': 'expired-idle' }).end('no');
  edge.clear();
  assert.deepEqual(await send('/app/api/act'), [401, 'no']);
  assert.deepEqual(paths(), ['/app/api/act 401', `${VALIDATE} 200`, '/app/api/act 401'], 'never in a circle');
});

row('a page of another origin that the edge lists signs in, reloads and signs out', async (world) => {
  const { edge, friendUrl, open, url } = world;
  const address = `${friendUrl}/app/?service=${encodeURIComponent(url)}`;
  const tab = await open(address);
  await shows(tab, 'signed-out');
  const email = await signUp(tab);
  edge.clear();
  await tab.reload();
  await shows(tab, 'signed-in');
  assert.equal((await looksLike(tab)).person, email);
  assert.deepEqual(
    edge.questions().map(({ status }) => status),
    [200],
  );
  const other = await open(address);
  await shows(other, 'signed-in');
  await signOut(tab);
  await shows(other, 'signed-out');
  await signIn(other, email);
  await shows(tab, 'signed-in');
  assert.deepEqual(await history(other), ['checking', 'signed-in', 'signed-out', 'signed-in']);
});

row('a page of an origin that the edge does not list learns nothing and ends nothing', async (world) => {
  const { browser, open, strangerUrl, url } = world;
  const own = await open();
  await signUp(own);
  const cookies = await browser.cookies();
  const tab = await open(`${strangerUrl}/app/?service=${encodeURIComponent(url)}`);
  await shows(tab, 'unreachable');
  for (const path of [VALIDATE, '/auth/me', '/auth/sign-out']) {
    const method = path === '/auth/me' ? 'GET' : 'POST';
    const got = await tab.evaluate(
      ([address, verb]) =>
        fetch(address ?? '', { method: verb ?? '', credentials: 'include' }).then(
          (response) => response.text(),
          (error) => error.name,
        ),
      [url + path, method],
    );
    assert.equal(got, 'TypeError', path);
  }
  assert.equal((await looksLike(tab)).person, '');
  assert.equal(await ask(own), 'signed-in', 'nobody was signed out');
  assert.deepEqual(await browser.cookies(), cookies);
});
