/** What every binding does alike: cookies, headers, problem answers, CSRF. */
import assert from 'node:assert/strict';
import { eachBinding, jarOf, ORIGIN, Problem } from './harness.ts';
import { ACCESS, REFRESH, SAME_ORIGIN, serveApp, signIn } from './small-app.ts';

eachBinding(
  'CK1–CK3, CK13, HD1: signing in sets two full cookies in lines of their own and forbids storing',
  async (kit) => {
    const ask = await serveApp(kit);
    const answer = await ask('/sign-in', { method: 'POST', headers: SAME_ORIGIN });
    const lines = answer.all('set-cookie');
    assert.equal(lines.length, 2);
    for (const [line, name] of [
      [lines[0], ACCESS],
      [lines[1], REFRESH],
    ]) {
      assert.match(
        line ?? '',
        new RegExp(`^${name}=[\\w-]{80}; Max-Age=\\d+; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High$`),
      );
    }
    assert.equal(answer.header('cache-control'), 'no-store');
    assert.equal(answer.header('x-session-reason'), undefined);
    const me = await ask('/me', { cookies: jarOf(lines) });
    assert.deepEqual([me.status, me.body, me.all('set-cookie').length], [200, 'ada', 0]);
    assert.equal(me.header('cache-control'), 'no-store');
  },
);

eachBinding('a request that never asks about its session is left alone', async (kit) => {
  const ask = await serveApp(kit);
  const answer = await ask('/public');
  assert.deepEqual([answer.body, answer.header('cache-control'), answer.all('set-cookie')], ['public', undefined, []]);
});

eachBinding('not signed in: 401 problem with the reason, and no cookie is touched', async (kit) => {
  const ask = await serveApp(kit);
  for (const [cookies, reason] of [
    [[], 'no-token'],
    [[`${ACCESS}=rubbish`], 'malformed'],
    [[`${ACCESS}=`, `${REFRESH}=${'A'.repeat(4000)}`], 'malformed'],
  ] as const) {
    const answer = await ask('/me', { cookies });
    assert.equal(answer.status, 401);
    assert.equal(answer.header('content-type'), 'application/problem+json');
    assert.equal(answer.header('x-session-reason'), reason);
    assert.equal(answer.header('cache-control'), 'no-store');
    assert.deepEqual(answer.all('set-cookie'), []);
    const problem = JSON.parse(answer.body);
    assert.deepEqual([problem.status, problem.code, problem.reason], [401, 'not-signed-in', reason]);
  }
});

eachBinding('an outage is never a logout: 503 with Retry-After and no Set-Cookie', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  kit.faults.failing.add('read');
  for (const [method, path] of [
    ['GET', '/me'],
    ['POST', '/sign-out'],
    ['POST', '/sign-in'],
  ] as const) {
    const answer = await ask(path, { method, cookies, headers: SAME_ORIGIN });
    assert.equal(answer.status, 503, path);
    assert.ok(Number(answer.header('retry-after')) > 0);
    assert.equal(answer.header('x-session-reason'), 'store-unreachable');
    assert.deepEqual(answer.all('set-cookie'), []);
    assert.equal(answer.header('clear-site-data'), undefined);
  }
});

eachBinding('a sign-in that could not be stored says why, not that there was no token', async (kit) => {
  const ask = await serveApp(kit);
  kit.faults.failing.add('create');
  const answer = await ask('/sign-in', { method: 'POST', headers: SAME_ORIGIN });
  assert.deepEqual([answer.status, answer.header('x-session-reason')], [503, 'store-unreachable']);
  assert.deepEqual(answer.all('set-cookie'), []);
});

eachBinding('signing out ends the session, then clears the cookies with all attributes', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  const answer = await ask('/sign-out', { method: 'POST', cookies, headers: SAME_ORIGIN });
  assert.equal(answer.body, '1');
  assert.equal(answer.header('clear-site-data'), '"cache", "storage"');
  assert.deepEqual(
    answer.all('set-cookie'),
    [ACCESS, REFRESH].map(
      (name) =>
        `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; HttpOnly; SameSite=Lax; Priority=High`,
    ),
  );
  const after = await ask('/me', { cookies });
  assert.deepEqual([after.status, after.header('x-session-reason')], [401, 'signed-out']);
  assert.deepEqual(after.all('set-cookie'), [], 'a late answer must not wipe a newer sign-in');
});

eachBinding('a sign-out that could not be stored clears nothing', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  kit.faults.failing.add('take');
  const answer = await ask('/sign-out', { method: 'POST', cookies, headers: SAME_ORIGIN });
  assert.deepEqual([answer.status, answer.all('set-cookie'), answer.header('clear-site-data')], [503, [], undefined]);
  kit.faults.failing.clear();
  assert.equal((await ask('/me', { cookies })).body, 'ada');
});

