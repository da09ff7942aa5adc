/** Long histories of several processes, chosen by a seed: whatever people do, and much going wrong at once. */
import { AssertionError } from 'node:assert/strict';
import { chooser } from './choices.ts';
import { assertKept, createHistory, type History, type Operation, tell } from './layered-history.ts';
import { comeToRest, drain, sessionOf, warmUp } from './layered-phases.ts';
import { createWorld, LEASE_MS, type WaitingCall, type World } from './layered-world.ts';

/**
 * Which layer is in trouble. Both at once is what the layered store does not promise to survive: a process that cannot
 * reach the back does not hear that another one has lost the front.
 */
export type Trouble = 'front' | 'back';

const PROCESSES = 3;
const OPERATIONS = 24;
const SESSIONS = 4;
const LONGEST = 1200;

interface Scene {
  readonly world: World;
  readonly history: History;
  readonly choose: (below: number) => number;
  readonly ids: string[];
  readonly moved: Set<string>;
  readonly story: string[];
  isBackDown: boolean;
  isLost: boolean;
  crashes: number;
}

/** Plays one; throws an AssertionError with its story when a promise was broken. Answers how many calls it had. */
export async function playRandom(seed: number, trouble: Trouble): Promise<number> {
  const choose = chooser(seed);
  const world = createWorld(PROCESSES);
  const history = createHistory(world);
  const scene: Scene = {
    ...{ world, history, choose, ids: [], moved: new Set(), story: [] },
    ...{ isBackDown: false, isLost: false, crashes: 0 },
  };
  await warmUp(world, []);
  for (let n = 0; n < SESSIONS; n++) {
    begin(scene, n % PROCESSES, createOne(scene, n));
    await drain(world);
  }
  await world.remember();
  const calls = await live(scene, trouble);
  try {
    await resumeAll(world);
    for (const process of world.stores.keys()) world.cut(process, 'back', false);
    await finish(scene);
    await comeToRest(world, history, scene.ids, []);
    assertKept(history, { back: trouble === 'back', lost: scene.isLost });
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    throw new AssertionError({
      message: [`seed ${seed}: ${error.message}`, ...scene.story, ...history.all.map(tell)].join('\n'),
    });
  }
  return calls;
}

async function live(scene: Scene, trouble: Trouble): Promise<number> {
  const { world, history, choose } = scene;
  const begunBefore = history.all.length;
  for (let step = 0; step < LONGEST; step++) {
    const begun = history.all.length - begunBefore;
    const ready = world.waiting.filter(({ process }) => !world.isPaused(process));
    const dice = choose(100);
    if (dice < 12 && begun < OPERATIONS) begin(scene, choose(PROCESSES), chooseOperation(scene));
    else if (dice < 15) await goWrong(scene, trouble);
    else if (ready.length > 0) await run(scene, ready[choose(ready.length)] as WaitingCall, trouble);
    else if (begun === OPERATIONS && world.waiting.length === 0) return step;
    else if (world.waiting.length > 0 && choose(4) === 0) await resumeAll(world);
    else await world.pass(choose(3) === 0 ? LEASE_MS : (world.nextTimer() ?? LEASE_MS / 5));
    await world.settled();
  }
  return LONGEST;
}

async function run({ world, choose, story }: Scene, call: WaitingCall, trouble: Trouble): Promise<void> {
  const fault = call.layer === trouble && choose(25) === 0 ? (choose(2) === 0 ? 'before' : 'after') : null;
  story.push(`${call.process}: ${call.layer}.${call.name}${fault === null ? '' : ` fails ${fault}`}`);
  await world.run(call, fault);
}

async function goWrong(scene: Scene, trouble: Trouble): Promise<void> {
  const { world, choose, story } = scene;
  const process = choose(PROCESSES);
  const kind = choose(8);
  story.push(`goes wrong: ${kind} at ${process}`);
  if (kind === 0) world.pause(process);
  else if (kind === 1) await resumeAll(world);
  else if (kind === 2 && scene.crashes === 0 && choose(3) === 0) {
    scene.crashes++;
    world.crash(process);
  } else if (kind === 3) {
    // A back that is waited for longer than it may take is a back in trouble.
    if (!isBackAsked(world)) await world.pass(choose(4) * LEASE_MS);
  } else if (trouble === 'back') {
    scene.isBackDown = !scene.isBackDown;
    // For all alike: nobody can note an end that another one does not hear of.
    for (const each of world.stores.keys()) world.cut(each, 'back', scene.isBackDown);
  } else if (kind === 4) {
    scene.isLost = true;
    world.flush();
  } else if (kind === 5 && choose(2) === 0) {
    scene.isLost = true;
    await world.goBack();
  } else world.cut(process, 'front', choose(2) === 0);
}

/** Whatever is under way gets done, in the order in which it came. */
async function finish({ world, history }: Scene): Promise<void> {
  for (let round = 0; round < 100; round++) {
    await drain(world);
    if (history.all.every(({ ended, process }) => ended !== null || world.isDown(process))) return;
    await world.pass(world.nextTimer() ?? LEASE_MS);
  }
  throw new Error('something is never answered');
}

async function resumeAll(world: World): Promise<void> {
  for (const process of world.stores.keys()) await world.resume(process);
}

function isBackAsked(world: World): boolean {
  return world.waiting.some(({ layer, process }) => layer === 'back' && !world.isPaused(process));
}

function begin({ world, history, ids }: Scene, process: number, operation: Operation): void {
  if (world.isDown(process)) return;
  if (operation.kind === 'create') ids.push(operation.record.id);
  if (operation.kind === 'move') ids.push(operation.move.next.id);
  history.begin(process, operation);
}

function chooseOperation(scene: Scene): Operation {
  const { choose, ids, moved, history } = scene;
  const id = ids[choose(ids.length)] as string;
  const dice = choose(20);
  if (dice < 8) return { kind: 'read', id };
  if (dice < 11) return { kind: 'update', id, key: `key${history.all.length}` };
  if (dice < 12) return { kind: 'update', id, key: `key${history.all.length}`, ifVersion: 1 + choose(3) };
  if (dice < 13) return { kind: 'touch', id };
  if (dice < 15) return { kind: 'take', id };
  if (dice < 16) return { kind: 'takeByUser', userId: USERS[choose(USERS.length)] as string };
  if (dice < 17) return { kind: 'delete', id };
  const owner = ownerOf(scene, id);
  if (dice < 19 || moved.has(id)) return createOne(scene, choose(2), choose(3) === 0 ? 2 : undefined);
  moved.add(id);
  const next = { ...sessionOf({ userId: owner }), version: 2 };
  return { kind: 'move', id, move: { ifVersion: 1, next, pointerExpiresAt: next.expiresAt } };
}

const USERS = ['ada', 'bob'];

function createOne(_: Scene, n: number, max?: number): Operation {
  const record = sessionOf({ userId: USERS[n % USERS.length] ?? null });
  return { kind: 'create', record, ...(max === undefined ? {} : { max }) };
}

function ownerOf({ history }: Scene, id: string): string | null {
  for (const { operation } of history.all) {
    if (operation.kind === 'create' && operation.record.id === id) return operation.record.userId;
    if (operation.kind === 'move' && operation.move.next.id === id) return operation.move.next.userId;
  }
  return null;
}
