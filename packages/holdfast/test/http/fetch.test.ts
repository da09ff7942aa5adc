/** The fetch binding: responses that cannot be changed, or must not be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchSessions } from '../../src/http/fetch.ts';
import { ORIGIN, startEngine } from './harness.ts';

function start() {
  const engine = startEngine();
  return { ...engine, http: fetchSessions(engine.sessions, { origins: [ORIGIN] }) };
}

const ask = () => new Request(`${ORIGIN}/`);

test('redirects, whose headers are immutable, carry the cookies', async () => {
  const { http } = start();
  const auth = http.from(ask());
  await auth.start({ userId: 'ada' });
  const response = await auth.respond(Response.redirect(`${ORIGIN}/home`, 303));
  assert.deepEqual([response.status, response.headers.get('location')], [303, `${ORIGIN}/home`]);
  assert.equal(response.headers.getSetCookie().length, 2);
});

test('a response kept in a constant does not carry one person’s cookies to the next', async () => {
  const { http } = start();
  const shared = new Response(null, { status: 204, headers: { 'x-own': '1' } });
  const auth = http.from(ask());
  await auth.start({ userId: 'ada' });
  const first = await auth.respond(shared);
  assert.deepEqual([first.status, first.headers.get('x-own'), first.headers.getSetCookie().length], [204, '1', 2]);
  assert.deepEqual((await http.from(ask()).respond(shared)).headers.getSetCookie(), []);
});

test('an untouched response is passed on as it is', async () => {
  const { http } = start();
  const response = new Response('x');
  assert.equal(await http.from(ask()).respond(response), response);
});

test('a network error response passes through instead of throwing', async () => {
  const { http } = start();
  const auth = http.from(ask());
  await auth.resolve();
  assert.equal((await auth.respond(Response.error())).type, 'error');
});

test('a stream behind an answer that is not sent is cancelled, and headers that are not its own stay', async () => {
  const { http, faults } = start();
  const auth = http.from(ask());
  await auth.start({ userId: 'ada' });
  faults.failing.add('update');
  void auth.update({ set: { a: 1 } });
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream({ cancel: () => cancelled.resolve() });
  const headers = { 'content-type': 'text/html', etag: '"1"', 'access-control-allow-origin': ORIGIN };
  const response = await auth.respond(new Response(body, { headers }));
  await cancelled.promise;
  assert.equal(response.status, 503);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(response.headers.get('etag'), null);
  assert.equal(response.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(response.headers.getSetCookie().length, 2, 'the sign-in itself was stored');
});

test('one request has one exchange, however often it is asked for', () => {
  const { http } = start();
  const request = ask();
  assert.equal(http.from(request), http.from(request));
});

test('what the application throws passes through the handler', async () => {
  const { http } = start();
  const handle = http.handler(() => Promise.reject(new Error('mine')));
  await assert.rejects(handle(ask()), /mine/);
});
