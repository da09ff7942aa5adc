import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IssuedTokens } from '../../src/core/outcomes.ts';
import type { Sessions } from '../../src/core/sessions.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { chooser } from './choices.ts';
import { engineOn } from './engine.ts';

const HISTORIES = 150;
const LONGEST_SECONDS = 8 * 3600;

/** One of the two who hold a copy of the same tokens. */
interface Holder {
  access: string;
  goneAt: number;
  refresh: string;
  readonly meanGap: number;
  next: number;
}

/** Seconds until the copy is noticed, when both use the session with exponential gaps of these means. */
async function secondsToTheft(ownerGap: number, thiefGap: number, seed: number): Promise<number> {
  const choose = chooser(seed);
  const random = () => (choose(1_000_000) + 0.5) / 1_000_000;
  const startsAt = 1_800_000_000;
  let now = startsAt;
  const clock = () => Math.floor(now * 1000);
  const sessions: Sessions = engineOn(memoryStore({ clock }), clock);
  const started = await sessions.start({ userId: 'ada' });
  assert.equal(started.status, 'started');
  if (started.status !== 'started') return 0;
  const tokens = (await started.grant.issue()) as IssuedTokens;
  const holder = (meanGap: number): Holder => ({
    access: tokens.access.value,
    goneAt: now + tokens.access.maxAgeSeconds,
    refresh: tokens.refresh?.value as string,
    meanGap,
    next: now + random() * meanGap,
  });
  const owner = holder(ownerGap);
  const thief = holder(thiefGap);
  while (now - startsAt < LONGEST_SECONDS) {
    const who = owner.next < thief.next ? owner : thief;
    now = who.next;
    who.next += -Math.log(random()) * who.meanGap + 0.001;
    if (who.goneAt > now) continue;
    const resolution = await sessions.resolve({ access: [], refresh: [who.refresh] });
    if (resolution.status === 'not-signed-in') {
      assert.equal(resolution.reason, 'reused');
      return now - startsAt;
    }
    if (resolution.status !== 'signed-in') assert.fail(resolution.status);
    const issued = await resolution.grant?.issue();
    assert.ok(issued);
    who.access = issued.access.value;
    who.goneAt = now + issued.access.maxAgeSeconds;
    who.refresh = issued.refresh?.value ?? who.refresh;
  }
  return Number.POSITIVE_INFINITY;
}

for (const [ownerGap, thiefGap] of [
  [30, 30],
  [5, 600],
  [600, 5],
  [600, 600],
  [30, 3600],
] as const) {
  test(`a thief who comes every ${thiefGap} s beside an owner who comes every ${ownerGap} s is caught`, async (t) => {
    const times: number[] = [];
    for (let seed = 1; seed <= HISTORIES; seed++) times.push(await secondsToTheft(ownerGap, thiefGap, seed));
    times.sort((a, b) => a - b);
    const median = times[Math.floor(HISTORIES / 2)] as number;
    const late = times[Math.floor(HISTORIES * 0.99)] as number;
    t.diagnostic(`median ${Math.round(median / 60)} min, 99th percentile ${Math.round(late / 60)} min`);
    assert.ok(median <= 45 * 60, `the median is ${median} s`);
    assert.ok(late <= 3.5 * 3600, `the 99th percentile is ${late} s`);
  });
}
