/** The page for iframes is framed by exactly those that its one-time session, or its session, is for. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Answer, assertProblem } from './harness/client.ts';
import { PRODUCTION, type Running, SECRET, startService, temporaryDirectory } from './harness/service.ts';
import { backEnd, idOf, OTHER_SHOP, plain, SHOP, UNKNOWN_ID } from './harness/tickets.ts';

const PAGE = '/client/iframe.html';

/** As a browser asks for what goes into an iframe of another site. */
const NAVIGATION = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };

function start(context: TestContext, environment: Readonly<Record<string, string>> = {}): Promise<Running> {
  const consoleDirectory = temporaryDirectory(context);
  mkdirSync(join(consoleDirectory, 'frame'));
  writeFileSync(join(consoleDirectory, 'index.html'), '<!doctype html><title>Holdfast</title>');
  writeFileSync(join(consoleDirectory, 'frame', 'index.html'), '<!doctype html><title>Your session</title>');
  writeFileSync(join(consoleDirectory, 'frame', 'embed.js'), '{}');
  return startService(context, { consoleDirectory, environment });
}

function startProduction(context: TestContext): Promise<Running> {
  return start(context, { ...PRODUCTION, SESSION_SECRET: SECRET });
}

function ancestors(answer: Answer): string {
  assert.equal(answer.headers.get('x-frame-options'), null);
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const rules = (answer.headers.get('content-security-policy') ?? '').split(';').map((rule) => rule.trim());
  for (const rule of ["default-src 'none'", "script-src 'self'", "base-uri 'none'"])
    assert.ok(rules.includes(rule), rule);
  const found = rules.filter((rule) => rule.startsWith('frame-ancestors '));
  assert.equal(found.length, 1);
  return found[0]?.slice('frame-ancestors '.length) ?? '';
}

test('IF4: framed by the origins of its one-time session, waiting or used, and by nobody where none is known', async (context) => {
  const running = await startProduction(context);
  const shop = await backEnd(running, [SHOP, OTHER_SHOP]);
  const id = idOf(await shop.create({ origins: [SHOP] }));
  const both = idOf(await shop.create());
  const page = (query: string): Promise<Answer> => plain(running.url, 'GET', `${PAGE}${query}`, NAVIGATION);

  const live = await page(`?session_id=${id}`);
  assert.equal(live.status, 200);
  assert.match(live.text, /<title>Your session/);
  assert.match(live.headers.get('content-type') ?? '', /^text\/html/);
  assert.equal(live.headers.get('cross-origin-resource-policy'), 'cross-origin');
  assert.match(live.headers.get('permissions-policy') ?? '', /camera=\(\)/);
  assert.deepEqual(live.setCookie, []);
  assert.equal(ancestors(live), SHOP);
  assert.equal(ancestors(await page(`?session_id=${both}`)), `${SHOP} ${OTHER_SHOP}`);

  assert.equal((await shop.validate({ session_id: id })).status, 200);
  assert.equal(ancestors(await page(`?session_id=${id}`)), SHOP, 'it can say that it was used');
  for (const query of [
    '',
    `?session_id=${UNKNOWN_ID}`,
    '?session_id=',
    '?session_id=x%27;frame-ancestors%20*',
    '?other=1',
  ]) {
    const answer = await page(query);
    assert.equal(answer.status, 200, query);
    assert.equal(ancestors(answer), "'none'", query);
  }
  assert.equal((await page(`?session_id=${id}&session_id=${both}`)).status, 422);
});

test('without its id the page is framed by the origin of its session, and after sign-out by nobody', async (context) => {
  const running = await startProduction(context);
  const shop = await backEnd(running);
  const frame = running.client();
  const body = { session_id: idOf(await shop.create()), origin: SHOP, frame: true };
  assert.equal((await frame.post('/auth/validate-session', body)).status, 200);
  for (const query of ['', `?session_id=${UNKNOWN_ID}`]) {
    assert.equal(ancestors(await frame.get(`${PAGE}${query}`, { headers: NAVIGATION })), SHOP);
  }
  await frame.post('/auth/frame-sign-out');
  assert.equal(ancestors(await frame.get(PAGE, { headers: NAVIGATION })), "'none'");

  const ada = running.client();
  await ada.signUp('ada@x.test');
  assert.equal(
    ancestors(await ada.get(PAGE, { headers: NAVIGATION })),
    "'none'",
    'an account’s session is another kind',
  );
});