eachBinding('signing out without a session works and clears the cookies', async (kit) => {
  const ask = await serveApp(kit);
  const answer = await ask('/sign-out', { method: 'POST', headers: SAME_ORIGIN });
  assert.deepEqual([answer.status, answer.body, answer.all('set-cookie').length], [200, '0', 2]);
});

eachBinding('CK14: clearing repeats every scope that was ever configured, each once', async (kit) => {
  const ask = await serveApp(kit, {
    formerScopes: [{ domain: 'app.example' }, { domain: 'app.example' }, { path: '/auth' }, {}],
  });
  const answer = await ask('/sign-out', { method: 'POST', headers: SAME_ORIGIN });
  const scopes = answer.all('set-cookie').map((line) => line.replace(/=;.*?GMT/, '').replace(/; Secure.*/, ''));
  assert.deepEqual(scopes.toSorted(), [
    '__Host-session_access; Path=/',
    '__Host-session_refresh; Path=/',
    '__Secure-session_access; Domain=app.example; Path=/',
    '__Secure-session_refresh; Domain=app.example; Path=/',
    '__Secure-session_refresh; Path=/auth',
  ]);
});

eachBinding('CK9: all duplicates are tried, in either order', async (kit) => {
  const ask = await serveApp(kit);
  const [access, refresh] = await signIn(ask);
  const junk = [`${ACCESS}=junk`, `${ACCESS}=${'A'.repeat(80)}`, `${REFRESH}=junk`];
  for (const cookies of [
    [...junk, access, refresh],
    [access, refresh, ...junk],
    [refresh, junk[2], junk[0]],
    [junk[2], refresh],
  ]) {
    assert.equal((await ask('/me', { cookies: cookies as string[] })).body, 'ada');
  }
});

eachBinding('CK10: valid cookies of two users are refused and cleared; signing in again heals it', async (kit) => {
  const ask = await serveApp(kit, { cookieDomain: 'app.example' });
  const ada = await signIn(ask);
  const bob = await signIn(ask, '/sign-in-other');
  for (const cookies of [
    [...ada, ...bob],
    [...bob, ...ada],
  ]) {
    const answer = await ask('/me', { cookies });
    assert.equal(answer.status, 401);
    const cleared = answer.all('set-cookie').map((line) => /Domain/.test(line));
    assert.deepEqual(cleared.toSorted(), [false, false, true, true], 'host-only and shared');
    assert.deepEqual(jarOf(answer.all('set-cookie')), []);
  }
  const again = await ask('/sign-in', { method: 'POST', headers: SAME_ORIGIN, cookies: [...ada, ...bob] });
  const names = again.all('set-cookie').map((line) => `${line.split('=')[0]} ${/Domain/.test(line)}`);
  assert.equal(new Set(names).size, names.length, 'CK7: one line per cookie');
  assert.equal((await ask('/me', { cookies: jarOf(again.all('set-cookie')) })).body, 'ada');
});

eachBinding('an access token that is due is renewed, also on error answers', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  kit.advance(6 * 60_000);
  const answer = await ask('/error', { cookies });
  assert.deepEqual([answer.status, answer.body, answer.header('cache-control')], [500, 'broken', 'no-store']);
  const renewed = jarOf(answer.all('set-cookie'));
  assert.equal(renewed.length, 2);
  assert.equal((await ask('/me', { cookies: renewed })).body, 'ada');
});

eachBinding('an outage that the application met later leaves the cookies alone as well', async (kit) => {
  const ask = await kit.serve(async (auth, path) => {
    if (path === '/sign-in') {
      await auth.start({ userId: 'ada' });
      return { status: 201 };
    }
    const who = await auth.resolve();
    assert.equal(who.status, 'signed-in');
    const outcome = await kit.sessions.endAll('ada', 'revoked');
    return outcome.status === 'unreachable' ? new Problem(outcome) : { status: 200 };
  });
  const signedIn = await ask('/sign-in', { method: 'POST', headers: SAME_ORIGIN });
  const jar = jarOf(signedIn.all('set-cookie'));
  kit.advance(301_000);
  kit.faults.failing.add('takeByUser');
  const answer = await ask('/end-all', { cookies: jar.filter((pair) => pair.includes('_refresh=')) });
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.all('set-cookie'), []);
});

