/** Guessing is slowed down, for everybody at once, without locking anybody out of what they have. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createThrottle, networkOf, THROTTLE_LIMITS, type Throttle } from '../src/accounts/throttle.ts';
import { ACCOUNTS_DATABASES } from './harness/accounts-databases.ts';
import { assertProblem } from './harness/client.ts';
import { startService } from './harness/service.ts';

for (const { name, fresh } of ACCOUNTS_DATABASES) {
  describe(`guesses counted in ${name}`, () => {
    async function throttles(context: TestContext, clock: () => number): Promise<[Throttle, Throttle]> {
      const open = await fresh(context);
      const [first, second] = (await Promise.all([open(), open()])).map((backend) =>
        createThrottle({ backend, clock }),
      );
      return [first as Throttle, second as Throttle];
    }

    test('AU4: the sixth wrong password of an account from one address waits, also in another process', async (context) => {
      let now = 1_000_000;
      const [here, there] = await throttles(context, () => now);
      const attempt = { account: 'ada@x.test', ip: '192.0.2.1' };
      for (let i = 0; i < 5; i++) assert.deepEqual(await here.recordFailure(attempt), { status: 'free' });
      assert.deepEqual(await there.check(attempt), { status: 'wait', retryAfterSeconds: 300 });
      assert.deepEqual(await there.recordFailure(attempt), { status: 'wait', retryAfterSeconds: 300 });
      assert.deepEqual(
        await there.check({ ...attempt, ip: '192.0.2.2' }),
        { status: 'free' },
        'AU7: not from elsewhere',
      );
      assert.deepEqual(await there.check({ ...attempt, account: 'bob@x.test' }), { status: 'free' });
      now += 300_000;
      assert.deepEqual(await here.check(attempt), { status: 'free' });
      assert.deepEqual(await here.recordFailure(attempt), { status: 'free' });
    });

    test('AU5: an account is guarded against guesses from everywhere', async (context) => {
      const [throttle] = await throttles(context, () => 0);
      for (let i = 0; i < THROTTLE_LIMITS.account.max; i++) {
        await throttle.recordFailure({ account: 'ada@x.test', ip: `192.0.2.${i}` });
      }
      const verdict = await throttle.check({ account: 'ada@x.test', ip: '198.51.100.1' });
      assert.deepEqual(verdict, { status: 'wait', retryAfterSeconds: 900 });
    });

    test('AU6: an address that tries many accounts waits', async (context) => {
      const [throttle] = await throttles(context, () => 0);
      for (let i = 0; i < THROTTLE_LIMITS.ip.max; i++) {
        await throttle.recordFailure({ account: `user${i}@x.test`, ip: '192.0.2.1' });
      }
      const verdict = await throttle.check({ account: 'fresh@x.test', ip: '192.0.2.1' });
      assert.deepEqual(verdict, { status: 'wait', retryAfterSeconds: 900 });
    });

    test('a right password forgets the wrong ones from the same address', async (context) => {
      const [throttle] = await throttles(context, () => 0);
      const attempt = { account: 'ada@x.test', ip: '192.0.2.1' };
      for (let i = 0; i < 4; i++) await throttle.recordFailure(attempt);
      await throttle.recordSuccess(attempt);
      for (let i = 0; i < 5; i++) assert.deepEqual(await throttle.recordFailure(attempt), { status: 'free' });
    });

    test('parallel wrong passwords are all counted', async (context) => {
      const both = await throttles(context, () => 0);
      const attempt = { account: 'ada@x.test', ip: '192.0.2.1' };
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, (_, i) => both[i % 2 === 0 ? 0 : 1].recordFailure(attempt)),
      );
      assert.equal(verdicts.filter(({ status }) => status === 'free').length, 5);
    });

    test('a window that is over is forgotten, and counting begins anew', async (context) => {
      let now = 1_000_000;
      const open = await fresh(context);
      const backend = await open();
      const throttle = createThrottle({ backend, clock: () => now });
      for (let i = 0; i < 120; i++) await throttle.countSignUp('192.0.2.1');
      assert.equal((await throttle.countSignUp('192.0.2.1')).status, 'wait');
      now += THROTTLE_LIMITS.signUp.windowSeconds * 1000;
      assert.deepEqual(await throttle.countSignUp('192.0.2.1'), { status: 'free' });
      await throttle.countSignUp('192.0.2.2');
      now += THROTTLE_LIMITS.signUp.windowSeconds * 1000;
      await throttle.countSignUp('192.0.2.3');
      const rows = await backend.database.selectFrom('attempts').select('count').execute();
      assert.deepEqual(
        rows.map(({ count }) => count),
        [1],
      );
    });
  });
}

test('an IPv6 network of one household counts as one address', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:0DB8:1:2::1'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
});

test('AU8, AU10: while throttled the right password gets the same 429 as a wrong one', async (context) => {
  const { client } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test', 'correct horse 9');
  const guesser = client();
  for (let i = 0; i < 5; i++) {
    assertProblem(
      await guesser.post('/auth/sign-in', { email: 'ADA@x.test', password: `guess ${i}` }),
      401,
      'wrong-credentials',
    );
  }
  const wrong = await guesser.post('/auth/sign-in', { email: 'ada@x.test', password: 'guess 6' });
  const right = await guesser.post('/auth/sign-in', { email: 'ada@x.test', password: 'correct horse 9' });
  assertProblem(wrong, 429, 'too-many-requests');
  assertProblem(right, 429, 'too-many-requests');
  assert.equal(guesser.jar.size, 0);
  assert.match(right.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
  assert.match(right.headers.get('ratelimit') ?? '', /^"sign-in";r=0;t=[0-9]+$/);
  assert.equal(right.headers.get('ratelimit-policy'), '"sign-in";q=5;w=300');
  assert.equal((await ada.validate()).valid, true, 'AU7, AU12: who is signed in stays signed in');
});

test('AU1: an unknown address is throttled like a known one', async (context) => {
  const { client } = await startService(context);
  const guesser = client();
  for (let i = 0; i < 5; i++) await guesser.post('/auth/sign-in', { email: 'nobody@x.test', password: `guess ${i}` });
  assertProblem(
    await guesser.post('/auth/sign-in', { email: 'nobody@x.test', password: 'x' }),
    429,
    'too-many-requests',
  );
});

test('AU8: a right password among many parallel guesses is not told apart once the limit is reached', async (context) => {
  const { client } = await startService(context);
  await client().signUp('ada@x.test', 'correct horse 9');
  const guess = (password: string) => client().post('/auth/sign-in', { email: 'ada@x.test', password });
  const wrong = Array.from({ length: 30 }, (_, i) => guess(`guess ${i}`));
  const first = await Promise.race(wrong);
  assert.equal(first.status, 401, 'the hashes are under way');
  const statuses = (await Promise.all([...wrong, guess('correct horse 9')])).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 5);
  assert.equal(statuses.at(-1), 429);
});
