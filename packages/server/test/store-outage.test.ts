/** Redis or PostgreSQL goes away under a running service: nobody is signed out, and it recovers by itself. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { LayeredStore } from 'holdfast/stores/layered';
import type { RedisStore } from 'holdfast/stores/redis';
import { startCutProxy } from '../../../test/services/cut-proxy.ts';
import { startPgBouncer } from '../../../test/services/pgbouncer.ts';
import { startPostgres } from '../../../test/services/postgres.ts';
import { startRedis } from '../../../test/services/redis.ts';
import { waitUntil } from '../../../test/services/wait-until.ts';
import { assertProblem, type Client } from './harness/client.ts';
import { type Running, startService } from './harness/service.ts';

const CREDENTIALS = { email: 'ada@x.test', password: 'correct horse 9' };

/** A promise that nobody looked after would fail the test's process, and so a service in production. */
function watchRejections(context: TestContext): void {
  const seen: unknown[] = [];
  const see = (reason: unknown): void => void seen.push(reason);
  process.on('unhandledRejection', see);
  context.after(() => {
    process.off('unhandledRejection', see);
    assert.deepEqual(seen, []);
  });
}

function linesAbout({ log }: Running, text: string, level: number): number {
  return log.filter((line) => line.includes(`"level":${level}`) && line.includes(text)).length;
}

async function assertSilent(person: Client, paths: readonly (readonly [string, string, unknown?])[]): Promise<void> {
  const jar = new Map(person.jar);
  for (const [method, path, body] of paths) {
    const answer = await person.ask(method, path, body === undefined ? {} : { body });
    assertProblem(answer, 503, 'store-unreachable');
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
    assert.deepEqual(answer.setCookie, []);
  }
  assert.deepEqual(person.jar, jar, 'the cookies stay as they are');
}

/** Until people are let in again. Whatever comes on the way back, it is never "not signed in". */
async function untilValid(person: Client): Promise<void> {
  const seen: unknown[] = [];
  await waitUntil(
    'somebody was answered',
    async () => {
      const answer = await person.post('/unified-auth/validate');
      if (answer.status === 503) return false;
      seen.push(answer.status, answer.json().valid);
      return true;
    },
    { deadlineMs: 20_000, everyMs: 50 },
  );
  assert.deepEqual(seen, [200, true]);
}

async function untilSaid(running: Running, text: string): Promise<void> {
  await waitUntil(`the log said ${text}`, () => linesAbout(running, text, 30) > 0, { deadlineMs: 10_000 });
}

