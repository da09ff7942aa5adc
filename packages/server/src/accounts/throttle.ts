/**
 * Slows down guessing of passwords: wrong attempts are counted per account and address, per account, and per address, in
 * the accounts database, so that all processes count together. The account's own limit is soft (it lasts for minutes) and
 * never ends a session, so nobody can lock somebody else out of what they are signed in to. It counts new accounts and
 * one-time sessions of people in the same way.
 */
import { createHash } from 'node:crypto';
import type { AccountsBackend } from './tables.ts';

/** How many attempts a window holds. */
export interface AttemptLimit {
  readonly max: number;
  readonly windowSeconds: number;
}

/** Who tries what. */
export interface Attempt {
  /** The normalised e-mail address, whether it has an account or not. */
  readonly account: string;
  /** The client's address as the outermost trusted proxy saw it. */
  readonly ip: string;
}

/** Free to go on, or the whole seconds to wait. */
export type ThrottleVerdict =
  | { readonly status: 'free' }
  | { readonly status: 'wait'; readonly retryAfterSeconds: number };

/** Counts attempts. */
export interface Throttle {
  /** May this attempt be looked at? Asked before and, because others run beside it, again after the password was checked. */
  check(attempt: Attempt): Promise<ThrottleVerdict>;
  /** Counts a wrong password. `wait` when this one was already beyond a limit. */
  recordFailure(attempt: Attempt): Promise<ThrottleVerdict>;
  /** Forgets the wrong passwords of this account from this address. */
  recordSuccess(attempt: Attempt): Promise<void>;
  /** Counts a new account from this address. */
  countSignUp(ip: string): Promise<ThrottleVerdict>;
  /** Counts a one-time session that this account makes. */
  countTicket(userId: string): Promise<ThrottleVerdict>;
}

export interface ThrottleOptions {
  readonly backend: Pick<AccountsBackend, 'kind' | 'database'>;
  /** Milliseconds since 1970. Default the system's clock. */
  readonly clock?: () => number;
  readonly limits?: Partial<ThrottleLimits>;
}

/** The limits, by what they count. */
export interface ThrottleLimits {
  readonly accountAndIp: AttemptLimit;
  readonly account: AttemptLimit;
  readonly ip: AttemptLimit;
  readonly signUp: AttemptLimit;
  readonly ticket: AttemptLimit;
}

/** An office behind one address stays far below the third; a list of common passwords against one account does not. */
export const THROTTLE_LIMITS: ThrottleLimits = {
  accountAndIp: { max: 5, windowSeconds: 300 },
  account: { max: 50, windowSeconds: 900 },
  ip: { max: 100, windowSeconds: 900 },
  signUp: { max: 100, windowSeconds: 3600 },
  // As long as one waits to be used: nobody who signs up by themselves fills MAX_SESSIONS, which all share.
  ticket: { max: 20, windowSeconds: 1800 },
};

const CLEAN_MS = 60_000;
/** Few enough for one quick statement. */
const CLEAN_MAX = 1000;

interface Counter {
  readonly key: string;
  readonly limit: AttemptLimit;
}

const FREE: ThrottleVerdict = { status: 'free' };

/** Counts in the given database. */
export function createThrottle(options: ThrottleOptions): Throttle {
  const { database, kind } = options.backend;
  const clock = options.clock ?? Date.now;
  const limits = { ...THROTTLE_LIMITS, ...options.limits };
  let cleanedAt = Number.NEGATIVE_INFINITY;

  function counters(attempt: Attempt): Counter[] {
    return [
      { key: keyOf('account-ip', attempt.account, networkOf(attempt.ip)), limit: limits.accountAndIp },
      { key: keyOf('account', attempt.account), limit: limits.account },
      { key: keyOf('ip', networkOf(attempt.ip)), limit: limits.ip },
    ];
  }

  /** Adds one to each counter and answers how long the fullest of those that were full already makes one wait. */
  async function count(all: readonly Counter[]): Promise<ThrottleVerdict> {
    const now = clock();
    await clean(now);
    const limitOf = new Map(all.map(({ key, limit }) => [key, limit]));
    const fresh = all.map(({ key, limit }) => ({ key, count: 1, resets_at: now + limit.windowSeconds * 1000 }));
    // One statement: atomic in both databases without a transaction, and always in the same order of kinds, so that no
    // two of them can wait for each other. A window that is over begins anew.
    const rows = await database
      .insertInto('attempts')
      .values(fresh)
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet((row) => {
          const isOver = row('attempts.resets_at', '<=', now);
          return {
            count: row
              .case()
              .when(isOver)
              .then(1)
              .else(row('attempts.count', '+', 1))
              .end(),
            resets_at: row
              .case()
              .when(isOver)
              .then(row.ref('excluded.resets_at'))
              .else(row.ref('attempts.resets_at'))
              .end(),
          };
        }),
      )
      .returning(['key', 'count', 'resets_at'])
      .execute();
    const full = rows.filter((row) => row.count > (limitOf.get(row.key)?.max ?? 0));
    return verdict(
      full.map((row) => row.resets_at),
      now,
    );
  }

  /** Removes what is over, once a minute. Rows that somebody else counts or removes at this moment wait until next time. */
  async function clean(now: number): Promise<void> {
    if (now - cleanedAt < CLEAN_MS) return;
    cleanedAt = now;
    const over = database.selectFrom('attempts').select('key').where('resets_at', '<=', now).limit(CLEAN_MAX);
    const free = kind === 'postgres' ? over.forUpdate().skipLocked() : over;
    await database.deleteFrom('attempts').where('key', 'in', free).execute();
  }

  return {
    async check(attempt) {
      const now = clock();
      const all = counters(attempt);
      const rows = await database
        .selectFrom('attempts')
        .select(['key', 'count', 'resets_at'])
        .where(
          'key',
          'in',
          all.map((counter) => counter.key),
        )
        .where('resets_at', '>', now)
        .execute();
      const full = rows.filter((row) => row.count >= (all.find((counter) => counter.key === row.key)?.limit.max ?? 0));
      return verdict(
        full.map((row) => row.resets_at),
        now,
      );
    },

    recordFailure: (attempt) => count(counters(attempt)),

    async recordSuccess(attempt) {
      const key = keyOf('account-ip', attempt.account, networkOf(attempt.ip));
      await database.deleteFrom('attempts').where('key', '=', key).execute();
    },

    countSignUp: (ip) => count([{ key: keyOf('sign-up', networkOf(ip)), limit: limits.signUp }]),

    countTicket: (userId) => count([{ key: keyOf('ticket', userId), limit: limits.ticket }]),
  };
}

function verdict(resets: readonly number[], now: number): ThrottleVerdict {
  if (resets.length === 0) return FREE;
  return { status: 'wait', retryAfterSeconds: Math.max(1, Math.ceil((Math.max(...resets) - now) / 1000)) };
}

/** Who an address stands for: one household has 2^64 addresses of IPv6, so its first half counts. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(ip);
  if (mapped !== null) return mapped[1] as string;
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Hashed, because the file outlives the attempts it counts and should not list who tried to sign in from where. */
function keyOf(kind: string, ...parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...parts]))
    .digest('base64url');
}
