/**
 * Finds out what our user may do by doing it, on keys of ours and in ways that change nothing. ACL DRYRUN would answer the
 * same to an administrator alone; and what is tried here also shows a server that takes no writes right now.
 */
import type { StoreFinding } from '../../core/store.ts';
import { redisErrorCode } from './failure.ts';
import type { RedisPort } from './port.ts';
import { ticketKeysOf } from './ticket-keys.ts';

const UNKNOWN_SHA1 = '0'.repeat(40);
/** The probe goes by itself if this process dies between writing and removing it. */
const PROBE_TTL_MS = '60000';

const NO_TICKET = '00000000-0000-0000-0000-000000000000';
/** What is used beside the operations of the store. */
export interface Uses {
  /** Starts and ends wait for replicas. */
  readonly waits: boolean;
  readonly isCluster: boolean;
}

/** One try of what our user may do. */
interface Attempt {
  /** The name that an administrator would allow. */
  readonly allow: string;
  readonly key: string;
  readonly args: readonly string[];
}

/** What the scripts and the store do for sessions. */
function attempts(prefix: string, { waits, isCluster }: Uses): readonly Attempt[] {
  const probe = `${prefix}:probe`;
  const onProbe = (allow: string, ...args: string[]): Attempt => ({
    allow,
    key: probe,
    args: [allow.slice(1).toUpperCase(), ...args],
  });
  const kept = [`${prefix}:s:{0}`, `${prefix}:t:{0}`, `${prefix}:x:{0}`, `${prefix}:keys`];
  return [
    onProbe('+hset', probe, 'probe', '1'),
    onProbe('+hget', probe, 'probe'),
    onProbe('+hgetall', probe),
    onProbe('+hvals', probe),
    onProbe('+hlen', probe),
    onProbe('+pexpire', probe, PROBE_TTL_MS),
    onProbe('+pttl', probe),
    onProbe('+eval', 'return 1', '1', probe),
    onProbe('+eval_ro', 'return 1', '1', probe),
    onProbe('+evalsha', UNKNOWN_SHA1, '1', probe),
    onProbe('+evalsha_ro', UNKNOWN_SHA1, '1', probe),
    onProbe('+hdel', probe, 'probe'),
    ...(waits ? [onProbe('+wait', '0', '0')] : []),
    // Needed only when a slot moves, which is no time to find out. It is about the next command, which belongs here anyway.
    ...(isCluster ? [onProbe('+asking')] : []),
    // No field has this name: nothing is removed, and it shows whether the key may be written.
    ...kept.map((key) => ({ allow: '+hdel', key, args: ['HDEL', key, 'no field of ours'] })),
  ];
}

/** What is done for one-time sessions besides, under keys that have no prefix of ours where it is the default one. */
function ticketAttempts(prefix: string): readonly Attempt[] {
  const { stats, of } = ticketKeysOf(prefix);
  const probe = `${prefix}:probe`;
  // No id is all zeroes.
  const ticket = of(NO_TICKET);
  return [
    // Only where there is something is it written, and there is nothing.
    { allow: '+set', key: ticket, args: ['SET', ticket, '', 'XX', 'KEEPTTL'] },
    { allow: '+getex', key: ticket, args: ['GETEX', ticket] },
    { allow: '+hmget', key: stats, args: ['HMGET', stats, 'live'] },
    // As with sessions: no field has this name, and it shows whether the key may be written.
    { allow: '+hdel', key: stats, args: ['HDEL', stats, 'no field of ours'] },
    { allow: '+hincrby', key: probe, args: ['HINCRBY', probe, 'count', '1'] },
    { allow: '+pexpire', key: probe, args: ['PEXPIRE', probe, PROBE_TTL_MS] },
    { allow: '+hdel', key: probe, args: ['HDEL', probe, 'count'] },
  ];
}

/** What is missing, in a finding each for all and for one-time sessions; and a server that takes no writes. Rejects when it does not answer. */
export async function tryPermissions(port: RedisPort, prefix: string, uses: Uses): Promise<readonly StoreFinding[]> {
  const missing = new Set<string>();
  const missingForTickets = new Set<string>();
  let refusal: string | null = null;
  const keysOf = (key: string): string => {
    if (key.startsWith(`${prefix}:`)) return `~${prefix}:*`;
    return key.includes(NO_TICKET) ? `~${key.replace(NO_TICKET, '*')}` : `~${key}`;
  };
  const tryAll = async (list: readonly Attempt[], into: Set<string>): Promise<void> => {
    for (const { allow, key, args } of list) {
      try {
        await port.send(key, args, false);
      } catch (error) {
        const code = redisErrorCode(error);
        if (code === null) throw error;
        if (code === 'NOPERM') into.add(isAboutKeys(error) ? keysOf(key) : allow);
        // A replica, a full memory, a disk that is full …; a script that is not known and a wrong type are what was expected.
        else if (code !== 'NOSCRIPT' && code !== 'WRONGTYPE') refusal ??= error instanceof Error ? error.message : code;
      }
    }
  };
  await tryAll(attempts(prefix, uses), missing);
  await tryAll(ticketAttempts(prefix), missingForTickets);
  const findings: StoreFinding[] = [];
  if (missing.size > 0) {
    const rights = [...missing].join(' ');
    const message = `our user on ${port.name} lacks permissions: ${rights}`;
    const fix = `allow them with ACL SETUSER <user> ${rights}`;
    findings.push({ severity: 'problem', code: 'missing-permission', message, fix });
  }
  for (const right of missing) missingForTickets.delete(right);
  if (missingForTickets.size > 0) {
    const rights = [...missingForTickets].join(' ');
    const message = `our user on ${port.name} lacks permissions for one-time sessions: ${rights}`;
    const fix = `allow them with ACL SETUSER <user> ${rights}, where one-time sessions are used`;
    findings.push({ severity: 'warning', code: 'missing-ticket-permission', message, fix });
  }
  if (refusal !== null) {
    const fix = 'mend that, then start again';
    findings.push({ severity: 'problem', code: 'no-writes', message: `a test write failed: ${refusal}`, fix });
  }
  return findings;
}

function isAboutKeys(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && /\bkeys?\b/.test(cause.message);
}
