/**
 * A browser with a few tabs, a server, and what lies between, in memory: nothing happens unless the explorer makes it
 * happen, one step at a time. Only the client is real.
 */
import type { Channel, Environment, SessionClient, WakeCause } from '../../../src/client/types.ts';

/** From the sources, or from a copy with one rule broken. */
const source = process.env.HOLDFAST_MODEL_SOURCE ?? new URL('../../../src/', import.meta.url).href;
const { createSessionClient } = (await import(
  `${source}client/index.ts`
)) as typeof import('../../../src/client/index.ts');

const ORIGIN = 'https://id.example';

/** A request, from being sent to being read by the page. */
export interface Sent {
  readonly tab: Tab;
  readonly kind: 'validate' | 'sign-in' | 'sign-out';
  /** The step in which it was sent, with the cookie of that moment. */
  readonly sentAt: number;
  readonly cookie: string;
  /** Its abort signal is not heeded: what was on the way arrives. */
  readonly isDeaf: boolean;
  /** Sent while its tab had the turn. */
  readonly inTurn: boolean;
  isAborted: boolean;
  /** What the server said, once it has. */
  said: Said | null;
  /** The answer has reached the browser, and its cookies are in the jar. */
  hasArrived: boolean;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: unknown) => void;
}

/** An answer: of what status, with what body, and what becomes of the cookie. */
export interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly cookie: string | null;
  /** The session that was made or ended. */
  readonly session: string;
}

interface Waiting {
  readonly tab: Tab;
  readonly since: number;
  readonly run: () => Promise<unknown>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A page that holds a client. */
export interface Tab {
  readonly name: string;
  readonly client: SessionClient;
  /** `frozen`: it runs nothing. `away`: so it does, and it was told before (back-forward cache). */
  life: 'awake' | 'frozen' | 'away' | 'closed';
  wake: (cause: WakeCause) => void;
  sleep: () => void;
  /** Words of other tabs that have not arrived. */
  readonly inbox: unknown[];
  readonly timers: Set<{ readonly at: number; readonly run: () => void }>;
  hears: ((data: unknown) => void) | null;
  /** When it last began to wait for its turn; infinite before. */
  waitsSince: number;
}

export interface World {
  readonly tabs: readonly Tab[];
  readonly sent: readonly Sent[];
  /** The step under way: times in histories. */
  step: number;
  /** The cookie; empty for none. */
  jar(): string;
  isLive(session: string): boolean;
  now(): number;
  /** A moment passes, as it does between any two steps; no timer runs. */
  tick(): void;
  open(): Tab;
  close(tab: Tab): void;
  /** The server reads the request and answers. */
  handle(request: Sent): void;
  /** The answer reaches the browser. */
  arrive(request: Sent): void;
  /** The page reads the answer. */
  read(request: Sent): void;
  /** The network fails: before the server, or on the way back. */
  lose(request: Sent): void;
  hearNext(tab: Tab): unknown;
  /** Gives the lock to whoever is next; answers whether there was somebody. */
  grant(): boolean;
  canGrant(): boolean;
  /** The next timer of a tab that runs, if it is due within that time; otherwise lets the time pass. Answers whose it was. */
  pass(milliseconds: number): Tab | null;
  end(session: string): void;
  /** A command was given up; nobody knows what became of it. */
  isInDoubt: boolean;
  /** The server answers 503 from now on, or no longer. */
  down: boolean;
}

/** What the explorer watches while it happens. */
export interface Watch {
  onSend(request: Sent): void;
  onRelease(tab: Tab): void;
  onSay(tab: Tab, message: unknown): void;
}

export function createWorld(random: () => number, watch: Watch, answersAbort: boolean): World {
  const tabs: Tab[] = [];
  const sent: Sent[] = [];
  const live = new Map<string, string | null>();
  const queue: Waiting[] = [];
  let holder: Tab | null = null;
  /** The holder has been told. */
  let isTold = false;
  let jar = '';
  let now = Date.UTC(2026, 0, 1);
  let made = 0;

  const forget = (request: Sent): void => {
    const index = sent.indexOf(request);
    if (index >= 0) sent.splice(index, 1);
  };

  function send(tab: Tab, url: string, signal: AbortSignal | null | undefined): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const kind = (url.split('/').at(-1) ?? '') as Sent['kind'];
    const isDeaf = !answersAbort && random() < 0.5;
    const base = {
      tab,
      kind,
      sentAt: world.step,
      cookie: jar,
      isDeaf,
      inTurn: isTold && holder === tab,
      resolve,
      reject,
    };
    const request: Sent = { ...base, isAborted: false, said: null, hasArrived: false };
    signal?.addEventListener('abort', () => {
      request.isAborted = true;
      if (kind !== 'validate') world.isInDoubt = true;
      if (isDeaf) return;
      // The server may have got it all the same.
      if (request.said === null && random() < 0.5) world.handle(request);
      forget(request);
      reject(signal.reason);
    });
    sent.push(request);
    watch.onSend(request);
    return promise;
  }

  function release(tab: Tab): void {
    if (holder !== tab) return;
    holder = null;
    if (tab.life !== 'closed') watch.onRelease(tab);
  }

