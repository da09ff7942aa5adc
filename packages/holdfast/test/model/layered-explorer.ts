/** Plays a small program of operations in every order of calls, with a planted fault at every place, and judges each run. */
import { AssertionError } from 'node:assert/strict';
import type { LayeredStoreOptions } from '../../src/stores/layered.ts';
import { assertKept, createHistory, type Done, type History, tell } from './layered-history.ts';
import { type Act, comeToRest, drain, look, losePower, suspend, warmUp } from './layered-phases.ts';
import { createWorld, LEASE_MS, type WaitingCall, type World } from './layered-world.ts';

/** What may go wrong, once per unit of the budget. */
export type Hazard =
  | 'front fails before'
  | 'front fails after'
  | 'back fails before'
  | 'back fails after'
  | 'front is cut'
  | 'crash'
  | 'flush'
  | 'front goes back'
  | 'lease passes'
  | 'pause passes'
  | 'everybody looks';

export interface Program {
  readonly processes: number;
  readonly options?: Partial<LayeredStoreOptions>;
  /** One after the other, before anything goes wrong. */
  readonly before: readonly Act[];
  /**
   * After that; then the machine loses power: whoever is no newcomer dies, and the front forgets it. The newcomers have been
   * about for some seconds when `together` begins.
   */
  readonly forgotten?: readonly Act[];
  /** At the same time. */
  readonly together: readonly Act[];
  readonly hazards: readonly Hazard[];
  /** How many things may go wrong in one run. */
  readonly faults: number;
  /** How often the schedule may turn to another call while the one before it could go on. */
  readonly switches: number;
  /** Processes that cannot reach the front when `together` begins. */
  readonly cut?: readonly number[];
  /** How long the front has been suspended by then, in milliseconds; all know it. */
  readonly suspendedFor?: number;
  /** Processes that nobody has heard of before `together`. */
  readonly newcomers?: readonly number[];
  /** Newcomers that reach another server in front than the others: an empty one, or a copy of the right one. */
  readonly diverted?: { readonly processes: readonly number[]; readonly to: 'another' | 'a copy' };
  /** Sessions that the front has lost by then. */
  readonly evicted?: readonly string[];
}

interface Faults {
  back: boolean;
  lost: boolean;
}

/** Decides among `options` things that can happen. */
export type Choose = (options: number) => number;

export interface Explored {
  readonly runs: number;
  readonly steps: number;
  readonly exhausted: boolean;
}

/** Plays every run of the program, or `maxRuns` of them. Throws an AssertionError with the story of the first bad one. */
export async function explore(program: Program, maxRuns: number): Promise<Explored> {
  let path: { chosen: number; options: number }[] = [];
  let steps = 0;
  for (let runs = 1; ; runs++) {
    let depth = 0;
    const choose: Choose = (options) => {
      const known = path[depth];
      if (known === undefined) path.push({ chosen: 0, options });
      depth++;
      return known?.chosen ?? 0;
    };
    await play(program, choose);
    steps += path.length;
    while (path.length > 0 && (path.at(-1)?.chosen ?? 0) + 1 >= (path.at(-1)?.options ?? 0)) path.pop();
    const last = path.at(-1);
    if (last === undefined) return { runs, steps, exhausted: true };
    if (runs >= maxRuns) return { runs, steps, exhausted: false };
    path = [...path.slice(0, -1), { ...last, chosen: last.chosen + 1 }];
  }
}

/** One run. */
export async function play(program: Program, choose: Choose): Promise<void> {
  const world = createWorld(program.processes, program.options);
  const history = createHistory(world);
  const story: string[] = [];
  await warmUp(world, program.newcomers ?? []);
  for (const [process, operation] of program.before) {
    history.begin(process, operation);
    await drain(world);
  }
  await world.remember();
  if (program.forgotten !== undefined) await losePower(world, history, program.forgotten, program.newcomers ?? []);
  for (const process of program.cut ?? []) world.cut(process, 'front', true);
  if (program.suspendedFor !== undefined) await suspend(world, program.suspendedFor);
  for (const process of program.diverted?.processes ?? []) {
    await world.divert(process, program.diverted?.to === 'a copy');
  }
  for (const id of program.evicted ?? []) await world.evict(id);
  const planted = { back: false, lost: false };
  const under = program.together.map(([process, operation]) => history.begin(process, operation));
  await world.settled();
  await interleave(program, choose, world, history, under, planted, story);
  // What one process ends by itself is barred before it is over, so nobody may ever find it in between.
  const over = planted.lost ? [] : endedIn(program);
  try {
    await comeToRest(world, history, idsIn(program), over);
    assertKept(history, planted);
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    throw new AssertionError({ message: [error.message, ...story, ...history.all.map(tell)].join('\n') });
  }
}

