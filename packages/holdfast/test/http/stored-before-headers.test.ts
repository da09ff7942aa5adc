/** Nothing is sent before what it promises is stored, and nothing that could not be stored is promised. */
import assert from 'node:assert/strict';
import { eachBinding } from './harness.ts';
import { ACCESS, REFRESH, SAME_ORIGIN, serveApp, signIn } from './small-app.ts';

eachBinding('an answer is not sent before what it promises is stored, though nobody waits for it', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  const release = kit.faults.hold('update');
  let arrived = false;
  const redirect = ask('/save-and-redirect', { method: 'POST', cookies, headers: SAME_ORIGIN }).then((answer) => {
    arrived = true;
    return answer;
  });
  // Other requests of the same server are answered meanwhile, so this one has had its chance.
  for (let i = 0; i < 3; i++) assert.equal((await ask('/me', { cookies })).body, 'ada');
  assert.equal(arrived, false);
  release();
  const answer = await redirect;
  assert.deepEqual([answer.status, answer.header('location')], [303, '/me']);
  assert.ok(kit.faults.done.includes('update'));
});

eachBinding('a save that fails unseen turns the answer into a 503', async (kit) => {
  const ask = await serveApp(kit);
  const cookies = await signIn(ask);
  kit.faults.failing.add('update');
  const answer = await ask('/save-and-redirect', { method: 'POST', cookies, headers: SAME_ORIGIN });
  assert.deepEqual([answer.status, answer.header('location')], [503, undefined]);
  assert.equal(answer.header('content-type'), 'application/problem+json');
  assert.equal(JSON.parse(answer.body).code, 'store-unreachable');
  assert.deepEqual(answer.all('set-cookie'), []);
});

eachBinding('a failed save that the application has seen is its own affair', async (kit) => {
  const ask = await kit.serve(async (auth) => {
    const outcome = await auth.update({ set: { a: 1 } });
    return { body: outcome.status };
  });
  const started = await kit.sessions.start({ userId: 'ada' });
  if (started.status !== 'started') throw new Error(started.status);
  const cookies = [`${ACCESS}=${(await started.grant.issue())?.access.value}`];
  kit.faults.failing.add('update');
  const answer = await ask('/', { cookies });
  assert.deepEqual([answer.status, answer.body], [200, 'unreachable']);
});

eachBinding('a save that failed unseen before the answer began counts as well', async (kit) => {
  const ask = await kit.serve(async (auth) => {
    void auth.update({ set: { a: 1 } });
    await new Promise((resolve) => setImmediate(resolve));
    return { body: 'saved' };
  });
  const started = await kit.sessions.start({ userId: 'ada' });
  if (started.status !== 'started') throw new Error(started.status);
  const cookies = [`${ACCESS}=${(await started.grant.issue())?.access.value}`];
  kit.faults.failing.add('update');
  assert.equal((await ask('/', { cookies })).status, 503);
});

eachBinding('an outcome that comes after the answer counts as unseen, though somebody waits for it', async (kit) => {
  const ask = await kit.serve((auth) => {
    void auth.update({ set: { a: 1 } }).then(() => undefined);
    return { body: 'saved' };
  });
  const started = await kit.sessions.start({ userId: 'ada' });
  if (started.status !== 'started') throw new Error(started.status);
  const cookies = [`${ACCESS}=${(await started.grant.issue())?.access.value}`];
  kit.faults.failing.add('update');
  assert.equal((await ask('/', { cookies })).status, 503);
});

eachBinding('mutations of one request happen in the order they were called', async (kit) => {
  const ask = await kit.serve(async (auth) => {
    void auth.start({ userId: 'ada' });
    void auth.update({ set: { step: 1 } });
    void auth.update({ set: { step: 2 } });
    const rotated = await auth.rotateId();
    return { body: rotated.status === 'rotated' ? JSON.stringify(rotated.session.data) : rotated.status };
  });
  const answer = await ask('/');
  assert.equal(answer.body, '{"step":2}');
  assert.equal(answer.all('set-cookie').length, 2);
});

eachBinding('a slow answer sends no cookie when the session has moved on meanwhile', async (kit) => {
  const ask = await kit.serve(async (auth, path) => {
    const who = await auth.resolve();
    if (path === '/slow' && who.status === 'signed-in') {
      await kit.sessions.end(who.session.id, 'revoked');
      kit.advance(60_000);
    }
    return { body: who.status };
  });
  const started = await kit.sessions.start({ userId: 'ada' });
  if (started.status !== 'started') throw new Error(started.status);
  const cookies = [`${REFRESH}=${(await started.grant.issue())?.refresh?.value}`];
  assert.equal((await ask('/', { cookies })).all('set-cookie').length > 0, true);
  assert.deepEqual((await ask('/slow', { cookies })).all('set-cookie'), []);
});
