/** What happens in a world before things go wrong and afterwards, in one order. */
import type { SessionRecord } from '../../src/core/record.ts';
import { type History, type Operation, tell } from './layered-history.ts';
import { LEASE_MS, STARTS_AT, type World } from './layered-world.ts';

/** Who does what. */
export type Act = readonly [process: number, operation: Operation];

/** A session that nobody has. */
export const NOBODY = 'AAAAnobodyAAAAAAAAAAAA';

let made = 0;
/** A session of ada's that lives for a month. */
export function sessionOf(overrides: Partial<SessionRecord> = {}): SessionRecord {
  made++;
  return {
    id: `AAA${String(made).padStart(18, '0')}A`,
    version: 1,
    userId: 'ada',
    createdAt: STARTS_AT,
    authenticatedAt: STARTS_AT,
    amr: ['pwd'],
    idleSeconds: 30 * 86_400,
    absoluteExpiresAt: STARTS_AT + 60 * 86_400_000,
    lastSeenAt: STARTS_AT,
    expiresAt: STARTS_AT + 30 * 86_400_000,
    device: {},
    data: {},
    generation: 0,
    confirmedIssuedAt: STARTS_AT / 1000,
    keyId: '0a1b2c3d',
    previousKeyId: null,
    movedTo: null,
    ...overrides,
  };
}

/** Everybody but the newcomers knows everybody and trusts the front. */
export async function warmUp(world: World, newcomers: readonly number[]): Promise<void> {
  const known = world.stores.filter((_, process) => !newcomers.includes(process));
  const look = (): Promise<void> => {
    for (const store of known) void Promise.resolve(store.read(NOBODY)).catch(() => undefined);
    return drain(world);
  };
  for (let round = 0; round < 6; round++) {
    await look();
    await world.pass(round < 4 ? 6000 : LEASE_MS * 0.6);
  }
  await look();
}

/** The last process ends somebody else's session without reaching the front; then it can reach it again. */
export async function suspend(world: World, since: number): Promise<void> {
  const process = world.stores.length - 1;
  world.cut(process, 'front', true);
  let done = false;
  const ending = world.stores[process]?.take(sessionOf().id, { reason: 'revoked', at: STARTS_AT });
  void Promise.resolve(ending).then(() => {
    done = true;
  });
  await drain(world);
  while (!done) {
    await world.pass(world.nextTimer() ?? LEASE_MS);
    await drain(world);
  }
  world.cut(process, 'front', false);
  for (const pause of [since - LEASE_MS / 4, LEASE_MS / 4]) {
    for (const store of world.stores) void Promise.resolve(store.read(NOBODY)).catch(() => undefined);
    await drain(world);
    await world.pass(pause);
  }
}

export async function losePower(
  world: World,
  history: History,
  forgotten: readonly Act[],
  newcomers: readonly number[],
): Promise<void> {
  for (const [process, operation] of forgotten) {
    history.begin(process, operation);
    await drain(world);
  }
  await world.goBack();
  for (const process of world.stores.keys()) if (!newcomers.includes(process)) world.crash(process);
  for (let round = 0; round < 12; round++) {
    for (const process of newcomers) void Promise.resolve(world.stores[process]?.read(NOBODY)).catch(() => undefined);
    await drain(world);
    await world.pass(LEASE_MS * 0.6);
  }
}

/** Runs what waits, in the order in which it came. */
export async function drain(world: World): Promise<void> {
  await world.settled();
  for (let step = 0; step < 2000; step++) {
    const call = world.waiting[0];
    if (call === undefined) return;
    await world.run(call, null);
  }
  throw new Error('the calls have no end');
}

/** The trouble is over: whatever is under way gets done, and everybody looks again, at once and later. */
export async function comeToRest(
  world: World,
  history: History,
  ids: readonly string[],
  over: readonly string[],
): Promise<void> {
  for (let process = 0; process < world.stores.length; process++) world.cut(process, 'front', false);
  await look(world, history, ids, over);
  await drain(world);
  for (const pause of [LEASE_MS / 2 + 1, 5000, 100, LEASE_MS + 1, 100]) {
    await world.pass(pause);
    await look(world, history, ids, over);
    await drain(world);
  }
}

/** Everybody reads everything; what was asked last is answered first, and what is older goes on waiting. */
export async function look(
  world: World,
  history: History,
  ids: readonly string[],
  over: readonly string[],
): Promise<void> {
  for (let process = 0; process < world.stores.length; process++) {
    if (world.isDown(process)) continue;
    for (const id of ids) {
      const wasOver = over.includes(id) && (await world.back.read(id)).status === 'ended';
      const read = history.begin(process, { kind: 'read', id });
      read.wasOver = wasOver;
      await world.settled();
      for (let step = 0; read.ended === null; step++) {
        if (step === 300) throw new Error(`a read was never answered: ${tell(read)}`);
        const call = world.waiting.findLast((waiting) => waiting.process === process);
        if (call === undefined) await world.pass(world.nextTimer() ?? LEASE_MS);
        else await world.run(call, null);
      }
    }
  }
}
