import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionEvent } from '../../src/core/events.ts';
import type { IssuedTokens, Resolution } from '../../src/core/outcomes.ts';
import type { Sessions } from '../../src/core/sessions.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Browser, createBrowser } from './browser.ts';
import { chooser } from './choices.ts';
import { engineOn, rings } from './engine.ts';
import { type Fault, type InterleavedStore, interleave } from './interleaved-store.ts';

/** Histories per test; each is made from its number alone, so a failing one can be told again. */
const RUNS = Number(process.env.HOLDFAST_MODEL_RUNS ?? 250);
const STEPS = 60;
const STARTS_AT = 1_800_000_000_000;
const PAUSES_MS = [0, 2000, 12_000, 31_000, 31_000, 45_000, 61_000, 299_000, 3_600_000, 3 * 86_400_000];
/** One-way: with an answer that takes up to 4 s, the way there and back stays below the grace period. */
const DELAYS_MS = [0, 0, 5000, 10_000];
const HANDLING_MS = [0, 0, 0, 900, 4000, 7000, 40_000];

interface Hazards {
  readonly faults: boolean;
  readonly forgets: boolean;
}

interface World extends InterleavedStore {
  readonly browser: Browser;
  readonly choose: (below: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  /** Two processes in the middle of a key rotation: one signs with the new key already, the other still with the old. */
  readonly fleet: readonly [Sessions, Sessions];
  readonly events: SessionEvent['type'][];
  readonly sessionId: string;
}

async function createWorld(seed: number): Promise<World> {
  const choose = chooser(seed);
  const browser = createBrowser(STARTS_AT);
  const { now } = browser;
  const interleaved = interleave(memoryStore({ clock: now }));
  const events: SessionEvent['type'][] = [];
  const onEvent = ({ type }: SessionEvent) => events.push(type);
  const fleet = [
    engineOn(interleaved.store, now, rings.newer, onEvent),
    engineOn(interleaved.store, now, rings.older, onEvent),
  ] as const;
  const starting = fleet[0].start({ userId: 'ada' });
  await interleaved.drain(choose, () => null);
  const started = await starting;
  assert.equal(started.status, 'started');
  if (started.status !== 'started') throw new Error('not started');
  const tokens = await started.grant.issue();
  assert.ok(tokens?.refresh);
  browser.jar.refresh = tokens.refresh.value;
  const pick = <T>(from: readonly T[]) => from[choose(from.length)] as T;
  return { ...interleaved, browser, choose, pick, fleet, events, sessionId: started.session.id };
}

async function tellHistory(seed: number, hazards: Hazards): Promise<number> {
  const world = await createWorld(seed);
  const { browser, choose, pick, fleet, events, sessionId } = world;
  const { underway, jar } = browser;

  function fault(): Fault {
    if (!hazards.faults || choose(10) > 0) return null;
    return pick(['before', 'after']);
  }

  for (let step = 0; step < STEPS; step++) {
    if (choose(2) === 0) jar.access = null;
    for (let burst = choose(4); burst > 0; burst--)
      browser.send(pick(fleet), pick(DELAYS_MS), pick(HANDLING_MS), pick(DELAYS_MS));
    if (choose(3) === 0) void pick(fleet).update(sessionId, { set: { [`key${choose(5)}`]: step } });
    if (hazards.forgets && choose(6) === 0) await world.forget(sessionId, 1 + choose(3));
    const until = browser.now() + pick(PAUSES_MS);
    do {
      if (choose(8) === 0) underway.splice(choose(underway.length + 1), 1);
      const doubled = underway[choose(10 * (underway.length + 1))];
      if (doubled) underway.push(doubled);
      browser.advance(until - browser.now());
      await world.drain(choose, fault);
      for (const answer of browser.answers.splice(0)) assertHonest(answer, hazards);
    } while (browser.now() < until);
  }

  // Whatever happened: once the trouble is over and the breakers have closed, the person is signed in.
  underway.length = 0;
  browser.advance(60_000);
  for (const process of fleet) {
    jar.access = null;
    browser.send(process, 0, 0, 0);
    browser.advance(0);
    await world.drain(choose, () => null);
  }
  const statuses = browser.answers.splice(0).map(({ resolution }) => resolution.status);
  assert.deepEqual(statuses, ['signed-in', 'signed-in']);
  if (!hazards.forgets) assert.ok(!events.includes('store-regressed'), 'a store that lost nothing was said to have');

  await assertSignOutHolds(world);
  return events.filter((event) => event === 'session-refreshed').length;
}

function assertHonest(answer: Browser['answers'][number], hazards: Hazards): void {
  const { resolution, accessWasGood, refreshWasYoung } = answer;
  const fine = resolution.status === 'signed-in' || (hazards.faults && resolution.status === 'unreachable');
  assert.ok(fine, `an honest browser was answered ${JSON.stringify(resolution)}`);
  if (resolution.status !== 'signed-in') return;
  if (accessWasGood) assert.equal(resolution.grant, null, 'the refresh token was looked at beside a good access token');
  if (refreshWasYoung) assert.equal(answer.successor, null, 'a young token was answered with a successor');
}

async function assertSignOutHolds({ browser, drain, choose, pick, fleet, sessionId }: World): Promise<void> {
  for (let i = 0; i < 4; i++) browser.send(pick(fleet), 0, 0, 0);
  browser.advance(0);
  const ending = fleet[0].end(sessionId, 'signed-out');
  void fleet[1].update(sessionId, { set: { late: true } });
  await drain(choose, () => null);
  assert.deepEqual(await ending, { status: 'ended', ended: 1 });
  browser.answers.length = 0;
  browser.send(pick(fleet), 0, 0, 0);
  browser.advance(0);
  await drain(choose, () => null);
  assert.equal(reasonOf(browser.answers[0]?.resolution), 'signed-out');
}

function reasonOf(resolution: Resolution | undefined): string | undefined {
  return resolution?.status === 'not-signed-in' ? resolution.reason : resolution?.status;
}

async function tellAll(hazards: Hazards): Promise<number> {
  let confirmations = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      confirmations += await tellHistory(seed, hazards);
    } catch (error) {
      throw new Error(`history ${seed}`, { cause: error });
    }
  }
  return confirmations;
}

