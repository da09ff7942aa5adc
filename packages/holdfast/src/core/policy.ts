/** How long sessions live and how many a user may have; resolved once, a bad value is named. */
import { HoldfastError } from './errors.ts';

/** What an application may choose. Every field has a default that serves. */
export interface PolicyOptions {
  /** How long a session lives unused, in seconds. Default 7 days, or the absolute life where that is shorter. */
  readonly idleSeconds?: number;
  /** How long a session lives however busy it is, in seconds. Default 30 days (NIST SP 800-63B-4, AAL1). At most 400 days. */
  readonly absoluteSeconds?: number;
  /** Live sessions a user may have at once. Default 100. */
  readonly maxPerUser?: number;
  /** Who gives way at the limit: the session used longest ago, or the new one. Default `evict-oldest`. */
  readonly onLimit?: 'evict-oldest' | 'refuse';
  /** The most session data, in bytes of JSON. Default 32,768. */
  readonly maxDataBytes?: number;
}

/** The policy in force. */
export type Policy = Required<PolicyOptions>;

const DAY = 24 * 60 * 60;
/** The longest life that browsers grant a cookie (RFC 6265bis 5.5). */
const MAX_COOKIE_SECONDS = 400 * DAY;

const ACCESS_SECONDS = 300;
const ACCESS_JITTER = 0.25;

/** Fills in the defaults. Throws `invalid-option` naming every value that cannot work. */
export function resolvePolicy(options: PolicyOptions = {}): Policy {
  const absoluteSeconds = options.absoluteSeconds ?? 30 * DAY;
  const policy: Policy = {
    idleSeconds: options.idleSeconds ?? Math.min(7 * DAY, absoluteSeconds),
    absoluteSeconds,
    maxPerUser: options.maxPerUser ?? 100,
    onLimit: options.onLimit ?? 'evict-oldest',
    maxDataBytes: options.maxDataBytes ?? 32_768,
  };
  const problems = [
    ...lifetimeProblems(policy),
    ...(isPositive(policy.maxPerUser) ? [] : ['maxPerUser must be a whole number of at least 1']),
    ...(policy.onLimit === 'evict-oldest' || policy.onLimit === 'refuse'
      ? []
      : ['onLimit must be evict-oldest or refuse']),
    ...(isPositive(policy.maxDataBytes) ? [] : ['maxDataBytes must be a whole number of at least 1']),
  ];
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  return Object.freeze(policy);
}

/** What is wrong with a pair of lifetimes; empty when they can work. */
export function lifetimeProblems(lifetimes: {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
}): string[] {
  const { idleSeconds, absoluteSeconds } = lifetimes;
  const problems: string[] = [];
  if (!isPositive(idleSeconds)) problems.push('idleSeconds must be a whole number of seconds, at least 1');
  if (!isPositive(absoluteSeconds)) problems.push('absoluteSeconds must be a whole number of seconds, at least 1');
  if (absoluteSeconds > MAX_COOKIE_SECONDS) {
    problems.push('absoluteSeconds must be at most 34560000 (400 days): browsers keep no cookie for longer');
  }
  if (idleSeconds > absoluteSeconds) problems.push('idleSeconds must not be longer than absoluteSeconds');
  return problems;
}

/**
 * How often `lastSeenAt` is written at the most: 60 s or a twentieth of the idle time, whichever is larger, but never so
 * seldom that a busy session could expire between two writes.
 */
export function refreshWindowMs(idleSeconds: number): number {
  return Math.min(Math.max(60, idleSeconds / 20), idleSeconds / 4) * 1000;
}

/** The life of one access token: 5 minutes less up to a quarter, so that a fleet of browsers does not refresh in step. */
export function accessSeconds(random: number): number {
  return Math.floor(ACCESS_SECONDS * (1 - ACCESS_JITTER * random));
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
