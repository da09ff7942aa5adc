/** What the routes do whatever the accounts and sessions are kept in. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { assertProblem } from './client.ts';
import type { Running, StartOptions } from './service.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Starts a service of the test's own. */
export type Start = (context: TestContext, options?: StartOptions) => Promise<Running>;

/** Declares the tests. */
export function testRoutes(storage: string, startService: Start): void {
  describe(`the routes on ${storage}`, () => {
    test('a person signs up, asks, lists devices, signs out, and signs in again', async (context) => {
      const { client } = await startService(context);
      const ada = client();
      assert.deepEqual(await ada.validate(), { valid: false, reason: 'no-token' });

      const signUp = await ada.post('/auth/sign-up', {
        email: ' Ada@X.test ',
        password: 'correct horse 9',
        name: ' Ada ',
      });
      assert.equal(signUp.status, 201);
      assert.equal(signUp.setCookie.length, 2, 'each cookie is a header of its own');
      assert.equal(signUp.headers.get('cache-control'), 'no-store');
      const { user, session } = signUp.json<{ user: Record<string, string>; session: Record<string, string> }>();
      assert.deepEqual({ ...user, id: '' }, { id: '', email: 'Ada@X.test', name: 'Ada' });

      const answer = await ada.post('/unified-auth/validate');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
      const { now, ...rest } = answer.json<{ now: string; session: Record<string, unknown> }>();
      assert.deepEqual(rest, { valid: true, user, session });
      assert.deepEqual(Object.keys(session), [
        'id',
        'created_at',
        'expires_at',
        'idle_expires_at',
        'authenticated_at',
        'amr',
      ]);
      for (const time of [now, session.created_at, session.expires_at, session.idle_expires_at])
        assert.match(time ?? '', TIME);
      assert.deepEqual(session.amr, ['pwd']);
      assert.equal((await ada.get('/unified-auth/validate')).json().valid, true);
      assert.equal((await ada.get('/auth/me')).json().valid, true);

      const signOut = await ada.post('/auth/sign-out');
      assert.equal(signOut.status, 200);
      assert.deepEqual(signOut.json(), { signed_out: true });
      assert.equal(signOut.headers.get('clear-site-data'), '"cache", "storage"');
      assert.equal(ada.jar.size, 0);
      assertProblem(await ada.get('/auth/me'), 401, 'not-signed-in');

      const signIn = await ada.post('/auth/sign-in', { email: 'ada@x.TEST', password: 'correct horse 9' });
      assert.equal(signIn.status, 200);
      assert.notEqual(
        signIn.json<{ session: { id: string } }>().session.id,
        session.id,
        'LC1: a new id for every sign-in',
      );
      assert.equal((await ada.validate()).valid, true);
    });

    test('RV1, RV3: a signed-out token is dead at once, with its reason, and signing out twice is no error', async (context) => {
      const { client } = await startService(context);
      const ada = client();
      await ada.signUp('ada@x.test');
      const copy = client();
      for (const [name, value] of ada.jar) copy.jar.set(name, value);
      await ada.post('/auth/sign-out');
      const answer = await copy.post('/unified-auth/validate');
      assert.deepEqual(answer.json(), { valid: false, reason: 'signed-out' });
      assert.equal(answer.headers.get('x-session-reason'), 'signed-out');
      assert.equal((await ada.post('/auth/sign-out')).status, 200);
    });

    test('RV6: one sees one’s own devices and ends any of them, but nobody else’s', async (context) => {
      const { client } = await startService(context);
      const [laptop, phone, tablet, eve] = [client(), client(), client(), client()];
      await laptop.signUp('ada@x.test', 'correct horse 9');
      await eve.signUp('eve@x.test');
      const userAgent =
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36';
      for (const device of [phone, tablet]) {
        await device.post(
          '/auth/sign-in',
          { email: 'ada@x.test', password: 'correct horse 9' },
          { 'user-agent': userAgent },
        );
      }
      const list = (await laptop.get('/auth/sessions')).json<{ sessions: Record<string, unknown>[] }>().sessions;
      assert.equal(list.length, 3);
      assert.deepEqual(Object.keys(list[0] ?? {}), [
        'id',
        'created_at',
        'last_seen_at',
        'expires_at',
        'idle_expires_at',
        'ip',
        'user_agent',
        'device',
        'is_current',
      ]);
      assert.equal(list.filter(({ is_current }) => is_current).length, 1);
      const others = list.filter(({ is_current }) => !is_current);
      assert.deepEqual(new Set(others.map(({ device }) => device)), new Set(['Chrome on Linux']));
      assert.ok(others.every(({ ip, user_agent }) => ip === '127.0.0.1' && user_agent === userAgent));

      assertProblem(await eve.delete(`/auth/sessions/${others[0]?.id}`), 404, 'not-found');
      assertProblem(await eve.delete('/auth/sessions/x'), 404, 'not-found');
      assert.deepEqual((await laptop.delete(`/auth/sessions/${others[0]?.id}`)).json(), { ended: 1 });
      assertProblem(await laptop.delete(`/auth/sessions/${others[0]?.id}`), 404, 'not-found');
      assert.deepEqual((await laptop.post('/auth/sessions/revoke-others')).json(), { ended: 1 });
      assert.deepEqual(await phone.validate(), { valid: false, reason: 'revoked' });
      assert.deepEqual(await tablet.validate(), { valid: false, reason: 'revoked' });
      assert.equal((await laptop.validate()).valid, true);
      assert.equal((await eve.validate()).valid, true);

      const [own] = (await laptop.get('/auth/sessions')).json<{ sessions: { id: string }[] }>().sessions;
      assert.deepEqual((await laptop.delete(`/auth/sessions/${own?.id}`)).json(), { ended: 1 });
      assert.equal(laptop.jar.size, 0, 'ending the session one is in clears its cookies');
    });

    test('LC2: signing in as somebody else ends the session before', async (context) => {
      const { client } = await startService(context);
      const browser = client();
      await browser.signUp('ada@x.test');
      const adas = new Map(browser.jar);
      await browser.signUp('bob@x.test');
      assert.equal(((await browser.validate()) as { user: { email: string } }).user.email, 'bob@x.test');
      const copy = client();
      for (const [name, value] of adas) copy.jar.set(name, value);
      assert.deepEqual(await copy.validate(), { valid: false, reason: 'signed-out' });
    });

    test('strangers get 401 with a reason from every route that needs somebody', async (context) => {
      const { client } = await startService(context);
      for (const [method, path] of [
        ['GET', '/auth/me'],
        ['GET', '/auth/sessions'],
        ['DELETE', '/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA'],
        ['POST', '/auth/sessions/revoke-others'],
      ] as const) {
        const problem = assertProblem(await client().ask(method, path), 401, 'not-signed-in');
        assert.equal(problem.reason, 'no-token', path);
      }
    });

    test('an account that is gone ends its sessions', async (context) => {
      const { client, service } = await startService(context);
      const ada = client();
      await ada.signUp('ada@x.test');
      await service.accounts.deleteFrom('users').execute();
      assert.deepEqual(await ada.validate(), { valid: false, reason: 'revoked' });
      assert.deepEqual(await ada.validate(), { valid: false, reason: 'revoked' });
    });

    test('a second account with the same address is refused with 409', async (context) => {
      const { client } = await startService(context);
      await client().signUp('ada@x.test');
      const answer = await client().post('/auth/sign-up', { email: 'ADA@x.test', password: 'another long one' });
      assertProblem(answer, 409, 'already-registered');
      assert.deepEqual(answer.setCookie, []);
    });

    test('it is alive and ready, and not ready when the accounts cannot be asked', async (context) => {
      const { client, service } = await startService(context);
      assert.deepEqual((await client().get('/healthz')).json(), { status: 'alive' });
      const ready = await client().get('/readyz');
      assert.equal(ready.status, 200);
      assert.equal(ready.json().status, 'ready');
      await service.sessions.close();
      const not = await client().get('/readyz');
      assert.equal(not.status, 503);
      assert.equal(not.json<{ store: { healthy: boolean } }>().store.healthy, false);
      assert.equal((await client().get('/healthz')).status, 200);
    });
  });
}
