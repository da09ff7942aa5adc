/** Whether somebody is signed in: asks the service, keeps the last answer, and concludes nothing by itself. */
import { type Answer, isRecord, type Problem, type Service } from './service.ts';
import type { Timers } from './timers.ts';
import { toWho, type Who } from './who.ts';

export interface SignedIn {
  readonly status: 'signed-in';
  readonly who: Who;
  /** Milliseconds to add to this computer's clock to get the service's. */
  readonly clockOffset: number;
}

export interface SignedOut {
  readonly status: 'signed-out';
  /** The service's reason code; empty where it gave none. */
  readonly reason: string;
}

/** What was last known stays known: an outage signs nobody out. */
export interface Unreachable {
  readonly status: 'unreachable';
  /** Null when the service has not answered since the page was opened. */
  readonly lastKnown: SignedIn | SignedOut | null;
  /** When the next try is due, in milliseconds since 1970; null while one is under way. */
  readonly retryAt: number | null;
}

export type SessionState = { readonly status: 'checking' } | SignedIn | SignedOut | Unreachable;

/** What became of a sign-in, sign-up or sign-out. */
export type CommandResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unreachable' };

/** `returned`: the tab or the network is back. `restored`: the page came out of the back-forward cache as it was left. */
export type Wake = 'returned' | 'restored';

/** News between the tabs of one browser. */
export type News = { readonly type: 'signed-in' } | { readonly type: 'signed-out'; readonly sessionId: string | null };

export interface SessionOptions {
  readonly service: Service;
  readonly timers: Timers;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** Tells the other tabs. */
  readonly tell: (news: News) => void;
}

export interface Session {
  current(): SessionState;
  /** Calls the listener after every change, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  /** Asks the service now, unless it is being asked already. */
  ask(): void;
  wake(wake: Wake): void;
  /** News from another tab; anything else is ignored. */
  hear(news: unknown): void;
  signIn(credentials: { readonly email: string; readonly password: string }): Promise<CommandResult>;
  signUp(account: {
    readonly email: string;
    readonly password: string;
    readonly name?: string;
  }): Promise<CommandResult>;
  signOut(): Promise<CommandResult>;
}

const LONGEST_BACK_OFF_MS = 30_000;

