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
import type { News } from './news.ts';
import { readAnyUser, readTime, readValidate } from './read-answer.ts';
import { type Asking, type Received, send } from './request.ts';
import { createSessionFetch } from './session-fetch.ts';
import { createTurns } from './turns.ts';
import type {
  Answer,
  Channel,
  ClientOptions,
  Problem,
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
/** How much longer than a turn what was said in it may take to arrive. */
const WORDS_MS = 50;
/** 23 days: what is longer than 2^31 - 1 fires at once in browsers. */
const LONGEST_TIMER_MS = 2e9;

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
  let begun: State | undefined;
  let offset: number | null = null;
  let epoch = 0;
  /** The epoch in which the state was last settled by something authoritative. */
  let settledIn = -1;
  let failures = 0;
  let asking: Promise<State> | null | undefined;
  /** How often the page was put away; a question from before is nobody's any more. */
  let naps = 0;
  /** The sign-in or sign-out under way; questions wait for it. */
  let command: Promise<unknown> | null | undefined;
  /** Ends the question under way. */
  let moot: AbortController | undefined;
  let stopTimer: () => void = () => {};
  let channel: Channel | null | undefined;
  /** The question of another tab that began while this one wanted to ask, too; its answer is as good. */
  let heard = 0;
  let wants = false;
  /** What is known here may be as young as that, by the clock that all tabs share: no answer to an older question counts. */
  let since = 0;
  /** What was told before that is known here, or will be with the answer. */
  let askedAt = 0;
  let hasEntered = false;
  let stop: (() => void) | null | undefined;
  let firstSettled: Promise<State> | null | undefined;

  /** What a listener throws is the page's error and stops nothing here. */
  const target = new EventTarget();
  const emit = <E extends keyof SessionEvents<U>>(event: E, detail: SessionEvents<U>[E]): boolean =>
    target.dispatchEvent(new CustomEvent(event, { detail }));
  const local = /localhost$|^127/.test(`${page?.hostname}`);
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
    return (lastKnown() as Partial<SignedIn<U>> | null)?.session?.id ?? '';
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

  /** Whatever is under way, or was said before that time, does not count any more. */
  function outdate(at = now()): void {
    epoch += 1;
    since = Math.max(since, at);
    heard = 0;
    moot?.abort();
  }

  /** Something authoritative: `body` is the answer that it was read from. */
  function settle(next: SignedIn<U> | SignedOut, body?: unknown): void {
    const known = lastKnown();
    const time = readTime((body as Partial<ValidAnswer> | undefined)?.now);
    if (time) offset = time - now();
    failures = 0;
    hasEntered = false;
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
    asking ??= question(passive).finally(() => {
      if (asking === mine) asking = null;
    });
    const mine = asking;
    return mine;
  }

  async function question(passive?: boolean): Promise<State> {
    for (const nap = naps, began = epoch; ; ) {
      while (command) await command;
      // Overtaken by something that knew better, or given up.
      if (nap !== naps || (began !== epoch && settledIn === epoch)) return state;
      const mine = epoch;
      const controller = new AbortController();
      moot = controller;
      stopTimer();
      wants = true;
      const release = await turns.take(controller.signal);
      // The turn may come before the words of the tab that had it.
      if (heard) await turns.pause(WORDS_MS, controller.signal);
      wants = false;
      if (mine === epoch) {
        if (state.status === 'unreachable' && state.retryAt) move({ ...state, retryAt: null });
        const sent = now();
        askedAt = sent;
        since = sent;
        heard = 0;
        tell({ asking: sent });
        note('asked', asks);
        const received = await sendInTime(controller, { method: 'POST', url: asks, passive });
        if (mine === epoch) conclude(received, sent);
        else note('dropped', received.outcome);
      }
      release();
      if (mine === epoch) return state;
    }
  }

  function conclude({ answer, hint, outcome, wait }: Received, sent: number): void {
    const body = answer.kind === 'ok' ? answer.body : null;
    const next = readValidate(body, readUser);
    if (hint) find('set-cookie-folded');
    if (!next) {
      // A refusal with a code is the service's own, such as of an origin that it does not list.
      if (answer.kind !== 'unreachable' && !(answer as { problem?: Problem }).problem?.code) find('not-the-service');
      note('failed', outcome);
      tryAgainLater(wait);
      return;
    }
    // From before the computer slept.
    if (now() - sent > deadlineSeconds * 1000) {
      outdate();
      return;
    }
    const { reason } = next as Partial<SignedOut>;
    note('answered', reason || next.status);
    if (hasEntered && reason === 'no-token') find('cookies-not-kept');
    const before = knownSession();
    settle(next, body);
    const session = knownSession();
    tellNews(session === before ? undefined : next.status, session || before, { asked: sent, body });
  }

  function tellNews(news: News['news'], session: string, answer?: News): void {
    tell({ ...answer, news, at: now(), session, reason: (state as Partial<SignedOut>).reason });
  }

  function tryAgainLater(atLeastSeconds?: number | null): void {
    const backOff = Math.min(1000 * 2 ** failures++, LONGEST_BACK_OFF_MS) * (1 - random() / 4);
    const wait = Math.max(backOff, (atLeastSeconds ?? 0) * 1000);
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
    outdate();
    note(answer.kind === 'ok' ? 'answered' : 'failed', outcome);
    // A wrong password tells nothing new about somebody who was signed out; every other doubt is for the server to settle.
    const isSettled =
      started === epoch - 1 &&
      (answer.kind === 'ok' ? done(answer.body) : answer.kind === 'refused' && state.status === 'signed-out');
    if (stop && !isSettled) void ask('command', true);
    return answer;
  }

  function enter(path: string, body?: unknown): Promise<Answer> {
    return obey(path, body, (said) => {
      const next = readValidate({ valid: true, ...(said as object) }, readUser);
      if (next?.status !== 'signed-in') return false;
      settle(next, said);
      hasEntered = true;
      tellNews(next.status, next.session.id);
      return true;
    });
  }

  function hear({ turn, asking: begins, asked, body, news, at = 0, session, reason }: News): void {
    if (turn !== undefined) turns.hear(turn);
    if (begins) heard = begins >= since && (wants || state.status === 'unreachable') ? begins : 0;
    if (asked && asked === heard && !command) {
      const next = readValidate(body, readUser);
      if (!next) return;
      note('heard', 'answer');
      outdate(asked);
      settle(next, body);
      return;
    }
    // A question that was sent later knows it, unless the clock was set back meanwhile.
    if (!news || (askedAt <= now() && (asking ? at <= askedAt : at < askedAt))) return;
    note('heard', news);
    const isSame = session && session === knownSession();
    if (isSame) {
      if (news === 'signed-in') return;
      settle({ status: news, reason: reason ?? '' });
    }
    // After it: a question that waits still has to be asked, for somebody else may have come.
    outdate(at);
    // Another session than the one that ended, or nobody known yet: only the server can tell.
    if (!isSame) void ask('news', true);
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
    try {
      channel ??= environment.openChannel?.(name);
    } catch {
      // There is none, or the site may keep nothing.
    }
    if (channel) channel.onmessage = ({ data }) => hear(Object(data) as News);
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
