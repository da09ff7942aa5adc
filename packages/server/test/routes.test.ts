/** Every route over real HTTP: what it answers when all is well, and what it says to a stranger. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem } from './harness/client.ts';
import { testRoutes } from './harness/route-suite.ts';
import { startService } from './harness/service.ts';

testRoutes('files', startService);

test('TK3, TK4: damaged, foreign and oversized cookies are not signed in, with a reason, and never a 500', async (context) => {
  const { client } = await startService(context);
  const ada = client();
  await ada.signUp('ada@x.test');
  const name = [...ada.jar.keys()].find((key) => key.endsWith('_access')) ?? '';
  const token = ada.jar.get(name) ?? '';
  const flipped = `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.at(-1)}`;
  const reasons = new Set<unknown>();
  for (const value of [
    flipped,
    token.slice(0, 40),
    `${token}${token}`,
    'x',
    '',
    '%',
    '%00',
    '"',
    'ü',
    'a'.repeat(5000),
    '{}',
  ]) {
    const stranger = client();
    stranger.jar.set(name, encodeURI(value) === value ? value : encodeURIComponent(value));
    const answer = await stranger.post('/unified-auth/validate');
    assert.equal(answer.status, 200, value.slice(0, 20));
    assert.equal(answer.json().valid, false);
    reasons.add(answer.json().reason);
  }
  assert.deepEqual(reasons, new Set(['bad-signature', 'malformed']));
});

test('AU1: an unknown address and a wrong password get the same answer', async (context) => {
  const { client } = await startService(context);
  await client().signUp('ada@x.test', 'correct horse 9');
  const seen = [];
  for (const email of ['ada@x.test', 'nobody@x.test']) {
    const answer = await client().post('/auth/sign-in', { email, password: 'wrong horse 9' });
    assertProblem(answer, 401, 'wrong-credentials');
    const { date: _date, ...headers } = Object.fromEntries(answer.headers);
    seen.push({ text: answer.text, headers });
  }
  assert.deepEqual(seen[0], seen[1]);
});

test('AU2: an unknown address costs a whole hash too', async (context) => {
  const { client } = await startService(context);
  await client().signUp('ada@x.test', 'correct horse 9');
  const cpu = async (email: string): Promise<number> => {
    const before = process.cpuUsage();
    await client().post('/auth/sign-in', { email, password: 'wrong horse 9' });
    const { user } = process.cpuUsage(before);
    return user;
  };
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 4; i++) {
    known.push(await cpu('ada@x.test'));
    unknown.push(await cpu('nobody@x.test'));
  }
  // Without the dummy hash the second is a tenth of the first.
  assert.ok(Math.min(...unknown) > Math.min(...known) / 3, `${unknown} against ${known}`);
});
