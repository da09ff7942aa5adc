/**
 * Explores every order of events around one cookie jar, with the real engine judging every request: tabs that send in
 * parallel, messages that are late, lost, doubled and overtaken, answers whose headers leave late, a store that loses its
 * last writes, and access cookies that are gone at any moment (each request is one whose access token is due).
 *
 * Time moves in ticks of 15 s: the grace period of 30 s is two ticks, a message is under way for one tick at the most.
 */
import { memoryStore } from '../../src/stores/memory.ts';
import { checkToken, engineOn, issueToken, recordIn, rings } from './engine.ts';

const TICK_SECONDS = 15;
const START_SECOND = 1_800_000_000;
const DELAY_TICKS = 1;
const GRACE_TICKS = 2;
/** Ages beyond this are all alike: everything is mature and no message that old is under way. */
const OLD = 2 * GRACE_TICKS + 2 * DELAY_TICKS + 4;

export interface ExplorerOptions {
  /** Requests and answers that may be under way at once. */
  readonly parallel: number;
  /** Ticks between the judgement of a request and the moment when its answer's headers leave. */
  readonly slowTicks: number;
  /** Whether messages may be doubled on the way. */
  readonly doubled: boolean;
  /** Confirmations that the store may forget at once. */
  readonly lostWrites: number;
  readonly maxStates: number;
}

export interface Exploration {
  readonly states: number;
  readonly exhausted: boolean;
  /** The steps to an honest sign-out, or null when there is none. */
  readonly signedOutBy: readonly string[] | null;
}

interface Held {
  readonly g: number;
  readonly i: number;
}
interface Confirmed {
  readonly c: number;
  readonly ic: number;
}
interface Request {
  readonly token: Held;
  readonly at: number;
  readonly doubled: boolean;
}
/** A judged request whose answer has not left. */
interface Answering {
  readonly token: Held;
  readonly before: Confirmed;
  readonly at: number;
}
interface Answer {
  readonly token: Held | null;
  readonly at: number;
  readonly doubled: boolean;
}
interface State {
  readonly now: number;
  readonly record: Confirmed;
  readonly past: readonly Confirmed[];
  readonly jar: Held;
  readonly requests: readonly Request[];
  readonly answering: readonly Answering[];
  readonly answers: readonly Answer[];
}
/** What judging did to the record, and whether it let the person in. */
interface Judgement {
  readonly record: Confirmed;
  readonly signedIn: boolean;
}

export async function explore(options: ExplorerOptions): Promise<Exploration> {
  const start: State = {
    now: 0,
    record: { c: 0, ic: 0 },
    past: [],
    jar: { g: 0, i: 0 },
    requests: [],
    answering: [],
    answers: [],
  };
  const cameFrom = new Map<string, { readonly from: string | null; readonly step: string }>();
  cameFrom.set(keyOf(start), { from: null, step: 'start' });
  let frontier = [start];
  while (frontier.length > 0) {
    const following: State[] = [];
    for (const state of frontier) {
      for (const [step, next] of await stepsFrom(state, options)) {
        if (next === null) {
          return { states: cameFrom.size, exhausted: false, signedOutBy: [...pathTo(keyOf(state), cameFrom), step] };
        }
        const key = keyOf(next);
        if (cameFrom.has(key)) continue;
        cameFrom.set(key, { from: keyOf(state), step });
        following.push(next);
      }
    }
    if (cameFrom.size > options.maxStates) return { states: cameFrom.size, exhausted: false, signedOutBy: null };
    frontier = following;
  }
  return { states: cameFrom.size, exhausted: true, signedOutBy: null };
}

async function stepsFrom(state: State, options: ExplorerOptions): Promise<[string, State | null][]> {
  const { now, requests, answering, answers } = state;
  const steps: [string, State | null][] = [];
  const overdue =
    [...requests, ...answers].some((message) => now - message.at >= DELAY_TICKS) ||
    answering.some((judged) => now - judged.at >= options.slowTicks);
  if (!overdue) steps.push(['a tick passes', { ...state, now: now + 1 }]);
  if (requests.length + answering.length + answers.length < options.parallel) {
    const request = { token: state.jar, at: now, doubled: !options.doubled };
    steps.push(['a tab sends', { ...state, requests: [...requests, request] }]);
  }
  for (const [index, request] of requests.entries()) {
    const without = requests.toSpliced(index, 1);
    steps.push(['a request is lost', { ...state, requests: without }]);
    const { record, signedIn } = await judge(state.record, request.token, now);
    if (!signedIn) {
      steps.push(['SIGNED OUT', null]);
      continue;
    }
    const confirmed = record.c !== state.record.c || record.ic !== state.record.ic;
    const past = confirmed ? [state.record, ...state.past].slice(0, options.lostWrites) : state.past;
    const judged = { token: request.token, before: state.record, at: now };
    const served = { ...state, record, past, answering: [...answering, judged] };
    steps.push(['a request is judged', { ...served, requests: without }]);
    if (!request.doubled) {
      const again = requests.with(index, { ...request, doubled: true });
      steps.push(['a request is judged and comes again', { ...served, requests: again }]);
    }
  }
  for (const [index, judged] of answering.entries()) {
    const token = await issueFor(judged, state.record, now);
    const answer = { token, at: now, doubled: !options.doubled };
    steps.push([
      'an answer leaves',
      { ...state, answering: answering.toSpliced(index, 1), answers: [...answers, answer] },
    ]);
  }
  for (const [index, answer] of answers.entries()) {
    const without = answers.toSpliced(index, 1);
    steps.push(['an answer is lost', { ...state, answers: without }]);
    const jar = answer.token ?? state.jar;
    steps.push(['an answer arrives', { ...state, jar, answers: without }]);
    if (!answer.doubled) {
      steps.push([
        'an answer arrives twice',
        { ...state, jar, answers: answers.with(index, { ...answer, doubled: true }) },
      ]);
    }
  }
  const oldest = state.past.at(-1);
  if (oldest) steps.push(['the store loses its last writes', { ...state, record: oldest, past: [] }]);
  return steps;
}

