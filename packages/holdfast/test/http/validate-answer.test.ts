/** An application's own answer to the one question: what the client reads, and never "signed out" because of an outage. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { readValidate } from '../../src/client/read-answer.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { validateAnswer } from '../../src/http/index.ts';
import { nodeSessions } from '../../src/http/node.ts';
import type { SignedIn, UserSession } from '../../src/index.ts';
import { close, jarOf, listen, ORIGIN, startEngine } from './harness.ts';

interface Person {
  readonly id: string;
  readonly name: string;
}

type UserOf = (session: UserSession) => Person | null | Promise<Person | null>;

const ada: UserOf = async ({ userId }) => ({ id: userId, name: 'Ada' });
const readUser = (user: unknown): Person => user as Person;

/** The same application on both bindings: `/in` signs in, everything else answers the question. */
const BINDINGS = {
  async fetch(_t: TestContext, { sessions }: ReturnType<typeof startEngine>, userOf: () => UserOf) {
    const http = fetchSessions(sessions, { origins: [ORIGIN] });
    const handle = http.handler(async (request, auth) => {
      if (!request.url.endsWith('/in')) return auth.validate(userOf());
      await auth.start({ userId: 'ada' });
      return new Response();
    });
    return (path: string, init: RequestInit = {}) => handle(new Request(ORIGIN + path, init));
  },
  async node(t: TestContext, { sessions }: ReturnType<typeof startEngine>, userOf: () => UserOf) {
    const http = nodeSessions(sessions, { origins: [ORIGIN] });
    const server = createServer(
      http.handler(async (request, response, auth) => {
        if (request.url !== '/in') return auth.validate(userOf());
        await auth.start({ userId: 'ada' });
        response.end();
      }),
    );
    const port = await listen(server);
    t.after(() => close(server));
    return (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
  },
};

for (const [binding, serve] of Object.entries(BINDINGS)) {
  async function start(t: TestContext) {
    const engine = startEngine();
    t.after(() => engine.sessions.close());
    const app = { userOf: ada };
    const ask = await serve(t, engine, () => app.userOf);
    const signedIn = await ask('/in', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } });
    const cookie = jarOf(signedIn.headers.getSetCookie()).join('; ');
    const validate = (init: RequestInit = {}) => ask('/', { headers: { cookie }, ...init });
    return { ...engine, app, validate, cookie };
  }

  test(`somebody signed in is told who they are, by GET and by POST, as the client reads it (${binding})`, async (t) => {
    const { validate, cookie } = await start(t);
    const post = { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } };
    for (const init of [{}, post]) {
      const response = await validate(init);
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('x-session-reason'), null);
      const state = readValidate(await response.json(), readUser);
      assert.ok(state?.status === 'signed-in');
      assert.deepEqual(state.user, { id: 'ada', name: 'Ada' });
      for (const time of ['createdAt', 'expiresAt', 'idleExpiresAt', 'authenticatedAt'] as const) {
        assert.equal(typeof state.session[time], 'number', time);
      }
      assert.deepEqual(state.session.amr, ['pwd']);
    }
  });

  test(`a refresh that is due goes out with the answer (${binding})`, async (t) => {
    const { validate, advance } = await start(t);
    assert.deepEqual((await validate()).headers.getSetCookie(), []);
    advance(6 * 60_000);
    assert.equal((await validate()).headers.getSetCookie().length, 2);
  });

  test(`nobody is told why, with status 200 (${binding})`, async (t) => {
    const { validate } = await start(t);
    const response = await validate({ headers: {} });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-session-reason'), 'no-token');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), { valid: false, reason: 'no-token' });
  });

  test(`an outage is a 503 that touches no cookie (${binding})`, async (t) => {
    const { validate, faults, advance } = await start(t);
    advance(6 * 60_000);
    faults.failing.add('read');
    const response = await validate();
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(readValidate(await response.json(), readUser), null);
  });

  test(`the session of an account that is gone ends, and the answer says so (${binding})`, async (t) => {
    const { validate, app } = await start(t);
    app.userOf = () => null;
    const response = await validate();
    assert.equal(response.headers.get('x-session-reason'), 'revoked');
    assert.deepEqual(await response.json(), { valid: false, reason: 'revoked' });
    app.userOf = ada;
    assert.deepEqual(await (await validate()).json(), { valid: false, reason: 'revoked' });
  });

  test(`when that end cannot be stored, nobody is told that it was (${binding})`, async (t) => {
    const { validate, app, faults } = await start(t);
    app.userOf = () => null;
    faults.failing.add('take');
    assert.equal((await validate()).status, 503);
  });

  test(`accounts that cannot be looked up are a failure, not an answer (${binding})`, async (t) => {
    const { validate, app } = await start(t);
    app.userOf = () => Promise.reject(new Error('the accounts are away'));
    if (binding === 'fetch') await assert.rejects(validate(), /accounts are away/);
    else assert.equal((await validate()).status, 500);
  });

  test(`a foreign page cannot ask by POST (${binding})`, async (t) => {
    const { validate, cookie } = await start(t);
    const headers = { cookie, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    assert.equal((await validate({ method: 'POST', headers })).status, 403);
  });
}

test('an outage cannot be made an answer, and a person without an id is none', async () => {
  const outage = { status: 'unreachable', reason: 'store-unreachable', retryAfterSeconds: 1 };
  assert.throws(() => validateAnswer(outage as unknown as SignedIn, { id: 'ada' }), /outage/);
  assert.throws(() => validateAnswer({ status: 'signed-in' } as SignedIn, {} as Person), /needs an id/);
});

test('the server’s clock is told as it was given', async () => {
  const { sessions } = startEngine();
  const started = await sessions.start({ userId: 'ada' });
  assert.ok(started.status === 'started');
  const { session } = started;
  const answer = validateAnswer({ status: 'signed-in', session, grant: null }, { id: 'ada' }, 1_800_000_000_123);
  assert.equal(answer.now, '2027-01-15T08:00:00.123Z');
  assert.equal(answer.session.expires_at, new Date(session.absoluteExpiresAt).toISOString());
  assert.equal(answer.session.idle_expires_at, new Date(session.expiresAt).toISOString());
  await sessions.close();
});