test('Redis is killed: 503 and untouched cookies, one line in the log, and everybody is back when it is', async (context) => {
  watchRejections(context);
  const redis = await startRedis({ appendonly: true, appendfsync: 'always' });
  context.after(() => redis.stop());
  const running = await startService(context, { environment: { REDIS_URL: redis.url } });
  const ada = running.client();
  await ada.signUp(CREDENTIALS.email, CREDENTIALS.password);
  await redis.kill();
  await assertSilent(ada, [
    ['POST', '/unified-auth/validate'],
    ['GET', '/unified-auth/validate'],
    ['GET', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['POST', '/auth/sessions/revoke-others'],
    ['POST', '/auth/sign-out'],
    ['POST', '/auth/sign-in', CREDENTIALS],
  ]);
  for (let i = 0; i < 20; i++) await ada.post('/unified-auth/validate');
  assert.equal((await ada.get('/healthz')).status, 200);
  assert.equal((await ada.get('/readyz')).status, 503);
  assert.equal((await ada.get('/auth/redis-health')).json().status, 'unhealthy');
  assert.equal(linesAbout(running, 'the session store did not answer', 50), 1, 'one line, however many noticed');

  await redis.restart();
  await untilValid(ada);
  await untilSaid(running, 'the session store answers again');
  assert.equal((await ada.get('/readyz')).status, 200);
  assert.equal((await running.client().post('/auth/sign-in', CREDENTIALS)).status, 200);
  assert.equal((await ada.post('/auth/sign-out')).status, 200);
  assert.deepEqual(await ada.validate(), { valid: false, reason: 'no-token' });
  assert.equal(linesAbout(running, 'the session store did not answer', 50), 1);
});

for (const chosen of [false, true]) {
  const name = chosen
    ? 'where it was chosen, who was seen a moment ago is let in while Redis is silent, and nothing is changed'
    : 'where nothing was chosen, nobody is let in on what was known before Redis fell silent';
  test(name, async (context) => {
    watchRejections(context);
    const redis = await startRedis();
    context.after(() => redis.stop());
    const environment = { REDIS_URL: redis.url, ...(chosen ? { SESSION_STALE_IF_ERROR: '5m' } : {}) };
    const { client, service } = await startService(context, { environment });
    const ada = client();
    await ada.signUp(CREDENTIALS.email, CREDENTIALS.password);
    await ada.validate();
    const store = service.opened.store as RedisStore;
    redis.pause();
    try {
      await waitUntil('the cache was not trusted any more', () => store.cacheStats()?.trusted === false);
      if (chosen) {
        for (const method of ['POST', 'GET']) {
          assert.equal((await ada.ask(method, '/unified-auth/validate')).json().valid, true);
        }
        assert.equal((await ada.get('/auth/me')).status, 200);
        const stranger = client();
        stranger.jar.set([...ada.jar.keys()][0] ?? '', 'x');
        assert.equal((await stranger.validate()).valid, false);
      } else {
        await assertSilent(ada, [['POST', '/unified-auth/validate']]);
      }
      await assertSilent(ada, [
        ['POST', '/auth/sessions/revoke-others'],
        ['POST', '/auth/sign-out'],
      ]);
    } finally {
      redis.resume();
    }
  });
}

for (const pooled of [false, true]) {
  test(`PostgreSQL${pooled ? ' behind PgBouncer' : ''} is restarted: 503 until it is back, then as before`, async (context) => {
    watchRejections(context);
    const postgres = await startPostgres();
    context.after(() => postgres.stop());
    let url = postgres.url;
    if (pooled) {
      const bouncer = await startPgBouncer(postgres, { settings: { server_login_retry: '1' } });
      context.after(() => bouncer.stop());
      url = bouncer.url('postgres');
    }
    const running = await startService(context, { environment: { DATABASE_URL: url } });
    const ada = running.client();
    await ada.signUp(CREDENTIALS.email, CREDENTIALS.password);
    await ada.validate();
    await postgres.kill();
    await assertSilent(ada, [
      ['POST', '/auth/sign-in', CREDENTIALS],
      ['POST', '/auth/sign-up', { email: 'bob@x.test', password: CREDENTIALS.password }],
      ['POST', '/auth/sign-out'],
      ['GET', '/auth/sessions'],
    ]);
    assert.equal(linesAbout(running, 'the accounts database did not answer', 50), 1);
    assert.equal(linesAbout(running, 'the session store did not answer', 50), 1);
    assert.equal((await ada.get('/readyz')).status, 503);
    await postgres.restart();
    await untilValid(ada);
    await untilSaid(running, 'the accounts database answers again');
    await untilSaid(running, 'the session store answers again');
    const again = async (): Promise<boolean> =>
      (await running.client().post('/auth/sign-in', CREDENTIALS)).status === 200;
    await waitUntil('signing in worked again', again, { deadlineMs: 20_000, everyMs: 100 });
    assert.equal((await ada.get('/readyz')).status, 200);
  });
}

test('Redis over PostgreSQL: without Redis nobody notices, without PostgreSQL people stay signed in', async (context) => {
  watchRejections(context);
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  context.after(() => Promise.all([redis.stop(), postgres.stop()]));
  const running = await startService(context, { environment: { REDIS_URL: redis.url, DATABASE_URL: postgres.url } });
  const ada = running.client();
  await ada.signUp(CREDENTIALS.email, CREDENTIALS.password);
  await ada.validate();

  await redis.command('FLUSHALL');
  assert.equal((await ada.validate()).valid, true, 'a flush signs nobody out');
  await redis.kill();
  assert.equal((await ada.validate()).valid, true);
  assert.equal((await running.client().post('/auth/sign-in', CREDENTIALS)).status, 200);
  assert.equal((await ada.get('/readyz')).status, 200);
  await redis.restart();

  const bob = running.client();
  await bob.signUp('bob@x.test');
  // It is opened again by whoever asks next, and gets a copy of whatever is asked for then.
  const store = running.service.opened.store as LayeredStore;
  const hits = (): number => store.cacheStats()?.hits ?? 0;
  const used = async (): Promise<boolean> => {
    const before = hits();
    for (const person of [ada, bob]) await person.validate();
    return hits() === before + 2;
  };
  await waitUntil('Redis was used again', used, { deadlineMs: 20_000, everyMs: 100 });
  postgres.pause();
  try {
    // For longer than an account is kept without asking.
    for (const until = performance.now() + 2500; performance.now() < until; ) {
      for (const person of [ada, bob]) {
        const answer = await person.post('/unified-auth/validate');
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json().valid, true);
      }
    }
    // Nobody knows what became of it: a database that was only frozen may carry it out when it goes on.
    await assertSilent(ada, [['POST', '/auth/sign-out']]);
  } finally {
    postgres.resume();
  }
  await untilValid(bob);
});

test('a network that swallows everything: accounts answer within their deadline, and nothing piles up', async (context) => {
  watchRejections(context);
  const postgres = await startPostgres();
  const proxy = await startCutProxy({ host: postgres.host, port: postgres.port });
  context.after(async () => {
    await proxy.stop();
    await postgres.stop();
  });
  const DATABASE_URL = postgres.url.replace(`:${postgres.port}`, `:${proxy.port}`);
  const { client } = await startService(context, { environment: { DATABASE_URL } });
  const ada = client();
  await ada.signUp(CREDENTIALS.email, CREDENTIALS.password);
  proxy.blackhole();
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 40 }, () => client().post('/auth/sign-in', CREDENTIALS)));
  const seconds = (performance.now() - begun) / 1000;
  for (const answer of answers) assertProblem(answer, 503, 'store-unreachable');
  assert.ok(seconds < 8, `${seconds} s`);
  assert.ok(proxy.connections <= 20, `${proxy.connections} connections`);
  await proxy.restore();
  await untilValid(ada);
});
