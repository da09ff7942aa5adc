/** Keys are never a surprise: what would sign people out is refused at the start, with the fix, before anybody is. */
import assert from 'node:assert/strict';
import { generateSecret, keyIdOf } from 'holdfast';
import { ask, signInDirectly, validate } from './harness/direct.ts';
import { ADA } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';

/** sysexits.h: EX_CONFIG. */
const REFUSED = 78;
const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://auth.example.test',
  ALLOWED_HOSTS: 'auth.example.test,localhost',
};

stageTest('a changed key is refused at the start, and nobody is signed out by it', async (stage) => {
  const [first, second] = [generateSecret(), generateSecret()];
  const service = await stage.startService({ secrets: first, environment: PRODUCTION });
  const { status } = await ask('POST', `${service.url}/auth/sign-up`, { body: ADA });
  assert.equal(status, 201);
  const cookies = [await signInDirectly(service.url, ADA), await signInDirectly(service.url, ADA)];
  const answers = (): Promise<unknown[]> =>
    Promise.all(cookies.map(async (cookie) => (await validate(service.url, cookie)).body.valid));
  assert.deepEqual(await answers(), [true, true]);
  assert.equal(await service.stop(), 0);

  for (const options of [[], ['--workers', '2']]) {
    await stage.step(`serve ${options.join(' ')} names the keys, the sessions and the fix`, async () => {
      const refusal = await service.startRefused({ secrets: second, options });
      assert.equal(refusal.status, REFUSED, refusal.output);
      assert.match(refusal.output, new RegExp(`the key ring \\(${keyIdOf(second)}\\)`));
      assert.match(refusal.output, new RegExp(`lacks ${keyIdOf(first)} \\(3 sessions\\)`));
      assert.match(refusal.output, /3 of 3 live sessions would be signed out/);
      assert.match(refusal.output, /fix: SESSION_SECRET=<this one>,<the old one>/);
      assert.match(refusal.output, /--accept-sign-out/);
      assert.equal(refusal.output.split('would be signed out').length, 2, 'it is said once, however many processes');
      assert.ok(!refusal.output.includes(second) && !refusal.output.includes(first), 'no secret is printed');
    });
  }

  await stage.step('the right key comes back, and so does everybody', async () => {
    await service.start({ secrets: first, options: [] });
    assert.deepEqual(await answers(), [true, true]);
  });

  await stage.step('the fix that was printed works', async () => {
    await service.restart({ secrets: `${second},${first}` });
    assert.deepEqual(await answers(), [true, true]);
  });

  await stage.step('--accept-sign-out starts all the same, says whom it costs, and the answers say why', async () => {
    const third = generateSecret();
    await service.restart({ secrets: third, options: ['--accept-sign-out'] });
    await service.wrote('live sessions would be signed out; they have to sign in again', 1);
    for (const cookie of cookies) {
      assert.deepEqual((await validate(service.url, cookie)).body, { valid: false, reason: 'unknown-key' });
    }
    const cookie = await signInDirectly(service.url, ADA);
    assert.equal((await validate(service.url, cookie)).body.valid, true);
  });

  await stage.step('not even then is anybody gone for good: the old key brings them back', async () => {
    const { secrets } = service.setup;
    await service.restart({ secrets: `${secrets},${second},${first}`, options: [] });
    assert.deepEqual(await answers(), [true, true]);
  });
});

stageTest('production does not start without a good key, and names everything that is wrong at once', async (stage) => {
  const service = await stage.prepareService({ environment: { NODE_ENV: 'production', DEBUG: 'true' } });
  const missing = await service.startRefused();
  assert.equal(missing.status, REFUSED);
  for (const name of ['SESSION_SECRET', 'PUBLIC_URL', 'ALLOWED_HOSTS', 'DEBUG']) {
    assert.match(missing.output, new RegExp(`^ {2}${name}: .+\\n {4}fix: .+`, 'm'));
  }
  assert.match(missing.output, /SESSION_SECRET=<output of: holdfast keys generate>/);

  for (const weak of ['changeme', 'a'.repeat(64), 'secret'.repeat(8), `${generateSecret()},short`]) {
    const refusal = await service.startRefused({ secrets: weak, environment: PRODUCTION });
    assert.equal(refusal.status, REFUSED, weak);
    assert.match(refusal.output, /^ {2}SESSION_SECRET: /m);
    assert.ok(!refusal.output.includes(weak), 'the value itself is not printed');
  }
  await service.start({ secrets: generateSecret(), environment: PRODUCTION });
});