eachBinding('a passive request does not keep an idle session alive', async (kit) => {
  const ask = await kit.serve(async (auth) => {
    const who = await auth.resolve();
    return { body: who.status === 'signed-in' ? String(who.session.lastSeenAt) : who.reason };
  });
  const started = await kit.sessions.start({ userId: 'ada', idleSeconds: 600 });
  assert.equal(started.status, 'started');
  if (started.status !== 'started') return;
  const tokens = await started.grant.issue();
  const cookies = [`${REFRESH}=${tokens?.refresh?.value}`];
  for (const headers of [
    { 'x-session-activity': 'passive' },
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { purpose: 'prefetch' },
  ]) {
    kit.advance(120_000);
    assert.equal((await ask('/', { cookies, headers })).body, String(started.session.lastSeenAt));
  }
  kit.advance(130_000);
  assert.equal((await ask('/', { cookies })).body, 'expired-idle');
});

eachBinding('anonymous data survives sign-in', async (kit) => {
  const ask = await serveApp(kit);
  const anonymous = jarOf((await ask('/anonymous', { method: 'POST', headers: SAME_ORIGIN })).all('set-cookie'));
  const signedIn = await ask('/sign-in', { method: 'POST', headers: SAME_ORIGIN, cookies: anonymous });
  assert.notDeepEqual(jarOf(signedIn.all('set-cookie')), anonymous);
  const listed = await kit.sessions.list('ada');
  assert.deepEqual(listed.status === 'listed' && listed.sessions.map(({ data }) => data), [{ cart: 1 }]);
  assert.equal((await ask('/me', { cookies: anonymous })).status, 401);
});

eachBinding('a new sign-in ends the session that the browser had', async (kit) => {
  const ask = await serveApp(kit);
  const first = await signIn(ask);
  await ask('/sign-in-other', { method: 'POST', headers: SAME_ORIGIN, cookies: first });
  assert.equal((await ask('/me', { cookies: first })).header('x-session-reason'), 'signed-out');
});

eachBinding('cookies of the application stay whole beside ours', async (kit) => {
  const ask = await kit.serve(async (auth) => {
    await auth.start({ userId: 'ada' });
    const own = ['theme=dark; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'lang=en; Path=/'];
    return { headers: { 'set-cookie': own }, body: 'ok' };
  });
  const lines = (await ask('/')).all('set-cookie');
  assert.equal(lines.length, 4);
  assert.deepEqual(lines.slice(0, 2), ['theme=dark; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'lang=en; Path=/']);
});

eachBinding('a body streams on while it is written, after the cookies', async (kit) => {
  const gate = Promise.withResolvers<void>();
  const ask = await kit.serve(async (auth) => {
    await auth.start({ userId: 'ada' });
    async function* body() {
      yield 'first';
      await gate.promise; // Opened by the arrival of the first piece, or never.
      yield 'second';
    }
    return { body: body() };
  });
  const answer = await ask('/', { onChunk: () => gate.resolve() });
  assert.equal(answer.body, 'firstsecond');
  assert.equal(answer.all('set-cookie').length, 2);
});

eachBinding('CK12: cookies sent as separate crumbs are read together', async (kit) => {
  const ask = await serveApp(kit);
  const [access, refresh] = await signIn(ask);
  assert.equal((await ask('/me', { cookies: ['a=1', access ?? '', 'b=2', refresh ?? '', 'c=3'] })).body, 'ada');
});

eachBinding('CK15: 180 junk cookies and a header of 100 KB do not hide the session', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  const junk = Array.from({ length: 180 }, (_, i) => `j${i}=${ACCESS}=${i}`);
  assert.equal((await ask('/me', { cookies: [...junk, ...cookies] })).body, 'ada');
  // HTTP/2 carries at most 64 KB in one field, so the bomb comes in four crumbs.
  const bomb = [1, 2, 3, 4].map((i) => `bomb${i}=${'x'.repeat(25_000)}`);
  assert.equal((await ask('/me', { cookies: [...bomb, ...cookies] })).body, 'ada');
});

eachBinding('CS1: an unsafe request from a foreign page is answered 403 and changes nothing', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
    {},
  ] as Record<string, string>[]) {
    const answer = await ask('/sign-out', { method: 'POST', cookies, headers });
    assert.equal(answer.status, 403);
    assert.equal(answer.header('cache-control'), 'no-store');
    assert.equal(JSON.parse(answer.body).code, 'forbidden-origin');
    assert.deepEqual(answer.all('set-cookie'), []);
  }
  assert.equal((await ask('/me', { cookies })).body, 'ada');
  const listed = await ask('/sign-out', { method: 'POST', cookies, headers: { origin: ORIGIN } });
  assert.equal(listed.status, 200);
});

eachBinding('a rotated id reaches the client with its tokens', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  const answer = await ask('/rotate', { method: 'POST', cookies, headers: SAME_ORIGIN });
  assert.equal(answer.body, 'rotated');
  assert.equal((await ask('/me', { cookies: jarOf(answer.all('set-cookie')) })).body, 'ada');
});