for (const [name, hazards] of [
  ['parallel requests that interleave at every store call', { faults: false, forgets: false }],
  ['a store that fails before or after doing what it was asked', { faults: true, forgets: false }],
  ['a store that loses its last writes', { faults: false, forgets: true }],
] as const) {
  test(`an honest browser is never signed out by ${name}`, async (t) => {
    const confirmations = await tellAll(hazards);
    t.diagnostic(`${RUNS} histories with ${confirmations} rotations`);
    assert.ok(confirmations > RUNS * 5, `${confirmations} rotations are too few to mean anything`);
  });
}

test('of two copies that are used at the same instant exactly one is answered, and the session ends', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const { browser, drain, choose, fleet } = await createWorld(seed);
    const present = async (refresh: string): Promise<Resolution> => {
      const resolving = fleet[choose(2) as 0 | 1].resolve({ access: [], refresh: [refresh] });
      await drain(choose, () => null);
      return resolving;
    };
    const successorOf = async (refresh: string): Promise<string> => {
      const resolution = await present(refresh);
      assert.equal(resolution.status, 'signed-in');
      const issued: IssuedTokens | null | undefined =
        resolution.status === 'signed-in' ? await resolution.grant?.issue() : null;
      assert.ok(issued?.refresh);
      return issued.refresh.value;
    };
    const stolen = browser.jar.refresh as string;
    browser.advance(100_000);
    const thiefs = await successorOf(stolen);
    browser.advance(100_000);
    const owners = await successorOf(stolen);
    browser.advance(100_000);
    const reasons = (await Promise.all([present(thiefs), present(owners)])).map(reasonOf);
    assert.deepEqual(reasons.sort(), ['reused', 'signed-in']);
    assert.equal(reasonOf(await present(owners)), 'reused');
  }
});
