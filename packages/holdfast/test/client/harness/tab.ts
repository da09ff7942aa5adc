/** A client in an environment of its own is a tab: real network, locks and channel, a clock and events of the test. */
import assert from 'node:assert/strict';
import { createSessionClient } from '../../../src/client/index.ts';
import type {
  ClientOptions,
  Environment,
  Note,
  SessionClient,
  SessionState,
  WakeCause,
} from '../../../src/client/types.ts';
import type { ScriptedService } from './scripted-service.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** Longer than any wait here takes, so that one that never ends is told from a slow machine. */
const LONGEST_WAIT_MS = 20_000;
/** No test's time comes near it unless it means to. */
const DEADLINE_SECONDS = 1000;

export interface Tab extends Disposable {
  readonly client: SessionClient;
  readonly clock: TestClock;
  readonly notes: readonly Note[];
  /** Every state so far, the first included. */
  readonly states: readonly SessionState[];
  /** How many questions were sent. */
  asked(): number;
  /** How many notes of that kind there are. */
  count(event: string): number;
  wake(cause: WakeCause): void;
  /** Puts the page into the back-forward cache. */
  putAway(): void;
  hide(isHidden: boolean): void;
  /** Waits until that holds; looked at whenever the client has noted or changed something. */
  until(holds: () => boolean): Promise<SessionState>;
  reaches<S extends SessionState['status']>(status: S): Promise<Extract<SessionState, { status: S }>>;
  /** Waits for the next note of that kind. */
  noted(event: string): Promise<SessionState>;
}

export interface TabOptions extends ClientOptions {
  readonly clock?: TestClock;
  readonly isHidden?: boolean;
}

/** Opens a page, which asks at once. */
export function openTab(
  service: Pick<ScriptedService, 'origin'>,
  { clock = createTestClock(), isHidden = false, environment, ...options }: TabOptions = {},
): Tab {
  const notes: Note[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const each of waiting) each();
  };
  let hidden = isHidden;
  let wake: (cause: WakeCause) => void = () => assert.fail('the client does not listen');
  let sleep: () => void = () => assert.fail('the client does not listen');
  const ours: Partial<Environment> = {
    now: clock.now,
    after: clock.after,
    random: () => 0,
    isHidden: () => hidden,
    watch(onWake, onSleep) {
      wake = onWake;
      sleep = onSleep;
      return () => undefined;
    },
    ...environment,
  };
  const client = createSessionClient({
    service: service.origin,
    deadlineSeconds: DEADLINE_SECONDS,
    debug: (note) => {
      notes.push(note);
      queueMicrotask(look);
    },
    ...options,
    environment: ours,
  });
  const states: SessionState[] = [client.current()];
  client.subscribe(() => {
    states.push(client.current());
    look();
  });

  function until(holds: () => boolean): Promise<SessionState> {
    if (holds()) return Promise.resolve(client.current());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const told = (): string => notes.map((note) => `${note.event} ${note.detail}`).join('\n');
    const timer = setTimeout(() => reject(new Error(`waited in vain for ${holds}\n${told()}`)), LONGEST_WAIT_MS);
    timer.unref();
    const check = (): void => {
      if (!holds()) return;
      clearTimeout(timer);
      waiting.delete(check);
      // What was noted has then been dealt with as well.
      setImmediate(resolve);
    };
    waiting.add(check);
    return promise.then(() => client.current());
  }

  const count = (event: string): number => notes.filter((note) => note.event === event).length;
  return {
    client,
    clock,
    notes,
    states,
    asked: () => count('asked'),
    count,
    wake: (cause) => wake(cause),
    putAway: () => sleep(),
    hide: (isHidden) => {
      hidden = isHidden;
    },
    until,
    reaches: async (status) => (await until(() => client.current().status === status)) as never,
    noted(event) {
      const before = count(event);
      return until(() => count(event) > before);
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** Lets everything run that needs no network: promises, locks, messages. */
export async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export const MARIE = {
  user: { id: 'u1', email: 'marie@example.com', name: 'Marie' },
  session: {
    id: 's1',
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-04-01T00:00:00.000Z',
    idle_expires_at: '2026-01-15T00:00:00.000Z',
    authenticated_at: '2026-01-01T00:00:00.000Z',
    amr: ['pwd'],
  },
} as const;
export const VALID = { valid: true, ...MARIE, now: '2026-01-01T00:00:05.000Z' } as const;
export const CREDENTIALS = { email: 'marie@example.com', password: ' p w ' } as const;

/** Another session of the same person. */
export function inSession(id: string): typeof VALID {
  return { ...VALID, session: { ...VALID.session, id: id as 's1' } };
}

export async function openSignedIn(service: ScriptedService, options: TabOptions = {}): Promise<Tab> {
  const tab = openTab(service, options);
  (await service.next()).answer(200, VALID);
  await tab.reaches('signed-in');
  return tab;
}

export async function openSignedOut(service: ScriptedService, reason: string, options: TabOptions = {}): Promise<Tab> {
  const tab = openTab(service, options);
  (await service.next()).answer(200, { valid: false, reason });
  await tab.reaches('signed-out');
  return tab;
}
