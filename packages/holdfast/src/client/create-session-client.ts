/**
 * The client's state machine: `checking → signed-in | signed-out | unreachable (last known)`.
 *
 * One counter, `epoch`, decides between an answer and what happened while it was under way: whatever makes earlier questions
 * moot (a sign-in, a sign-out, news from another tab, a page that comes back from the back-forward cache) raises it, and an
 * answer that was asked for in an older epoch is dropped. So a sign-out wins over every late "signed in".
 */
import type { ValidAnswer } from '../protocol/validate.ts';
import { browserEnvironment } from './environment.ts';
import { createJournal } from './journal.ts';
import { readAnyUser, readTime, readValidate } from './read-answer.ts';
import { type Asking, type Received, send } from './request.ts';
import { createSessionFetch } from './session-fetch.ts';
import { createTurns } from './turns.ts';
import type {
  Answer,
  Channel,
  ClientOptions,
  SessionClient,
  SessionEvents,
  SessionState,
  SessionUser,
  SignedIn,
  SignedOut,
  WakeCause,
} from './types.ts';

const CHECKING = { status: 'checking' } as const;
const LONGEST_BACK_OFF_MS = 30_000;
/** The least time between two questions that nobody called for. */
const LEAST_WAIT_MS = 5000;
/** 23 days: what is longer than 2^31 - 1 fires at once in browsers. */
const LONGEST_TIMER_MS = 2e9;

/** Words between the tabs of one browser; one kind at a time. */
interface News {
  /** See `Turns`. */
  readonly turn?: number;
  /** A question begins; `asked` with the same number ends it, with the answer's body. */
  readonly asking?: number;
  readonly asked?: number;
  readonly body?: unknown;
  readonly news?: 'signed-in' | 'signed-out';
  /** The session that it is about; empty where that is not known. */
  readonly session?: string;
  readonly reason?: string;
}

