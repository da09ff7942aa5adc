import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../../src/core/errors.ts';
import { accessSeconds, type PolicyOptions, refreshWindowMs, resolvePolicy } from '../../src/core/policy.ts';
import { createWorld, DAY } from './world.ts';

test('LC7: without a word people stay signed in for 30 days, and for 7 without a visit', () => {
  assert.deepEqual(resolvePolicy(), {
    idleSeconds: 7 * DAY,
    absoluteSeconds: 30 * DAY,
    maxPerUser: 100,
    onLimit: 'evict-oldest',
    maxDataBytes: 32_768,
  });
  assert.ok(Object.isFrozen(resolvePolicy()));
});

test('a short absolute life alone is enough: the idle time that nobody chose follows it', () => {
  assert.equal(resolvePolicy({ absoluteSeconds: 3600 }).idleSeconds, 3600);
});

test('all values that cannot work are named together', () => {
  const bad: PolicyOptions = {
    idleSeconds: -1,
    absoluteSeconds: 401 * DAY,
    maxPerUser: 0,
    onLimit: 'x' as never,
    maxDataBytes: 1.5,
  };
  assert.throws(
    () => resolvePolicy(bad),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'invalid-option' &&
      ['idleSeconds', 'absoluteSeconds', 'maxPerUser', 'onLimit', 'maxDataBytes'].every((name) =>
        error.message.includes(name),
      ),
  );
  for (const value of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '60' as unknown as number]) {
    assert.throws(() => resolvePolicy({ idleSeconds: value }), /idleSeconds/);
    assert.throws(() => resolvePolicy({ absoluteSeconds: value }), /absoluteSeconds/);
  }
});

test('an idle time beyond the absolute one is a mistake worth telling', () => {
  assert.throws(() => resolvePolicy({ idleSeconds: 31 * DAY }), /idleSeconds must not be longer/);
});

test('CK6: no session lives longer than browsers keep cookies', () => {
  assert.equal(resolvePolicy({ absoluteSeconds: 34_560_000 }).absoluteSeconds, 34_560_000);
  assert.throws(() => resolvePolicy({ absoluteSeconds: 34_560_001 }), /400 days/);
});

test('the refresh window is the larger of 60 s and a twentieth of the idle time, and lets no busy session expire', () => {
  assert.equal(refreshWindowMs(1200), 60_000);
  assert.equal(refreshWindowMs(7 * DAY), (7 * DAY * 1000) / 20);
  assert.equal(refreshWindowMs(60), 15_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * DAY }), (idle) =>
      assert.ok(refreshWindowMs(idle) <= (idle * 1000) / 4),
    ),
  );
});

test('an access token lives five minutes less up to a quarter', () => {
  assert.equal(accessSeconds(0), 300);
  assert.equal(accessSeconds(0.999_99), 225);
});

test('an override for one session is checked as well', async () => {
  const { sessions } = createWorld();
  for (const options of [
    { idleSeconds: 0 },
    { idleSeconds: 31 * DAY },
    { absoluteSeconds: 500 * DAY },
    { absoluteSeconds: 1.5 },
  ]) {
    await assert.rejects(sessions.start({ userId: 'ada', ...options }), { code: 'invalid-option' });
    await assert.rejects(sessions.startAnonymous(options), { code: 'invalid-option' });
  }
  for (const userId of ['', 'x'.repeat(257), 'ä'.repeat(129)]) {
    await assert.rejects(sessions.start({ userId }), { code: 'invalid-option' });
  }
});