const judgements = new Map<string, Promise<Judgement>>();
const issues = new Map<string, Promise<Held | null>>();

/** The engine on one presented token. What depends on nothing but differences of time is asked once. */
function judge(record: Confirmed, token: Held, now: number): Promise<Judgement> {
  const key = [token.g - record.c, now - token.i, now - record.ic].join();
  const known = judgements.get(key);
  if (known) return known.then((judgement) => shift(judgement, record, now));
  const asked = ask(record, token, now).then(({ signedIn, after }) => ({
    signedIn,
    // Relative to the record and the moment, as the key is.
    record: { c: after.c - record.c, ic: after.ic - now },
  }));
  judgements.set(key, asked);
  return asked.then((judgement) => shift(judgement, record, now));
}

function shift(judgement: Judgement, record: Confirmed, now: number): Judgement {
  return { signedIn: judgement.signedIn, record: { c: record.c + judgement.record.c, ic: now + judgement.record.ic } };
}

/** What the engine sends for a request that it judged at `judged.at`, when the headers leave now. */
function issueFor(judged: Answering, current: Confirmed, now: number): Promise<Held | null> {
  const { token, before, at } = judged;
  const key = [
    token.g - before.c,
    at - token.i,
    at - before.ic,
    current.c - before.c,
    at - current.ic,
    now - at,
  ].join();
  let issued = issues.get(key);
  if (issued === undefined) {
    issued = ask(before, token, at, current, now).then(({ sent }) => sent && { g: sent.g - before.c, i: sent.i - now });
    issues.set(key, issued);
  }
  return issued.then((sent) => sent && { g: before.c + sent.g, i: now + sent.i });
}

async function ask(
  record: Confirmed,
  token: Held,
  at: number,
  current?: Confirmed,
  leavesAt = at,
): Promise<{ signedIn: boolean; after: Confirmed; sent: Held | null }> {
  let now = at;
  const clock = () => secondOf(now) * 1000;
  const store = memoryStore({ clock });
  const base = 1000;
  const kept = recordIn(base + record.c, secondOf(record.ic), secondOf(0) * 1000);
  await store.create(kept);
  const engine = engineOn(store, clock);
  const text = issueToken(rings.newer, 'refresh', kept.id, base + token.g, secondOf(token.i));
  const resolution = await engine.resolve({ access: [], refresh: [text] });
  const read = await store.read(kept.id);
  if (resolution.status !== 'signed-in' || read.status !== 'live')
    return { signedIn: false, after: record, sent: null };
  const after = { c: read.record.generation - base, ic: tickOf(read.record.confirmedIssuedAt) };
  if (current && (current.c !== after.c || current.ic !== after.ic)) {
    const fields = { generation: base + current.c, confirmedIssuedAt: secondOf(current.ic) };
    await store.update(kept.id, { fields });
  }
  now = leavesAt;
  const tokens = await resolution.grant?.issue();
  const claims = tokens?.refresh && checkToken(rings.newer, 'refresh', tokens.refresh.value);
  if (typeof claims === 'string') throw new Error(`the engine issued a token that is ${claims}`);
  return { signedIn: true, after, sent: claims ? { g: claims.generation - base, i: tickOf(claims.time) } : null };
}

function secondOf(tick: number): number {
  return START_SECOND + tick * TICK_SECONDS;
}

function tickOf(second: number): number {
  return (second - START_SECOND) / TICK_SECONDS;
}

/**
 * Two states with one key go on alike: generations count from the record's, times from now, and what is old is old. The
 * difference of two issue times counts beyond their ages, because the rule compares them with each other.
 */
function keyOf(state: State): string {
  const { now, record, jar } = state;
  const age = (time: number) => Math.min(OLD, now - time);
  const apart = (a: number, b: number) => Math.max(-GRACE_TICKS - 1, Math.min(GRACE_TICKS + 1, a - b));
  const held = (token: Held | null) =>
    token === null
      ? '-'
      : [token.g - record.c, age(token.i), apart(token.i, record.ic), apart(token.i, jar.i)].join('.');
  const confirmed = ({ c, ic }: Confirmed) => [c - record.c, age(ic), apart(ic, record.ic), apart(ic, jar.i)].join('.');
  return [
    age(record.ic),
    held(jar),
    state.requests
      .map((m) => `${held(m.token)}@${now - m.at}${m.doubled}`)
      .sort()
      .join(),
    state.answering
      .map((m) => `${held(m.token)}/${confirmed(m.before)}@${now - m.at}`)
      .sort()
      .join(),
    state.answers
      .map((m) => `${held(m.token)}@${now - m.at}${m.doubled}`)
      .sort()
      .join(),
    state.past.map(confirmed).join(),
  ].join('|');
}

function pathTo(key: string, cameFrom: ReadonlyMap<string, { from: string | null; step: string }>): string[] {
  const path: string[] = [];
  for (let at: string | null = key; at !== null; ) {
    const link = cameFrom.get(at) as { from: string | null; step: string };
    path.unshift(`${link.step}  [${at}]`);
    at = link.from;
  }
  return path;
}
