/** One-time sessions over HTTP: what bad input is answered with, and that it uses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem } from './harness/client.ts';
import { startService } from './harness/service.ts';
import { backEnd, idOf, plain, SHOP, UNKNOWN_ID } from './harness/tickets.ts';

test('IF8: malformed, unknown and used ids are refused alike', async (context) => {
  const { url, client } = await startService(context);
  const page = client();
  const id = idOf(await plain(url, 'POST', '/auth/create-session'));
  await page.post('/auth/validate-session', { session_id: id });
  const shapes = new Set<string>();
  for (const bad of [
    id,
    UNKNOWN_ID,
    id.toUpperCase(),
    `{${id}}`,
    '',
    'x',
    '../../etc',
    '\u0000',
    '💥',
    'a'.repeat(5000),
    `${id}\n`,
  ]) {
    for (const answer of [
      await page.post('/auth/validate-session', { session_id: bad }),
      await page.get(`/auth/validate-session?session_id=${encodeURIComponent(bad)}`),
    ]) {
      assertProblem(answer, 401, bad === id ? 'already-used' : 'not-found');
      shapes.add(`${Object.keys(answer.json())} ${[...answer.headers.keys()]}`);
    }
  }
  assert.equal(shapes.size, 1, [...shapes].join('\n'));
});

test('no id at all, and fields that are wrong, are named', async (context) => {
  const { client } = await startService(context);
  const page = client();
  const pointers = async (path: string, body: unknown): Promise<unknown> => {
    const { errors } = assertProblem(await page.post(path, body), 422, 'validation-failed');
    return (errors as { pointer: string }[]).map(({ pointer }) => pointer);
  };
  for (const path of [
    '/auth/validate-session',
    '/auth/validate-session?session_id=',
    '/auth/validate-session?session_id=a&session_id=b',
  ]) {
    const answer = await page.get(path);
    if (path.endsWith('=')) assertProblem(answer, 401, 'not-found');
    else assertProblem(answer, 422, 'validation-failed');
  }
  assert.deepEqual(await pointers('/auth/validate-session', {}), ['/session_id']);
  assert.deepEqual(await pointers('/auth/validate-session', undefined), ['']);
  assert.deepEqual(
    await pointers('/auth/validate-session', { session_id: 7, frame: 'yes', idempotency_key: '', x: 1 }),
    ['/x', '/session_id', '/idempotency_key', '/frame'],
  );
  // Characters outside of the first 65,536 count as two, as JavaScript counts.
  const long = { session_id: UNKNOWN_ID, idempotency_key: '🛒'.repeat(101) };
  assert.deepEqual(await pointers('/auth/validate-session', long), ['/idempotency_key']);
  const longest = { session_id: UNKNOWN_ID, idempotency_key: '🛒'.repeat(100) };
  assertProblem(await page.post('/auth/validate-session', longest), 401, 'not-found');
  const create = '/auth/create-session';
  for (const origin of [
    'shop.example',
    `${SHOP}/`,
    `${SHOP}:443`,
    'https://*.example',
    'https://a;b.example',
    'null',
    'capacitor://localhost',
    'HTTPS://SHOP.EXAMPLE',
    'javascript:alert(1)',
    '',
  ]) {
    assert.deepEqual(await pointers(create, { origin }), ['/origin'], origin);
    assert.deepEqual(await pointers(create, { origins: [SHOP, origin] }), ['/origins/1'], origin);
  }
  assert.deepEqual(await pointers(create, { origin: SHOP, origins: [SHOP] }), ['/origin']);
  assert.deepEqual(await pointers(create, { origins: Array.from({ length: 17 }, () => SHOP) }), ['/origins']);
  assert.deepEqual(await pointers(create, { user: '' }), ['/user']);
  assert.deepEqual(await pointers(create, { user: 'x'.repeat(201) }), ['/user']);
  assert.deepEqual(await pointers(create, { user: '🛒'.repeat(101) }), ['/user']);
  assert.deepEqual(await pointers(create, { user: 7, is_admin: true }), ['/is_admin', '/user']);
  assert.deepEqual(await pointers(create, `{"data":${'['.repeat(31)}${']'.repeat(31)}}`), ['/data']);
  assert.deepEqual(await pointers(create, `{"data":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), ['/data']);
  assert.deepEqual(await pointers(create, '{"data":1e999}'), ['/data']);
  assert.deepEqual(await pointers(create, '{"data":{"constructor":1}}'), ['/data']);
  for (const body of ['[]', '"x"', '7']) assert.deepEqual(await pointers(create, body), ['']);
  assertProblem(await page.post(create, '{"data":{"__proto__":1}}'), 400, 'malformed-json');
  assertProblem(await page.post(create, '{'), 400, 'malformed-json');
  assertProblem(await page.post(create, 'a=b', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type');
  assert.equal((await page.post(create, '', { 'content-type': 'application/json' })).status, 201);
  assert.equal((await page.post(create, 'null')).status, 201);
  assert.equal((await page.get('/auth/session-status')).json().total_created, 2);
});

test('a key with origins that no one-time session can have is 422, and makes those that it names', async (context) => {
  const running = await startService(context);
  const many = Array.from({ length: 33 }, (_, n) => `https://shop-${n}.example`);
  for (const origins of [many, [SHOP, 'https://a;b.example']]) {
    // As one may have been stored before the command refused them.
    const shop = await backEnd(running, origins);
    const { errors } = assertProblem(await shop.create(), 422, 'validation-failed');
    assert.deepEqual(
      (errors as { pointer: string }[]).map(({ pointer }) => pointer),
      ['/origins'],
    );
    idOf(await shop.create({ origin: origins[0] }));
  }
  idOf(await (await backEnd(running, many.slice(1))).create());
});

test('metadata beyond 8,192 characters is 413, up to that it comes back as it was', async (context) => {
  const { client } = await startService(context);
  const page = client();
  assertProblem(await page.post('/auth/create-session', { data: 'x'.repeat(8192) }), 413, 'body-too-large');
  assertProblem(await page.post('/auth/create-session', { data: 'x'.repeat(70_000) }), 413, 'body-too-large');
  for (const data of ['x'.repeat(8184), '\u0001'.repeat(1300), null, 0, false, '', [], {}, '\ud800']) {
    const id = idOf(await page.post('/auth/create-session', { data }));
    const used = (await page.post('/auth/validate-session', { session_id: id })).json();
    assert.deepEqual(used.data ?? null, data);
  }
});

test('MAX_SESSIONS beyond its bounds stops the start', async (context) => {
  for (const value of ['0', '100000001', 'many', '-1', '1.5']) {
    await assert.rejects(startService(context, { environment: { MAX_SESSIONS: value } }), /MAX_SESSIONS/);
  }
});
