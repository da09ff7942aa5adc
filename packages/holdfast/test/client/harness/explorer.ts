/** Tells one history of a browser by its number, and what was broken in it. */
import assert from 'node:assert/strict';
import type { SessionState } from '../../../src/client/types.ts';
import { chooser } from '../../model/choices.ts';
import { createWorld, type Sent, type Tab, type World } from './world.ts';

/** What is known of a tab from outside: what it was told, and when. */
interface Knowledge {
  /** The step as of which it knows of the latest sign-in. */
  knowsSince: number;
  /** Sessions that it was told have ended. */
  readonly ended: Set<string>;
  shown: SessionState;
}

/** What tabs say to each other. */
interface Message {
  readonly at: number;
  /** Questions are told apart by the time when they were asked. */
  readonly asking?: number;
  readonly asked?: number;
  readonly body?: { readonly valid?: boolean };
  readonly news?: string;
  readonly session?: string;
}

/** How long a tab may be kept waiting for its turn. */
const LONGEST_TURN_MS = 3000;
const TABS = 3;
const STEPS = 60;
/** Times that pass: words under way, a turn's limit, retries, deadlines. */
const TIMES = [10, 50, 60, 500, 1000, 3000, 6000, 20_000, 31_000];

/** What may happen in a history beside the ordinary. */
export interface Weather {
  /** Tabs are frozen, put away, closed. */
  readonly naps: boolean;
  /** Sessions end elsewhere. */
  readonly revocations: boolean;
  readonly failures: boolean;
  /** A request can be stopped; otherwise half of them cannot. */
  readonly answersAbort: boolean;
}

