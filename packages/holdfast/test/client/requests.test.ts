/** `request` answers a value for everything that can happen, and touches no state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScriptedService } from './harness/scripted-service.ts';
import { openSignedIn } from './harness/tab.ts';

test('a request goes to the service with JSON, and answers its body', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.request('PATCH', '/auth/me', { name: 'M' });
  const request = await service.next();
  assert.equal(`${request.method} ${request.path} ${request.body}`, 'PATCH /auth/me {"name":"M"}');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.equal(request.headers.accept, 'application/json');
  request.answer(200, { fine: true });
  assert.deepEqual(await answering, { kind: 'ok', body: { fine: true } });
});

test('a request without a body has none, and an empty answer is null', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.request('DELETE', '/auth/sessions/s9');
  const request = await service.next();
  assert.equal(request.body, '');
  assert.equal(request.headers['content-type'], undefined);
  request.answer(204, '');
  assert.deepEqual(await answering, { kind: 'ok', body: null });
});

test('a refusal is a problem with all its fields, whatever the answer had', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  for (const body of ['<h1>No</h1>', { code: 7, title: null, errors: 'x' }, 'null']) {
    const answering = tab.client.request('GET', '/auth/sessions');
    (await service.next()).answer(404, body);
    const problem = { status: 404, code: '', title: '', detail: '', errors: [], retryAfterSeconds: null };
    assert.deepEqual(await answering, { kind: 'refused', problem });
  }
});

test('a failure is unreachable, and changes no state', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const failing = tab.client.request('GET', '/auth/sessions');
  (await service.next()).answer(503, {}, { 'retry-after': '3' });
  assert.deepEqual(await failing, { kind: 'unreachable', retryAfterSeconds: 3 });
  const cut = tab.client.request('GET', '/auth/sessions');
  (await service.next()).cut();
  assert.deepEqual(await cut, { kind: 'unreachable', retryAfterSeconds: null });
  const late = tab.client.request('GET', '/auth/sessions');
  await service.next();
  tab.clock.advance(1_000_000);
  assert.deepEqual(await late, { kind: 'unreachable', retryAfterSeconds: null });
  assert.equal(tab.client.current().status, 'signed-in');
  assert.equal(tab.asked(), 1);
});

test('a 401 of a request is a refusal, and no question', async () => {
  await using service = await startScriptedService();
  using tab = await openSignedIn(service);
  const answering = tab.client.request('GET', '/auth/sessions');
  (await service.next()).answer(401, { code: 'not-signed-in' }, { 'x-session-reason': 'revoked' });
  assert.equal((await answering).kind, 'refused');
  assert.equal(tab.asked(), 1);
});
