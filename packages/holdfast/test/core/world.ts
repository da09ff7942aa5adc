/** An engine over a real store, with time, randomness, deadlines and failures in the test's hands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreUnreachableError } from '../../src/core/errors.ts';
import type { SessionEvent } from '../../src/core/events.ts';
import { createKeyRing, type KeyRing } from '../../src/core/key-ring.ts';
import type { IssuedTokens, PresentedTokens, TokenGrant } from '../../src/core/outcomes.ts';
import { type PolicyOptions, resolvePolicy } from '../../src/core/policy.ts';
import type { SessionRecord } from '../../src/core/record.ts';
import { createEngine, type Sessions } from '../../src/core/sessions.ts';
import type { Store } from '../../src/core/store.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { type Fault, plantFaults } from './faults.ts';

export const DAY = 24 * 60 * 60;
/** Longer than any access token lives. */
export const ACCESS_DUE = 301;

export const OLD_SECRET = 'Zk3vQ9xT7pL2mN8sRw4Yb6Hc1Jd5Fg0AqXeUiOtPaSk';
export const NEW_SECRET = 'mB7nV4cX1zL9kJ3hG6fD8sA0pO5iU2yT-rE_wQqWxZv';
export const OTHER_SECRET = 'tY6uI3oP9aS2dF7gH1jK5lZ8xC4vB0nM_qW-eRrTyUi';

/** How a planted store failure looks from the engine. */

export interface World {
  readonly sessions: Sessions;
  /** The store itself, without planted failures. */
  readonly store: Store;
  readonly ring: KeyRing;
  readonly events: SessionEvent[];
  /** Every store call since the last look, by operation. */
  readonly calls: string[];
  readonly now: () => number;
  forward(seconds: number): void;
  /** Asked before each store call: its number since `calls` was emptied, and its operation. */
  plan: (call: number, operation: string) => Fault | null;
  /** Another process on the same store. */
  process(secrets: readonly string[]): Sessions;
  eventsOf<T extends SessionEvent['type']>(type: T): Extract<SessionEvent, { type: T }>[];
  record(id: string): Promise<SessionRecord>;
}

export interface WorldOptions {
  readonly store?: (clock: () => number) => Store;
  readonly policy?: PolicyOptions;
  readonly secrets?: readonly string[];
}

export function createWorld(options: WorldOptions = {}): World {
  let time = Date.UTC(2026, 0, 5, 12);
  const now = (): number => time;
  const store = options.store?.(now) ?? memoryStore({ clock: now });
  const events: SessionEvent[] = [];
  const calls: string[] = [];
  const faulty = plantFaults();

  function run<T>(operation: string, call: () => PromiseLike<T> | T): Promise<T> {
    const fault = world.plan(calls.push(operation), operation);
    return faulty.run(fault, call, new StoreUnreachableError('planted: not done'));
  }

  const watched: Store = {
    kind: store.kind,
    read: (id) => run('read', () => store.read(id)),
    create: (record, limit) => run('create', () => store.create(record, limit)),
    move: (id, move) => run('move', () => store.move(id, move)),
    update: (id, change) => run('update', () => store.update(id, change)),
    touch: (id, lastSeenAt, expiresAt) => run('touch', () => store.touch(id, lastSeenAt, expiresAt)),
    take: (id, tombstone) => run('take', () => store.take(id, tombstone)),
    takeByUser: (userId, tombstone, except) => run('takeByUser', () => store.takeByUser(userId, tombstone, except)),
    delete: (id) => run('delete', () => store.delete(id)),
    listByUser: (userId) => run('listByUser', () => store.listByUser(userId)),
    count: () => run('count', () => store.count()),
    sweep: (limit) => run('sweep', () => store.sweep(limit)),
    announceKeys: (announcement) => run('announceKeys', () => store.announceKeys(announcement)),
    listKeyAnnouncements: (since) => run('listKeyAnnouncements', () => store.listKeyAnnouncements(since)),
    health: () => run('health', () => store.health()),
    close: () => store.close(),
  };

  function process(secrets: readonly string[]): Sessions {
    const context = {
      store: watched,
      ring: createKeyRing(secrets, nodeCrypto),
      crypto: nodeCrypto,
      clock: now,
      timers: faulty.timers,
      deadlineMs: 1000,
      onEvent: (event: SessionEvent) => events.push(event),
    };
    return createEngine(context, resolvePolicy(options.policy));
  }

  const secrets = options.secrets ?? [NEW_SECRET, OLD_SECRET];
  const world: World = {
    sessions: process(secrets),
    store,
    ring: createKeyRing(secrets, nodeCrypto),
    events,
    calls,
    now,
    forward(seconds) {
      time += seconds * 1000;
    },
    plan: () => null,
    process,
    eventsOf: (type) => events.filter((event) => event.type === type) as never,
    async record(id) {
      const read = await store.read(id);
      if (read.status !== 'live') throw new Error(`no live record: ${read.status}`);
      return read.record;
    },
  };
  return world;
}

/** Runs a test on each embedded store, because what holds on one alone holds by luck. */
export function onEveryStore(name: string, run: (world: World) => Promise<void>, options: WorldOptions = {}): void {
  test(`${name} (memory)`, () => run(createWorld(options)));
  test(`${name} (sqlite)`, async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-core-'));
    let store: Store | undefined;
    context.after(async () => {
      await store?.close();
      rmSync(directory, { recursive: true, force: true });
    });
    await run(
      createWorld({
        ...options,
        store: (clock) => {
          store = sqliteStore({ directory: join(directory, 'data'), clock });
          return store;
        },
      }),
    );
  });
}

/** A browser's cookies for one site. */
export class Jar {
  access: string | null = null;
  refresh: string | null = null;

  /** What one request sends. */
  get tokens(): PresentedTokens {
    return { access: this.access === null ? [] : [this.access], refresh: this.refresh === null ? [] : [this.refresh] };
  }

  /** What it sends once the access cookie is gone. */
  get refreshOnly(): PresentedTokens {
    return { access: [], refresh: this.tokens.refresh };
  }

  keep(issued: IssuedTokens | null): void {
    if (issued === null) return;
    this.access = issued.access.value;
    if (issued.refresh) this.refresh = issued.refresh.value;
  }

  async receive(grant: TokenGrant | null): Promise<void> {
    if (grant) this.keep(await grant.issue());
  }

  copy(): Jar {
    return Object.assign(new Jar(), this);
  }
}

/** Signs somebody in; answers the browser that did it and the session's id. */
export async function signIn(
  world: World,
  userId = 'ada',
  options: Partial<Parameters<Sessions['start']>[0]> = {},
): Promise<{ jar: Jar; id: string }> {
  const started = await world.sessions.start({ userId, ...options });
  if (started.status !== 'started') throw new Error(`not started: ${started.status}`);
  const jar = new Jar();
  await jar.receive(started.grant);
  return { jar, id: started.session.id };
}

/** One request of a browser, whose answer arrives; answers the user and the reason as one word. */
export async function visit(
  world: World,
  jar: Jar,
  options: { readonly tokens?: PresentedTokens; readonly passive?: boolean; readonly sessions?: Sessions } = {},
): Promise<string> {
  const { tokens = jar.tokens, passive = false, sessions = world.sessions } = options;
  const resolution = await sessions.resolve(tokens, { passive });
  if (resolution.status === 'unreachable') return 'unreachable';
  await jar.receive(resolution.grant);
  return resolution.status === 'signed-in' ? resolution.session.userId : resolution.reason;
}