/** Makes a client. It does nothing until it is used. One per page: tabs agree with each other, clients in one tab do too. */
export function createSessionClient<U extends SessionUser = SessionUser>(
  options: ClientOptions<U> = {},
): SessionClient<U> {
  type State = SessionState<U>;
  const { service = '', deadlineSeconds = 20 } = options;
  const paths = {
    validate: '/unified-auth/validate',
    signIn: '/auth/sign-in',
    signUp: '/auth/sign-up',
    signOut: '/auth/sign-out',
    ...options.paths,
  };
  const page = globalThis.location;
  const environment = { ...browserEnvironment(), ...options.environment };
  const { now, after, random } = environment;
  const readUser = options.readUser ?? (readAnyUser as (user: unknown) => U | null);
  const base = service.replace(/\/$/, '');
  const asks = base + paths.validate;
  const name = `holdfast ${asks}`;

  let state: State = CHECKING;
  /** What the server had put into the page. */
  let begun: State | null = null;
  let offset: number | null = null;
  let epoch = 0;
  /** The epoch in which the state was last settled by something authoritative. */
  let settledIn = -1;
  let failures = 0;
  let asking: Promise<State> | null = null;
  /** How often the page was put away; a question from before is nobody's any more. */
  let naps = 0;
  /** The sign-in or sign-out under way; questions wait for it. */
  let command: Promise<unknown> | null = null;
  /** Ends the question under way. */
  let moot: AbortController | null = null;
  let stopTimer: () => void = () => {};
  let channel: Channel | null = null;
  /** The question of another tab that began while this one wanted to ask, too; its answer is as good. */
  let heard = 0;
  let wants = false;
  /** The session that another tab told of while a question was under way: an answer of another one is from before it. */
  let expected = '';
  let hasEntered = false;
  let stop: (() => void) | null = null;
  let firstSettled: Promise<State> | null = null;

  /** What a listener throws is the page's error and stops nothing here. */
  const target = new EventTarget();
  const emit = <E extends keyof SessionEvents<U>>(event: E, detail: SessionEvents<U>[E]): boolean =>
    target.dispatchEvent(new CustomEvent(event, { detail }));
  const local = /localhost$|^127\.|^\[::1/.test(page?.hostname ?? '');
  const journal = createJournal(
    options.debug ?? local,
    now,
    () => state.status,
    (note) => emit('note', note),
  );
  const { note, find } = journal;
  const tell = (news: News): void => channel?.postMessage(news);
  const turns = createTurns(name, environment, (turn) => tell({ turn }));

  function lastKnown(): SignedIn<U> | SignedOut | null {
    if (state.status === 'unreachable') return state.lastKnown;
    return state.status === 'checking' ? null : state;
  }

  /** Whose session is known to be here; empty for nobody's. */
  function knownSession(): string {
    const known = lastKnown();
    return known?.status === 'signed-in' ? known.session.id : '';
  }

  function move(next: State): void {
    const from = state.status;
    state = next;
    if (from !== next.status) {
      note('state', `${from} → ${next.status}`);
      emit(next.status, next as never);
    }
    emit('change', next);
  }

  /** Whatever is under way does not count any more. */
  function outdate(): void {
    epoch += 1;
    expected = '';
    moot?.abort();
  }

  /** Something authoritative: `body` is the answer that it was read from. */
  function settle(next: SignedIn<U> | SignedOut, body?: unknown): void {
    const known = lastKnown();
    const time = readTime((body as Partial<ValidAnswer> | undefined)?.now);
    if (time !== null) offset = time - now();
    failures = 0;
    settledIn = epoch;
    stopTimer();
    if (next.status === 'signed-in') askWhenItEnds(next);
    // The first reason stays: asked again, the server only knows that there is no cookie any more.
    move(known?.status === 'signed-out' && next.status === 'signed-out' ? known : next);
  }

  /** A session that nobody uses ends while the page is open; the server is asked then, for it may have been used elsewhere. */
  function askWhenItEnds({ session: { expiresAt, idleExpiresAt } }: SignedIn<U>): void {
    const end = Math.min(expiresAt ?? Infinity, idleExpiresAt ?? Infinity);
    const wait = Math.min(Math.max(end - client.now() + 1000, LEAST_WAIT_MS), LONGEST_TIMER_MS);
    if (stop) stopTimer = after(wait, () => void ask('end', true));
  }

  function ask(cause: string, passive?: boolean): Promise<State> {
    note('wake', cause);
    if (asking === null) {
      const mine = question(passive).finally(() => {
        if (asking === mine) asking = null;
      });
      asking = mine;
    }
    return asking;
  }

  async function question(passive?: boolean): Promise<State> {
    for (const nap = naps, began = epoch; ; ) {
      while (command) await command;
      if (began !== epoch && settledIn === epoch) return state;
      const mine = epoch;
      const controller = new AbortController();
      moot = controller;
      stopTimer();
      wants = true;
      const release = await turns.take(controller.signal);
      wants = false;
      if (mine === epoch) {
        if (state.status === 'unreachable' && state.retryAt !== null) move({ ...state, retryAt: null });
        const id = random();
        tell({ asking: id });
        note('asked', asks);
        const received = await sendInTime(controller, { method: 'POST', url: asks, passive });
        if (mine === epoch) conclude(received, id);
        else note('dropped', received.outcome);
      }
      release();
      // Overtaken by something that knew better, or given up.
      if (mine === epoch || settledIn === epoch || nap !== naps) return state;
    }
  }

  function conclude({ answer, hint, outcome, wait }: Received, id: number): void {
    const body = answer.kind === 'ok' ? answer.body : null;
    const next = readValidate(body, readUser);
    if (hint) find('set-cookie-folded');
    if (next === null) {
      if (answer.kind !== 'unreachable') find('not-the-service');
      note('failed', outcome);
      tryAgainLater(wait);
      return;
    }
    if (expected && !(next.status === 'signed-in' && next.session.id === expected)) {
      outdate();
      return;
    }
    const reason = next.status === 'signed-out' ? next.reason : '';
    note('answered', reason || next.status);
    if (hasEntered && reason === 'no-token') find('cookies-not-kept');
    tell({ asked: id, body });
    const before = knownSession();
    settle(next, body);
    const session = knownSession();
    if (session !== before) tellNews(next.status, session || before);
  }

  function tellNews(news: 'signed-in' | 'signed-out', session: string): void {
    tell({ news, session, reason: state.status === 'signed-out' ? state.reason : '' });
  }

  function tryAgainLater(atLeastSeconds: number): void {
    const backOff = Math.min(1000 * 2 ** failures++, LONGEST_BACK_OFF_MS) * (1 - random() / 4);
    const wait = Math.max(backOff, atLeastSeconds * 1000);
    // Nobody waits for a hidden page; it asks when it is looked at again.
    const isDue = stop && !environment.isHidden();
    stopTimer();
    if (isDue) stopTimer = after(wait, () => void ask('retry', true));
    move({ status: 'unreachable', lastKnown: lastKnown(), retryAt: isDue ? now() + wait : null });
  }

  async function sendInTime(deadline: AbortController, asking: Omit<Asking, 'signal'>): Promise<Received> {
    const stopWaiting = after(deadlineSeconds * 1000, () => deadline.abort('timeout'));
    const received = await send(environment, { ...asking, signal: deadline.signal });
    stopWaiting();
    return received;
  }

  /** Questions asked before or during a command do not count; where it gives no certainty, the server is asked. */
  async function obey(
    path: string,
    body: unknown,
    done: (body: unknown) => boolean,
    keepalive = false,
  ): Promise<Answer> {
    client.start();
    outdate();
    const started = epoch;
    note('command', path);
    const sending = sendInTime(new AbortController(), { method: 'POST', url: base + path, body, keepalive });
    command = sending;
    const { answer, outcome } = await sending;
    if (command === sending) command = null;
    const overtaken = started !== epoch;
    outdate();
    note(answer.kind === 'ok' ? 'answered' : 'failed', outcome);
    const settled = answer.kind === 'ok' && !overtaken && done(answer.body);
    // A wrong password tells nothing new about somebody who was signed out; every other doubt is for the server to settle.
    if (answer.kind === 'refused' && !overtaken && state.status === 'signed-out') settledIn = epoch;
    else if (!settled) void ask('command', true);
    return answer;
  }

  async function enter(path: string, body?: unknown): Promise<Answer> {
    let session = '';
    const answer = await obey(path, body, (said) => {
      const next = readValidate({ valid: true, ...(said as object) }, readUser);
      if (next?.status !== 'signed-in') return false;
      session = next.session.id;
      settle(next, said);
      return true;
    });
    if (answer.kind === 'ok') {
      hasEntered = true;
      tellNews('signed-in', session);
    }
    return answer;
  }

  function hear({ turn, asking: begins, asked, body, news, session, reason }: News): void {
    if (turn !== undefined) turns.hear(turn);
    if (begins) heard = wants || state.status === 'unreachable' ? begins : 0;
    if (asked && asked === heard && !command) {
      heard = 0;
      const next = readValidate(body, readUser);
      if (next === null) return;
      note('heard', 'answer');
      outdate();
      settle(next, body);
    }
    if (!news) return;
    note('heard', news);
    const isOut = news === 'signed-out';
    const isSame = session && session === knownSession();
    if (isOut ? lastKnown()?.status === news : isSame) return;
    if (!isOut && asking) {
      expected = session ?? '';
      if (expected) return;
    }
    outdate();
    // Another session than the one that ended, or nobody known yet: only the server can tell.
    if (isOut && isSame) settle({ status: news, reason: reason ?? '' });
    else void ask('news', true);
  }

  function wake(cause: WakeCause): void {
    if (cause === 'restored') {
      open();
      // It may show somebody who has left: it is as good as a cold start.
      outdate();
      if (lastKnown()?.status === 'signed-in') move(CHECKING);
    }
    void ask(cause, cause === 'online');
  }

  /** A page in the back-forward cache neither hears the others nor keeps them waiting. */
  function sleep(): void {
    naps += 1;
    asking = null;
    outdate();
    stopTimer();
    channel?.close();
    channel = null;
  }

  function open(): void {
    channel ??= environment.openChannel?.(name) ?? null;
    if (channel) channel.onmessage = ({ data }) => hear(data as News);
  }

  const client: SessionClient<U> = {
    current: () => state,
    subscribe: (listener) => client.on('change', listener),
    on(event, listener) {
      client.start();
      const heard = (dispatched: Event): void => listener((dispatched as CustomEvent).detail);
      target.addEventListener(event, heard);
      return () => target.removeEventListener(event, heard);
    },
    start() {
      if (stop) return;
      stop = environment.watch(wake, sleep);
      open();
      if (state.status === 'checking') void ask('start');
      else if (state.status === 'signed-in') askWhenItEnds(state);
    },
    ask() {
      client.start();
      return ask('page');
    },
    begin(answer) {
      const given = readValidate(answer, readUser);
      // On a server it is one person's, and the client is everybody's.
      if (given && !begun && !stop && globalThis.document) {
        begun = given;
        settle(given, answer);
      }
      return given ?? begun ?? CHECKING;
    },
    settled() {
      client.start();
      if (state.status !== 'checking') return Promise.resolve(state);
      firstSettled ??= new Promise((resolve) => {
        const off = client.subscribe(() => {
          if (state.status === 'checking') return;
          off();
          firstSettled = null;
          resolve(state);
        });
      });
      return firstSettled;
    },
    fetch: createSessionFetch({
      fetch: environment.fetch,
      ours: [base, ...(options.apiOrigins ?? [])],
      isSignedOut: () => lastKnown()?.status === 'signed-out',
      ask: () => client.ask(),
    }),
    request: async (method, path, body) =>
      (await sendInTime(new AbortController(), { method, url: base + path, body })).answer,
    signIn: (credentials) => enter(paths.signIn, credentials),
    signUp: (account) => enter(paths.signUp, account),
    enter,
    async signOut() {
      const session = knownSession();
      const answer = await obey(
        paths.signOut,
        undefined,
        () => {
          hasEntered = false;
          settle({ status: 'signed-out', reason: 'signed-out' });
          return true;
        },
        true,
      );
      if (answer.kind === 'ok') tellNews('signed-out', session);
      return answer;
    },
    now: () => now() + (offset ?? 0),
    explain: () => ({ state, notes: [...journal.notes], findings: [...journal.findings], clockOffset: offset, asks }),
    close() {
      stop?.();
      stop = null;
      sleep();
    },
  };
  client.begin(options.initial);
  return client;
}