/** Tells the history, and throws an assertion error with its steps where a rule is broken. */
export async function explore(seed: number, weather: Weather): Promise<{ readonly questions: number }> {
  const choose = chooser(seed);
  const random = (): number => (choose(1_000_000) + 1) / 1_000_002;
  const steps: string[] = [];
  const records = new Map<Tab, Knowledge>();
  /** The steps in which tabs spoke, by the times that they gave. */
  const said = new Map<number, number>();
  let questions = 0;
  let calls = 0;
  let commands = new Set<Tab>();

  /** What was broken inside of the client, whose promises would swallow it. */
  let broken = '';
  function check(holds: boolean, rule: string): void {
    if (!holds) broken ||= `${rule}\nhistory ${seed} ${JSON.stringify(weather)}:\n${steps.slice(-70).join('\n')}`;
  }
  function report(): void {
    if (broken !== '') assert.fail(broken);
  }

  const world: World = createWorld(
    random,
    {
      onSend(request) {
        steps.push(`    ${request.tab.name} sends ${request.kind} with ${request.cookie || 'no cookie'}`);
        if (request.kind !== 'validate') return;
        questions += 1;
        const { tab } = request;
        check(tab.life === 'awake', 'a page that was put away asks nothing');
        check(!commands.has(tab), 'a question waits for the command');
        const waited = world.now() - tab.waitsSince;
        check(request.inTurn || waited >= LONGEST_TURN_MS, 'one question is in flight per browser');
      },
      onRelease(tab) {
        const asks = world.sent.some(
          (each) => each.tab === tab && each.inTurn && each.kind === 'validate' && !each.isAborted,
        );
        check(!asks, 'a turn ends with its question');
      },
      onSay(tab, message) {
        const { at, asking } = message as Partial<Message>;
        said.set(at ?? asking ?? 0, world.step);
        steps.push(`    ${tab.name} says ${JSON.stringify(message)}`);
      },
    },
    weather.answersAbort,
  );

  /** Why a tab may say "signed out" in this step; asked before it is known whether it does. */
  type Excuse = (tab: Tab, before: SessionState) => boolean;
  const none: Excuse = () => false;

  async function act(name: string, run: () => Excuse | undefined): Promise<void> {
    world.step += 1;
    world.tick();
    if (steps.at(-1) === 'time passes') steps.pop();
    steps.push(name === 'time passes' ? name : `${world.step} ${name}`);
    const excuse = run() ?? none;
    await new Promise((resolve) => setImmediate(resolve));
    for (const tab of world.tabs) look(tab, excuse);
    report();
  }

  function look(tab: Tab, excuse: Excuse): void {
    const record = records.get(tab);
    assert.ok(record);
    const before = record.shown;
    const state = tab.client.current();
    if (state === before) return;
    record.shown = state;
    steps.push(`    ${tab.name}: ${describe(before)} → ${describe(state)}`);
    const was = knownOf(before);
    const is = knownOf(state);
    if (is?.status === 'signed-out') {
      if (was?.status !== 'signed-out')
        check(excuse(tab, before), 'only the server, or who signed out, says "signed out"');
      else check(was.reason === is.reason, 'the first reason stays');
    }
    if (is?.status === 'signed-in' && sessionOf(before) !== is.session.id) {
      check(!record.ended.has(is.session.id), 'a session that has ended is not shown again');
    }
  }

  function read(request: Sent): Excuse {
    const { tab, said, kind, sentAt, isAborted } = request;
    const record = records.get(tab);
    assert.ok(record && said);
    const { knowsSince } = record;
    if (kind === 'sign-in' && said.status === 200) record.knowsSince = world.step;
    if (kind === 'sign-out' && said.status === 204) {
      record.ended.add(said.session);
      return (who) => who === tab;
    }
    if (kind !== 'validate' || said.status !== 200) return none;
    if (said.body.valid === true) {
      record.knowsSince = Math.max(knowsSince, sentAt);
      return none;
    }
    const shown = sessionOf(record.shown);
    return (who) => {
      const counts = who === tab && sentAt > knowsSince && !isAborted;
      if (counts) record.ended.add(shown);
      return counts;
    };
  }

  function hear(tab: Tab): Excuse {
    const record = records.get(tab);
    assert.ok(record);
    const message = tab.inbox[0] as Message;
    const saidAt = said.get(message.at) ?? 0;
    const shown = sessionOf(record.shown);
    const { knowsSince } = record;
    if (message.news === 'signed-in') {
      calls += 1;
      if (message.session !== shown) record.knowsSince = Math.max(knowsSince, saidAt);
    }
    if (message.news === 'signed-out') {
      calls += 1;
      if (message.session) record.ended.add(message.session);
    }
    world.hearNext(tab);
    const isItsEnd = message.news === 'signed-out' && message.session === shown;
    const isYounger = message.body?.valid === false && (said.get(message.asked ?? 0) ?? 0) > knowsSince;
    return (who) => who === tab && (isItsEnd || isYounger);
  }

  async function open(): Promise<void> {
    await act('a tab is opened', () => {
      calls += 1;
      const tab = world.open();
      records.set(tab, { knowsSince: 0, ended: new Set(), shown: tab.client.current() });
      tab.client.start();
      return undefined;
    });
  }

  async function command(tab: Tab, kind: 'sign-in' | 'sign-out'): Promise<void> {
    calls += 1;
    await act(`${tab.name}: ${kind}`, () => {
      const { client } = tab;
      const doing = kind === 'sign-in' ? client.signIn({}) : client.signOut();
      commands = new Set([...commands, tab]);
      void doing.then(() => {
        if (!world.sent.some((each) => each.tab === tab && each.kind !== 'validate')) commands.delete(tab);
      });
      return undefined;
    });
  }

  async function passTime(milliseconds: number): Promise<void> {
    const end = world.now() + milliseconds;
    while (world.now() < end) {
      await act('time passes', () => {
        const tab = world.pass(end - world.now());
        if (tab !== null) calls += 1;
        return undefined;
      });
    }
  }

  async function rouse(tab: Tab): Promise<void> {
    const wasAway = tab.life === 'away';
    tab.life = 'awake';
    calls += 1;
    await act(`${tab.name} ${wasAway ? 'is restored' : 'is thawed'}`, () => {
      tab.wake(wasAway ? 'restored' : 'visible');
      if (wasAway) check(tab.client.current().status !== 'signed-in', 'a restored page shows nobody');
      return undefined;
    });
  }

  /** Everything that can happen now by itself: requests, words, turns. */
  function errands(): (() => Promise<void>)[] {
    const list: (() => Promise<void>)[] = [];
    for (const request of world.sent) {
      const name = `${request.tab.name}'s ${request.kind}`;
      const does = (what: string, run: () => Excuse | undefined) => () => act(`${name} ${what}`, run);
      if (request.said === null) list.push(does('is handled', () => void world.handle(request)));
      else if (!request.hasArrived) list.push(does('arrives', () => void world.arrive(request)));
      else if (request.tab.life === 'awake') {
        list.push(
          does('is read', () => {
            const excuse = read(request);
            world.read(request);
            return excuse;
          }),
        );
      }
    }
    for (const tab of world.tabs) {
      if (tab.life === 'awake' && tab.inbox.length > 0) {
        list.push(() => act(`${tab.name} hears ${JSON.stringify(tab.inbox[0])}`, () => hear(tab)));
      }
    }
    if (world.canGrant()) list.push(() => act('a turn is given', () => void world.grant()));
    return list;
  }

  async function happen(): Promise<void> {
    const list = errands();
    if (list.length > 0 && choose(10) < 6) return list[choose(list.length)]?.();
    const awake = world.tabs.filter((tab) => tab.life === 'awake');
    const asleep = world.tabs.filter((tab) => tab.life !== 'awake');
    const tab = awake[choose(Math.max(awake.length, 1))];
    switch (choose(12)) {
      case 0:
        return tab && !commands.has(tab) ? command(tab, 'sign-in') : undefined;
      case 1:
        return tab && !commands.has(tab) ? command(tab, 'sign-out') : undefined;
      case 2:
      case 3: {
        const cause = choose(2) === 0 ? 'online' : 'visible';
        calls += 1;
        return tab && act(`${tab.name}: ${cause}`, () => void tab.wake(cause));
      }
      case 4:
        if (world.tabs.length < TABS) await open();
        return;
      case 5:
      case 6:
        return passTime(TIMES[choose(TIMES.length)] ?? 0);
      case 7: {
        const request = world.sent[choose(Math.max(world.sent.length, 1))];
        if (!weather.failures || request === undefined) return;
        return act(`${request.tab.name}'s ${request.kind} is lost`, () => void world.lose(request));
      }
      case 8:
        if (weather.failures) world.down = !world.down;
        return;
      case 9:
        if (weather.revocations && world.isLive(world.jar())) {
          await act('the session is revoked elsewhere', () => void world.end(world.jar()));
        }
        return;
      case 10:
        if (weather.naps && tab) {
          const isAway = choose(2) === 0;
          await act(`${tab.name} is ${isAway ? 'put away' : 'frozen'}`, () => {
            tab.life = isAway ? 'away' : 'frozen';
            if (isAway) tab.sleep();
            return undefined;
          });
        }
        return;
      default: {
        if (!weather.naps) return;
        const sleeper = asleep[choose(Math.max(asleep.length, 1))];
        if (sleeper && choose(3) > 0) return rouse(sleeper);
        if (tab && choose(3) === 0) {
          await act(`${tab.name} is closed`, () => {
            world.close(tab);
            commands.delete(tab);
            return undefined;
          });
        }
      }
    }
  }

  /** Lets all errands be done, turns and retries included. */
  async function comeToRest(): Promise<void> {
    const asked = questions;
    for (let round = 0; round < 40; round += 1) {
      for (let done = 0; ; done += 1) {
        const list = errands();
        if (list.length === 0) break;
        check(done < 400, 'everything comes to rest');
        await list[choose(list.length)]?.();
      }
      const isWaiting = world.tabs.some((tab) => tab.life === 'awake' && tab.timers.size > 0);
      if (!isWaiting) break;
      await passTime(round < 4 ? LONGEST_TURN_MS : 31_000);
    }
    check(questions - asked <= 6 * world.tabs.length, 'nobody asks in a circle');
    report();
  }

  function agree(when: string): void {
    const session = world.isLive(world.jar()) ? world.jar() : '';
    for (const tab of world.tabs) {
      if (tab.life !== 'awake') continue;
      const state = tab.client.current();
      const right = session === '' ? state.status === 'signed-out' : sessionOf(state) === session;
      check(
        right && state.status !== 'unreachable',
        `${when} all agree with the server, who says ${session || 'nobody'}`,
      );
    }
    report();
  }

  async function wakeAll(): Promise<void> {
    for (const tab of world.tabs) {
      calls += 1;
      if (tab.life === 'awake') await act(`${tab.name}: visible`, () => void tab.wake('visible'));
    }
    await comeToRest();
  }

  await open();
  for (let step = 0; step < STEPS; step += 1) await happen();
  world.down = false;
  await comeToRest();
  for (const tab of world.tabs) {
    check(tab.life !== 'awake' || tab.client.current().status !== 'unreachable', 'an outage heals by itself');
  }
  if (!weather.naps && !weather.revocations && !weather.failures && !world.isInDoubt) agree('with nobody’s help');
  await wakeAll();
  agree('beside frozen tabs');
  for (const tab of [...world.tabs]) if (tab.life !== 'awake') await rouse(tab);
  await comeToRest();
  await wakeAll();
  agree('in the end');
  check(questions <= 2 * calls + TABS, `nobody asks without being called: ${questions} questions, ${calls} calls`);
  report();
  for (const tab of [...world.tabs]) world.close(tab);
  return { questions };
}

function knownOf(state: SessionState): Exclude<SessionState, { status: 'checking' | 'unreachable' }> | null {
  if (state.status === 'unreachable') return state.lastKnown;
  return state.status === 'checking' ? null : state;
}

function sessionOf(state: SessionState): string {
  const known = knownOf(state);
  return known?.status === 'signed-in' ? known.session.id : '';
}

function describe(state: SessionState): string {
  const known = knownOf(state);
  const what = known === null ? '' : known.status === 'signed-in' ? known.session.id : known.reason;
  return `${state.status} ${what}`;
}
