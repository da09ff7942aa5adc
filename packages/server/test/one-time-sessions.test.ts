/** One-time sessions over HTTP: who may make and use them, what an outage is answered with, and what the log says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem } from './harness/client.ts';
import { PRODUCTION, SECRET, startService } from './harness/service.ts';
import { testTickets } from './harness/ticket-suite.ts';
import { backEnd, idOf, OTHER_SHOP, plain, SHOP, UNKNOWN_ID } from './harness/tickets.ts';

testTickets('files', 'sqlite', startService);

const IN_PRODUCTION = { environment: { ...PRODUCTION, SESSION_SECRET: SECRET, ALLOWED_ORIGINS: 'https://app.test' } };

test('IF7: in production it takes a good API key or somebody signed in', async (context) => {
  const running = await startService(context, IN_PRODUCTION);
  const { url, client } = running;
  assertProblem(await plain(url, 'POST', '/auth/create-session'), 401, 'not-signed-in');
  const ada = client();
  await ada.signUp('ada@x.test');
  idOf(await ada.post('/auth/create-session'));
  idOf(await ada.post('/auth/create-session', { origins: ['https://app.test', 'https://auth.example.test'] }));
  assertProblem(await ada.post('/auth/create-session', { origin: SHOP }), 403, 'out-of-scope');
  const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' };
  assertProblem(await ada.post('/auth/create-session', undefined, foreign), 403, 'forbidden-origin');

  const shop = await backEnd(running);
  idOf(await shop.create());
  idOf(await shop.create({ origins: [SHOP] }));
  assertProblem(await shop.create({ origins: [SHOP, OTHER_SHOP] }), 403, 'out-of-scope');
});

test('an account makes 20 in half an hour, so that nobody takes the room of the back ends', async (context) => {
  const running = await startService(context, IN_PRODUCTION);
  const ada = running.client();
  await ada.signUp('ada@x.test');
  for (let i = 0; i < 20; i++) idOf(await ada.post('/auth/create-session'));
  // Another session of the same account counts with it.
  const again = running.client();
  await again.post('/auth/sign-in', { email: 'ada@x.test', password: 'a fine long password' });
  for (const who of [ada, again]) {
    const refused = await who.post('/auth/create-session');
    assertProblem(refused, 429, 'too-many-requests');
    const wait = Number(refused.headers.get('retry-after'));
    assert.ok(wait > 1700 && wait <= 1800, String(wait));
    assert.equal(refused.headers.get('ratelimit-policy'), '"create-session";q=20;w=1800');
  }
  const bob = running.client();
  await bob.signUp('bob@x.test');
  idOf(await bob.post('/auth/create-session'));
  const shop = await backEnd(running);
  for (let i = 0; i < 25; i++) idOf(await shop.create());
  assert.equal((await shop.get('/auth/session-status')).json().active_sessions, 46);
});

test('what somebody signed in makes is bound to the service’s origins where none are named', async (context) => {
  const developing = { environment: { ALLOWED_ORIGINS: 'http://localhost:5173' } };
  for (const options of [IN_PRODUCTION, developing]) {
    const running = await startService(context, options);
    const own = running.service.publicUrl;
    const ada = running.client();
    await ada.signUp('ada@x.test');
    const id = idOf(await ada.post('/auth/create-session'));
    const anybody = running.client();
    assertProblem(await anybody.post('/auth/validate-session', { session_id: id }), 401, 'wrong-origin');
    assertProblem(await anybody.post('/auth/validate-session', { session_id: id, origin: SHOP }), 401, 'wrong-origin');
    const used = await anybody.post('/auth/validate-session', { session_id: id, origin: own });
    assert.equal(used.status, 200, used.text);
    const { origins } = used.json<{ origins: string[] }>();
    assert.ok(origins.includes(own) && origins.includes(options.environment.ALLOWED_ORIGINS), origins.join());
    assert.equal(new Set(origins).size, origins.length);
  }
  const many = Array.from({ length: 20 }, (_, index) => `https://app${index}.test`);
  const environment = { ...IN_PRODUCTION.environment, ALLOWED_ORIGINS: many.join() };
  const running = await startService(context, { environment });
  const ada = running.client();
  await ada.signUp('ada@x.test');
  const id = idOf(await ada.post('/auth/create-session'));
  const body = { session_id: id, origin: running.service.publicUrl };
  const { origins } = (await ada.post('/auth/validate-session', body)).json<{ origins: string[] }>();
  assert.deepEqual(origins, [running.service.publicUrl, ...many.slice(0, 15)]);
});

test('in production an origin without TLS is refused, because no frame there could be ready', async (context) => {
  const running = await startService(context, IN_PRODUCTION);
  const insecure = 'http://shop.example';
  const local = ['http://localhost:8080', 'http://127.0.0.1:8080'];
  const shop = await backEnd(running, [SHOP, insecure, ...local]);
  for (const contents of [{ origin: insecure }, { origins: [SHOP, insecure] }]) {
    const { errors } = assertProblem(await shop.create(contents), 422, 'validation-failed');
    const pointer = 'origin' in contents ? '/origin' : '/origins/1';
    assert.equal((errors as { pointer: string }[])[0]?.pointer, pointer);
  }
  idOf(await shop.create({ origins: [SHOP, ...local] }));
  const developing = await startService(context);
  idOf(await plain(developing.url, 'POST', '/auth/create-session', {}, { origin: insecure }));
});

test('a bad API key is 401 whoever else the request comes from, also where anybody may', async (context) => {
  for (const options of [{}, IN_PRODUCTION]) {
    const running = await startService(context, options);
    const ada = running.client();
    await ada.signUp('ada@x.test');
    const { key, keyId } = await backEnd(running);
    const secret = key.slice(-43);
    for (const bad of [
      '',
      'x',
      secret,
      `hfk_${'0'.repeat(12)}_${secret}`,
      `hfk_${keyId}_${secret.slice(0, -1)}${secret.endsWith('A') ? 'Q' : 'A'}`,
      `${key}A`,
      `hfk_${keyId}_${'A'.repeat(5000)}`,
    ]) {
      const authorization = `Bearer ${bad}`;
      const answer = await ada.post('/auth/create-session', undefined, { authorization });
      assertProblem(answer, 401, 'invalid-api-key');
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
      const body = { session_id: UNKNOWN_ID };
      assertProblem(await ada.post('/auth/validate-session', body, { authorization }), 401, 'invalid-api-key');
      assertProblem(await ada.get('/auth/session-status', { headers: { authorization } }), 401, 'invalid-api-key');
    }
    const basic = await ada.post('/auth/create-session', undefined, { authorization: 'Basic YTpi' });
    assert.equal(basic.status, 201, 'another scheme is somebody else’s business');
  }
});

test('a request with a key needs no proof of a browser, and none of its cookies count', async (context) => {
  const running = await startService(context, IN_PRODUCTION);
  const ada = running.client();
  await ada.signUp('ada@x.test');
  const shop = await backEnd(running);
  const cookie = [...ada.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = {
    authorization: `Bearer ${shop.key}`,
    cookie,
    'sec-fetch-site': 'cross-site',
    origin: 'https://evil.test',
  };
  const created = await plain(running.url, 'POST', '/auth/create-session', headers, { origin: SHOP });
  const id = idOf(created);
  assert.deepEqual(created.setCookie, []);
  assert.equal(created.headers.get('access-control-allow-origin'), null, 'a page could not read it');
  const own = await plain(running.url, 'POST', '/auth/create-session', headers, { origin: 'https://app.test' });
  assertProblem(own, 403, 'out-of-scope');
  const used = await plain(running.url, 'POST', '/auth/validate-session', headers, { session_id: id });
  assert.equal(used.status, 200, used.text);
  assert.deepEqual(used.setCookie, []);
  assertProblem(await plain(running.url, 'POST', '/auth/frame-session', headers), 403, 'forbidden-origin');
});

test('a key is for its own origins: another one’s tickets are 403 and stay unused', async (context) => {
  const running = await startService(context);
  const shop = await backEnd(running, [SHOP]);
  const other = await backEnd(running, [OTHER_SHOP]);
  const both = await backEnd(running, [OTHER_SHOP, SHOP]);
  const id = idOf(await shop.create());
  assertProblem(await other.validate({ session_id: id }), 403, 'out-of-scope');
  assertProblem(await other.validate({ session_id: id, origin: SHOP }), 403, 'out-of-scope');
  assertProblem(await other.get(`/auth/validate-session?session_id=${id}`), 403, 'out-of-scope');
  assertProblem(await shop.validate({ session_id: id, origin: OTHER_SHOP }), 401, 'wrong-origin');
  assertProblem(await shop.validate({ session_id: id, frame: true, origin: SHOP }), 422, 'validation-failed');
  assert.equal((await shop.get(`/auth/validate-session?session_id=${id}`)).status, 200);
  assertProblem(await other.validate({ session_id: id }), 403, 'out-of-scope');

  const shared = idOf(await both.create());
  assertProblem(await shop.validate({ session_id: shared }), 403, 'out-of-scope');
  assert.equal((await both.validate({ session_id: shared })).status, 200);
});

test('IF3: without a key a bound one is used with its very origin alone, and a wrong one uses nothing', async (context) => {
  const { url, client } = await startService(context);
  const page = client();
  const id = idOf(await plain(url, 'POST', '/auth/create-session', {}, { origins: [SHOP, OTHER_SHOP, SHOP] }));
  for (const origin of [
    undefined,
    'https://evil.test',
    `${SHOP}.evil.test`,
    `${SHOP}/`,
    `${SHOP}:443`,
    'HTTPS://SHOP.EXAMPLE',
    'null',
    '*',
  ]) {
    const body = { session_id: id, ...(origin === undefined ? {} : { origin }) };
    const answer = await page.post('/auth/validate-session', body);
    assert.equal(assertProblem(answer, 401, 'wrong-origin').reason, 'wrong-origin', origin);
  }
  assertProblem(await page.get(`/auth/validate-session?session_id=${id}`), 401, 'wrong-origin');
  const cross = { 'sec-fetch-site': 'cross-site', origin: SHOP };
  const body = { session_id: id, origin: SHOP };
  assertProblem(await page.post('/auth/validate-session', body, cross), 403, 'forbidden-origin');
  assert.equal((await page.get('/auth/session-status')).json().active_sessions, 1);
  const used = await page.post('/auth/validate-session', body);
  assert.deepEqual(used.json().origins, [SHOP, OTHER_SHOP]);
  assertProblem(
    await page.post('/auth/validate-session', { ...body, origin: 'https://evil.test' }),
    401,
    'already-used',
  );
});

test('IF5: looking, preflights, prefetching and foreign pages use nothing', async (context) => {
  const { url, client } = await startService(context);
  const page = client();
  const id = idOf(await plain(url, 'POST', '/auth/create-session'));
  const path = `/auth/validate-session?session_id=${id}`;
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    const answer = await page.ask(method, path);
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get('allow'), 'GET, POST');
  }
  for (const headers of [
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { 'sec-purpose': 'prefetch;anonymous-client-ip' },
    { purpose: 'prefetch' },
    { 'x-moz': 'prefetch' },
    { 'x-purpose': 'preview' },
  ] as Record<string, string>[]) {
    assertProblem(await page.get(path, { headers }), 403, 'not-asked-for');
    assertProblem(await page.post('/auth/validate-session', { session_id: id }, headers), 403, 'not-asked-for');
  }
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  ] as Record<string, string>[]) {
    assertProblem(await page.get(path, { headers }), 403, 'forbidden-origin');
  }
  assert.equal((await page.get(path)).status, 200);
});

test('a store that does not answer is 503 with Retry-After, and nothing is used', async (context) => {
  const running = await startService(context);
  const { service, client } = running;
  const page = client();
  const shop = await backEnd(running);
  const id = idOf(await shop.create());
  await service.opened.store.close();
  for (const answer of [
    await shop.create(),
    await shop.validate({ session_id: id }),
    await page.post('/auth/validate-session', { session_id: id, origin: SHOP, frame: true }),
    await page.get(`/auth/validate-session?session_id=${id}`),
    await page.get('/auth/session-status'),
    await page.post('/auth/frame-session', undefined, { cookie: '__Host-session_frame_access=x' }),
  ]) {
    if (answer.status === 200) {
      assert.deepEqual(answer.json(), { valid: false, reason: 'malformed' }, 'nobody had to be asked for this');
      continue;
    }
    assertProblem(answer, 503, 'store-unreachable');
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]/);
    assert.deepEqual(answer.setCookie, []);
  }
});

test('IF9: figures and health are for keys alone in production, and name no id and no host', async (context) => {
  const running = await startService(context, IN_PRODUCTION);
  const ada = running.client();
  await ada.signUp('ada@x.test');
  const shop = await backEnd(running);
  const id = idOf(await shop.create());
  for (const path of ['/auth/session-status', '/auth/store-health', '/auth/redis-health']) {
    const refused = await ada.get(path);
    assertProblem(refused, 401, 'invalid-api-key');
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
    const answer = await shop.get(path);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.ok(!answer.text.includes(id) && !answer.text.includes(running.directory));
  }
});

test('the log holds no id, no key, no user and no data, and says once that anybody may make them', async (context) => {
  const running = await startService(context);
  const page = running.client();
  const shop = await backEnd(running);
  const secrets = [shop.key, shop.key.slice(-43), 'customer@x.test', 'hush-hush'];
  const contents = { user: 'customer@x.test', data: 'hush-hush', origin: SHOP };
  const keyed = idOf(await shop.create(contents));
  const id = idOf(await page.post('/auth/create-session', contents));
  const plainId = idOf(await page.post('/auth/create-session', { user: 'customer@x.test' }));
  secrets.push(keyed, id, plainId);
  await page.post('/auth/validate-session', {
    session_id: id,
    origin: SHOP,
    frame: true,
    idempotency_key: 'hush-hush',
  });
  for (const line of page.jar.values()) secrets.push(line);
  await page.post('/auth/frame-session');
  await page.post('/auth/frame-sign-out');
  await page.get(`/auth/validate-session?session_id=${plainId}`);
  await page.ask('HEAD', `/auth/validate-session?session_id=${plainId}`);
  await page.get(`/client/iframe.html?session_id=${plainId}`);
  await shop.validate({ session_id: keyed });
  await running.service.opened.store.close();
  await shop.validate({ session_id: keyed });
  const text = running.log.join('');
  for (const secret of secrets) assert.ok(!text.includes(secret), `the log holds ${secret}`);
  assert.equal(text.split('anybody may create one-time sessions').length - 1, 1);
});