async function interleave(
  program: Program,
  choose: Choose,
  world: World,
  history: History,
  under: readonly Done[],
  planted: Faults,
  story: string[],
): Promise<void> {
  let faults = program.faults;
  let switches = program.switches;
  let last: WaitingCall | null = null;
  for (let step = 0; step < 500; step++) {
    const going = under.some(({ ended, process }) => ended === null && !world.isDown(process));
    if (!going && world.waiting.length === 0) return;
    if (world.waiting.length === 0) {
      await world.pass(world.nextTimer() ?? LEASE_MS);
      continue;
    }
    const own = world.waiting.filter(({ process }) => process === last?.process);
    const first = own[0] ?? (world.waiting[0] as WaitingCall);
    const others = switches > 0 ? world.waiting.filter((call) => call !== first) : [];
    const hazards = faults > 0 ? program.hazards.filter((hazard) => applies(hazard, first)) : [];
    const choice = choose(1 + others.length + hazards.length);
    const hazard = hazards[choice - 1 - others.length];
    const call = others[choice - 1] ?? first;
    if (hazard !== undefined) faults--;
    else if (call !== first && own.length > 0) switches--;
    story.push(`${hazard ?? ''}${hazard ? ' at ' : ''}${call.process}: ${call.layer}.${call.name}`);
    last = call;
    if (hazard === 'everybody looks') await look(world, history, idsIn(program), []);
    else await happen(world, call, hazard, planted);
  }
  throw new Error('the run has no end');
}

function applies(hazard: Hazard, call: WaitingCall): boolean {
  if (hazard.startsWith('front fails')) return call.layer === 'front';
  if (hazard.startsWith('back fails')) return call.layer === 'back';
  return true;
}

async function happen(
  world: World,
  call: WaitingCall,
  hazard: Exclude<Hazard, 'everybody looks'> | undefined,
  planted: Faults,
): Promise<void> {
  switch (hazard) {
    case undefined:
      return world.run(call, null);
    case 'front fails before':
      return world.run(call, 'before');
    case 'front fails after':
      return world.run(call, 'after');
    case 'back fails before':
      planted.back = true;
      return world.run(call, 'before');
    case 'back fails after':
      planted.back = true;
      return world.run(call, 'after');
    case 'front is cut':
      return world.cut(call.process, 'front', true);
    case 'crash':
      return world.crash(call.process);
    case 'flush':
      planted.lost = true;
      return world.flush();
    case 'front goes back':
      planted.lost = true;
      return world.goBack();
    // Passed twice, that is longer than anybody waits for the back.
    case 'lease passes':
      planted.back ||= world.waiting.some(({ layer }) => layer === 'back');
      return world.pass(LEASE_MS + 1);
    case 'pause passes':
      planted.back ||= world.waiting.some(({ layer }) => layer === 'back');
      return world.pass(10 * LEASE_MS);
  }
}

function endedIn({ before, together }: Program): readonly string[] {
  return together.flatMap(([, operation]) => {
    if (operation.kind === 'take') return [operation.id];
    if (operation.kind !== 'takeByUser') return [];
    return before.flatMap(([, earlier]) => (earlier.kind === 'create' ? [earlier.record.id] : []));
  });
}

function idsIn(program: Program): readonly string[] {
  const ids = new Set<string>();
  for (const [, operation] of [...program.before, ...program.together]) {
    if (operation.kind === 'create') ids.add(operation.record.id);
    if ('id' in operation) ids.add(operation.id);
    if (operation.kind === 'move') ids.add(operation.move.next.id);
  }
  return [...ids];
}