export function createSession({ service, timers, random, tell }: SessionOptions): Session {
  let state: SessionState = { status: 'checking' };
  const listeners = new Set<() => void>();
  /** Raised by whatever makes earlier questions moot; an answer from an older epoch is dropped. */
  let epoch = 0;
  let askedInEpoch: number | null = null;
  let commandsUnderWay = 0;
  /** A question that had to wait for a command. */
  let owed = false;
  let failures = 0;
  let clockOffset = 0;
  let cancelRetry: () => void = () => {};

  function move(next: SessionState): void {
    state = next;
    for (const listener of listeners) listener();
  }

  function lastKnown(): SignedIn | SignedOut | null {
    if (state.status === 'checking') return null;
    return state.status === 'unreachable' ? state.lastKnown : state;
  }

  async function ask(): Promise<void> {
    if (commandsUnderWay > 0) owed = true;
    if (commandsUnderWay > 0 || askedInEpoch === epoch) return;
    const asked = epoch;
    askedInEpoch = asked;
    owed = false;
    cancelRetry();
    if (state.status === 'unreachable') move({ ...state, retryAt: null });
    const answer = await service.ask('POST', '/unified-auth/validate');
    if (asked !== epoch) return;
    askedInEpoch = null;
    conclude(answer);
  }

  function conclude(answer: Answer): void {
    const body = answer.kind === 'ok' && isRecord(answer.body) ? answer.body : {};
    const who = body.valid === true ? toWho(body) : null;
    if (who !== null) settle(toSignedIn(who, body.now));
    else if (body.valid === false) signedOut(typeof body.reason === 'string' ? body.reason : '');
    else tryAgainLater(retryAfterOf(answer));
  }

  function settle(next: SignedIn | SignedOut): void {
    failures = 0;
    cancelRetry();
    move(next);
  }

  /** The first reason stays: asked again, the service only knows that there is no cookie any more. */
  function signedOut(reason: string): void {
    const known = lastKnown();
    settle(known?.status === 'signed-out' ? known : { status: 'signed-out', reason });
  }

  function tryAgainLater(retryAfterSeconds: number | null): void {
    const backOff = Math.min(1000 * 2 ** failures, LONGEST_BACK_OFF_MS) * (1 - random() / 4);
    failures = Math.min(failures + 1, 16);
    const wait = Math.max(backOff, (retryAfterSeconds ?? 0) * 1000);
    cancelRetry();
    cancelRetry = timers.after(wait, () => void ask());
    move({ status: 'unreachable', lastKnown: lastKnown(), retryAt: timers.now() + wait });
  }

  function toSignedIn(who: Who, now: unknown): SignedIn {
    const serverNow = typeof now === 'string' ? Date.parse(now) : Number.NaN;
    // Sign-in tells no time; what an earlier answer told still holds.
    if (Number.isFinite(serverNow)) clockOffset = serverNow - timers.now();
    return { status: 'signed-in', who, clockOffset };
  }

  /** Questions asked before or during a command do not count; where the command gives no certainty, the service is asked. */
  async function command(path: string, body: unknown, done: (answer: unknown) => boolean): Promise<CommandResult> {
    epoch += 1;
    const started = epoch;
    commandsUnderWay += 1;
    cancelRetry();
    const answer = await service.ask('POST', path, body);
    commandsUnderWay -= 1;
    const overtaken = started !== epoch;
    epoch += 1;
    const settled = answer.kind === 'ok' && !overtaken && done(answer.body);
    // A wrong password tells nothing new about somebody who was signed out; every other doubt is for the service to settle.
    const certain = settled || (answer.kind === 'refused' && !overtaken && state.status === 'signed-out');
    if (!certain || owed) void ask();
    if (answer.kind === 'ok') return { kind: 'done' };
    return answer.kind === 'refused' ? answer : { kind: 'unreachable' };
  }

  async function enter(path: string, body: unknown): Promise<CommandResult> {
    const result = await command(path, body, (answer) => {
      const who = toWho(answer);
      if (who !== null) settle(toSignedIn(who, isRecord(answer) ? answer.now : null));
      return who !== null;
    });
    if (result.kind === 'done') tell({ type: 'signed-in' });
    return result;
  }

  return {
    current: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ask: () => void ask(),
    wake(wake) {
      // A page out of the back-forward cache may show somebody who has left: it is as good as a cold start.
      if (wake === 'restored') epoch += 1;
      if (wake === 'restored' && lastKnown()?.status === 'signed-in') move({ status: 'checking' });
      void ask();
    },
    hear(news) {
      if (!isRecord(news) || (news.type !== 'signed-in' && news.type !== 'signed-out')) return;
      epoch += 1;
      const known = lastKnown();
      const another = known?.status === 'signed-in' && known.who.session.id !== news.sessionId;
      if (news.type === 'signed-out' && !another) signedOut('signed-out');
      else void ask();
    },
    signIn: (credentials) => enter('/auth/sign-in', credentials),
    signUp: (account) => enter('/auth/sign-up', account),
    async signOut() {
      const known = lastKnown();
      const sessionId = known?.status === 'signed-in' ? known.who.session.id : null;
      const result = await command('/auth/sign-out', undefined, () => {
        signedOut('signed-out');
        return true;
      });
      if (result.kind === 'done') tell({ type: 'signed-out', sessionId });
      return result;
    },
  };
}

function retryAfterOf(answer: Answer): number | null {
  if (answer.kind === 'unreachable') return answer.retryAfterSeconds;
  return answer.kind === 'refused' ? answer.problem.retryAfterSeconds : null;
}
