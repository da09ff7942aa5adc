import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnreachableError } from '../../src/core/errors.ts';
import { createGuard, type Guard } from '../../src/core/guard.ts';

interface Bench {
  readonly guard: Guard;
  readonly failures: string[];
  readonly timers: Map<() => void, number>;
  forward(milliseconds: number): void;
}

function createBench(random = 1): Bench {
  let now = 1_000_000;
  const failures: string[] = [];
  const timers = new Map<() => void, number>();
  const guard = createGuard({
    clock: () => now,
    timers: {
      after(milliseconds, passed) {
        timers.set(passed, milliseconds);
        return () => timers.delete(passed);
      },
    },
    deadlineMs: 1000,
    random: () => random,
    onFailure: (operation, error) => failures.push(`${operation}: ${error.message}`),
  });
  return {
    guard,
    failures,
    timers,
    forward(milliseconds) {
      now += milliseconds;
    },
  };
}

const broken = (): never => {
  throw new TypeError('socket closed');
};
const never = (): Promise<never> => new Promise(() => undefined);

async function failing(
  guard: Guard,
  call: () => PromiseLike<unknown> | unknown = broken,
): Promise<StoreUnreachableError> {
  try {
    await guard('read', call);
  } catch (error) {
    assert.ok(error instanceof StoreUnreachableError);
    return error;
  }
  return assert.fail('it did not fail');
}

/** The call is not even made. */
async function refused(guard: Guard, when: string): Promise<StoreUnreachableError> {
  let called = false;
  const error = await failing(guard, () => {
    called = true;
    return broken();
  });
  assert.equal(called, false, when);
  return error;
}

test('answers pass through, at once or as a promise, and leave no timer behind', async () => {
  const { guard, timers } = createBench();
  assert.equal(await guard('read', () => 1), 1);
  assert.equal(await guard('read', async () => 2), 2);
  assert.equal(await guard('read', () => null), null);
  assert.equal(timers.size, 0);
});

test('whatever the backend throws becomes "unreachable" with its cause, and is told once', async () => {
  const { guard, failures } = createBench();
  const error = await failing(guard);
  assert.equal(error.code, 'store-unreachable');
  assert.ok(error.cause instanceof TypeError);
  const own = new StoreUnreachableError('disk full');
  assert.equal(await failing(guard, () => Promise.reject(own)), own);
  assert.deepEqual(failures, ['read: the session store failed in read', 'read: disk full']);
});

test('a call that does not answer is given up at the deadline, and its late answer changes nothing', async () => {
  const { guard, timers } = createBench();
  const late = Promise.withResolvers<string>();
  const failed = failing(guard, () => late.promise);
  assert.deepEqual([...timers.values()], [1000]);
  for (const passed of [...timers.keys()]) passed();
  assert.match((await failed).message, /did not answer read within 1000 ms/);
  late.reject(new Error('too late'));
  await Promise.resolve();
});

test('after five failures in a row calls fail at once, and say when to come back', async () => {
  const { guard, failures } = createBench();
  for (let i = 0; i < 5; i++) await failing(guard);
  const error = await refused(guard, 'the sixth call');
  assert.equal(error.retryAfterSeconds, 1);
  assert.equal(failures.length, 5, 'a call that was not made is not a failure of the store');
});

test('failures that are not in a row do not open the circuit', async () => {
  const { guard } = createBench();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) await failing(guard);
    assert.equal(await guard('read', () => 'well'), 'well');
  }
});

test('after the pause one call alone is let through, and its answer closes the circuit', async () => {
  const { guard, forward } = createBench();
  for (let i = 0; i < 5; i++) await failing(guard);
  forward(499);
  await refused(guard, 'too early');
  forward(1);
  const probe = Promise.withResolvers<string>();
  const answered = guard('read', () => probe.promise);
  await refused(guard, 'a second call beside the probe');
  probe.resolve('well');
  assert.equal(await answered, 'well');
  assert.equal(await guard('read', () => 'well'), 'well');
  for (let i = 0; i < 4; i++) await failing(guard);
  assert.equal(await guard('read', () => 'counted from zero again'), 'counted from zero again');
});

test('each failed probe doubles the pause up to two seconds', async () => {
  const { guard, forward } = createBench();
  for (let i = 0; i < 5; i++) await failing(guard);
  for (const pause of [500, 1000, 2000, 2000]) {
    forward(pause - 1);
    await refused(guard, `before ${pause} ms`);
    forward(1);
    await failing(guard);
  }
});

test('a clock that is set back does not make the pause any longer', async () => {
  const { guard, forward } = createBench();
  for (let i = 0; i < 5; i++) await failing(guard);
  forward(-3_600_000);
  assert.equal(await guard('read', () => 'well'), 'well');
});

test('a hundred calls that fail together count as one outage, not as a long one', async () => {
  const { guard, timers, forward } = createBench();
  const all = Array.from({ length: 100 }, () => failing(guard, never));
  for (const passed of [...timers.keys()]) passed();
  await Promise.all(all);
  forward(500);
  assert.equal(await guard('read', () => 'well'), 'well');
});

test('half of the pause is jitter, so that a fleet does not probe in step', async () => {
  const { guard, forward } = createBench(0);
  for (let i = 0; i < 5; i++) await failing(guard);
  forward(249);
  await refused(guard, 'too early');
  forward(1);
  assert.equal(await guard('read', () => 'well'), 'well');
});

test('the answer of a call from before the outage closes the circuit, and a probe that then fails opens none', async () => {
  const { guard, forward } = createBench();
  const slow = Promise.withResolvers<string>();
  const early = guard('read', () => slow.promise);
  for (let i = 0; i < 5; i++) await failing(guard);
  forward(500);
  const probe = Promise.withResolvers<string>();
  const probed = failing(guard, () => probe.promise);
  slow.resolve('well');
  assert.equal(await early, 'well');
  probe.reject(new Error('broken'));
  await probed;
  assert.equal(await guard('read', () => 'well'), 'well');
});