test('one that is bound to no origin is framed by pages of this computer while developing, and else by nobody', async (context) => {
  const running = await start(context);
  const id = idOf(await plain(running.url, 'POST', '/auth/create-session'));
  const answer = await plain(running.url, 'GET', `${PAGE}?session_id=${id}`, NAVIGATION);
  assert.equal(
    ancestors(answer),
    "'self' http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:*",
  );
  assert.equal(ancestors(await plain(running.url, 'GET', PAGE, NAVIGATION)), "'none'");

  const production = await startProduction(context);
  const { tickets } = production.service;
  const made = await tickets.create();
  assert.ok(made.status === 'created');
  assert.equal(ancestors(await plain(production.url, 'GET', `${PAGE}?session_id=${made.id}`)), "'none'");
});

test('IF5: it is opened by whoever looks at it, not by HEAD and what is fetched ahead of need, and used by nobody', async (context) => {
  const running = await startProduction(context);
  const id = idOf(await (await backEnd(running)).create());
  const openedAt = async (): Promise<number | null | undefined> => {
    const looked = await running.service.tickets.look(id);
    assert.ok(looked.status === 'live', looked.status);
    return looked.ticket.openedAt;
  };
  const address = `${PAGE}?session_id=${id}`;
  const head = await plain(running.url, 'HEAD', address);
  assert.equal(head.status, 200);
  assert.equal(ancestors(head), SHOP);
  for (const headers of [
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { purpose: 'prefetch' },
    { 'x-moz': 'prefetch' },
    { 'x-purpose': 'preview' },
  ] as Record<string, string>[]) {
    assert.equal(ancestors(await plain(running.url, 'GET', address, headers)), SHOP);
    assert.equal(await openedAt(), null);
  }
  await plain(running.url, 'GET', address, NAVIGATION);
  const first = await openedAt();
  assert.ok(first !== null);
  assert.ok(
    running.log.every((line) => !line.includes(id)),
    'no log has the id',
  );
});

test('while the store is silent the page is a 503 that nobody may frame', async (context) => {
  const running = await startProduction(context);
  const id = idOf(await (await backEnd(running)).create());
  await running.service.opened.store.close();
  const answer = await plain(running.url, 'GET', `${PAGE}?session_id=${id}`, NAVIGATION);
  assertProblem(answer, 503, 'store-unreachable');
  assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  assert.equal(ancestors(answer), "'none'");
});

test('every page may load the script, and browsers ask for it again after minutes', async (context) => {
  const running = await start(context, { ...PRODUCTION, SESSION_SECRET: SECRET, ALLOWED_ORIGINS: SHOP });
  const noCors = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
  const script = await plain(running.url, 'GET', '/client/embed.js', { ...noCors, origin: SHOP });
  assert.equal(script.status, 200);
  assert.equal(script.text, '{}');
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(script.headers.get('cross-origin-resource-policy'), 'cross-origin');
  assert.equal(script.headers.get('access-control-allow-origin'), '*');
  assert.equal(script.headers.get('access-control-allow-credentials'), null);
  assert.match(script.headers.get('cache-control') ?? '', /^public, max-age=300\b/);
  const again = await plain(running.url, 'GET', '/client/embed.js', {
    ...noCors,
    'if-none-match': `W/${script.headers.get('etag')}, "x"`,
  });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
  for (const path of ['/frame/embed.js', '/frame/index.html', '/client/', '/client/index.html']) {
    assertProblem(await plain(running.url, 'GET', path), 404, 'not-found');
  }
});

test('pages that were not built are a sentence on how to build them, framed by nobody', async (context) => {
  const running = await startService(context);
  for (const path of [PAGE, '/client/embed.js']) {
    const answer = await plain(running.url, 'GET', path);
    assert.equal(answer.status, 503);
    assert.match(answer.text, /npm run build/);
  }
  assert.equal(ancestors(await plain(running.url, 'GET', PAGE)), "'none'");
});