  function environmentOf(tab: Tab): Environment {
    const channel: Channel = {
      onmessage: null,
      postMessage(message) {
        watch.onSay(tab, message);
        for (const other of tabs) if (other !== tab && other.hears) other.inbox.push(structuredClone(message));
      },
      close() {
        tab.hears = null;
        tab.inbox.length = 0;
      },
    };
    return {
      fetch: (input, init) => send(tab, `${input}`, init?.signal),
      now: () => now,
      after(milliseconds, run) {
        const timer = { at: now + milliseconds, run };
        tab.timers.add(timer);
        return () => tab.timers.delete(timer);
      },
      random,
      locks: {
        request: (...[, options, run]: unknown[]) =>
          new Promise<never>((resolve, reject) => {
            const { signal } = options as { signal?: AbortSignal };
            const waiting = { tab, since: now, run: run as Waiting['run'], resolve: resolve as () => void, reject };
            tab.waitsSince = now;
            queue.push(waiting);
            signal?.addEventListener('abort', () => {
              const index = queue.indexOf(waiting);
              if (index < 0) return;
              queue.splice(index, 1);
              reject(signal.reason);
            });
          }),
      },
      openChannel() {
        tab.hears = (data) => channel.onmessage?.({ data });
        return channel;
      },
      watch(wake, sleep) {
        Object.assign(tab, { wake, sleep });
        return () => undefined;
      },
      isHidden: () => false,
    };
  }

  const world: World = {
    tabs,
    sent,
    step: 0,
    isInDoubt: false,
    down: false,
    jar: () => jar,
    isLive: (session) => live.get(session) === null,
    now: () => now,
    tick() {
      now += 1;
    },
    open() {
      made += 1;
      const tab = {
        name: `tab ${made}`,
        life: 'awake',
        wake: () => undefined,
        sleep: () => undefined,
        inbox: [],
        timers: new Set(),
        hears: null,
        waitsSince: Number.POSITIVE_INFINITY,
      } as Partial<Tab> as Tab;
      Object.assign(tab, {
        client: createSessionClient({ service: ORIGIN, debug: false, environment: environmentOf(tab) }),
      });
      tabs.push(tab);
      return tab;
    },
    close(tab) {
      tab.sleep();
      tab.life = 'closed';
      tab.timers.clear();
      tab.hears = null;
      for (const request of [...sent]) {
        if (request.tab !== tab) continue;
        // A sign-out outlives its page; what else was on its way may have arrived.
        if (request.said === null && (request.kind === 'sign-out' || random() < 0.5)) world.handle(request);
        if (request.kind === 'sign-out') world.arrive(request);
        forget(request);
      }
      for (const waiting of queue.filter((each) => each.tab === tab)) queue.splice(queue.indexOf(waiting), 1);
      release(tab);
      tabs.splice(tabs.indexOf(tab), 1);
    },
    handle(request) {
      const { kind, cookie } = request;
      if (world.down) {
        request.said = { status: 503, body: {}, cookie: null, session: '' };
      } else if (kind === 'sign-in') {
        made += 1;
        const session = `s${made}`;
        live.set(session, null);
        if (world.isLive(cookie)) live.set(cookie, 'signed-out');
        request.said = { status: 200, body: bodyOf(session), cookie: session, session };
      } else if (kind === 'sign-out') {
        if (world.isLive(cookie)) live.set(cookie, 'signed-out');
        request.said = { status: 204, body: {}, cookie: '', session: cookie };
      } else if (world.isLive(cookie)) {
        request.said = { status: 200, body: { valid: true, ...bodyOf(cookie) }, cookie: null, session: cookie };
      } else {
        const reason = live.get(cookie) ?? 'no-token';
        request.said = { status: 200, body: { valid: false, reason }, cookie: null, session: cookie };
      }
    },
    arrive(request) {
      request.hasArrived = true;
      if (request.said?.cookie !== null && request.said?.cookie !== undefined) jar = request.said.cookie;
    },
    read(request) {
      forget(request);
      const { status, body } = request.said as Said;
      const headers = new Headers();
      // As much of a response as the client reads; a real one would take turns of the event loop to be read.
      request.resolve({ status, ok: status < 300, headers, json: () => Promise.resolve(body) } as Response);
    },
    lose(request) {
      forget(request);
      request.reject(new TypeError('network'));
    },
    hearNext(tab) {
      const message = tab.inbox.shift();
      tab.hears?.(message);
      return message;
    },
    canGrant: () => holder === null && queue.length > 0,
    grant() {
      const next = holder === null ? queue.shift() : undefined;
      if (next === undefined) return false;
      holder = next.tab;
      isTold = false;
      const run = async (): Promise<void> => {
        isTold = true;
        await next.run();
        release(next.tab);
        next.resolve();
      };
      // A frozen page has its turn all the same, and runs nothing.
      if (next.tab.life === 'awake') void run();
      else next.tab.timers.add({ at: now, run: () => void run() });
      return true;
    },
    pass(milliseconds) {
      const end = now + milliseconds;
      const due = tabs
        .filter((tab) => tab.life === 'awake')
        .flatMap((tab) => [...tab.timers].map((timer) => ({ tab, timer })))
        .filter(({ timer }) => timer.at <= end)
        .sort((a, b) => a.timer.at - b.timer.at)[0];
      if (due === undefined) {
        now = end;
        return null;
      }
      due.tab.timers.delete(due.timer);
      now = Math.max(now, due.timer.at);
      due.timer.run();
      return due.tab;
    },
    end: (session) => void live.set(session, 'revoked'),
  };
  return world;
}

function bodyOf(session: string): Record<string, unknown> {
  return { user: { id: 'u1' }, session: { id: session } };
}
