/** What is wrong with a server for sessions, from the facts about it. Pure: what it is given is all it knows. */
import type { StoreFinding } from '../../core/store.ts';
import type { ReplicaWait } from './options.ts';
import type { ServerFacts } from './server-facts.ts';

export interface Expectations {
  /** What all our keys begin with. */
  readonly prefix: string;
  readonly waitReplicas: ReplicaWait | null;
  /** Whether the port follows redirections between nodes. */
  readonly isCluster: boolean;
}

/** Since then there is EVALSHA_RO. */
const OLDEST_MAJOR = 7;
const CLOCK_TOLERANCE_MS = 5000;
/** Above these a bucket of 61 sessions stays one listpack, at a quarter of the memory. */
const LISTPACK_ENTRIES = 128;
const LISTPACK_VALUE = 64;
/** Of the sampled keys so many must be foreign before it is worth a word. */
const FOREIGN_KEYS = 20;
const FOREIGN_SHARE = 0.1;
/** Keys of the service beside ours, which are of the same importance. */
const KIN = ['auth_session:', 'auth_stats'];

type Judge = (facts: ServerFacts, expected: Expectations) => StoreFinding | null;

/** Everything found, in the order of the checks. */
export function judgeServer(facts: ServerFacts, expected: Expectations): readonly StoreFinding[] {
  return JUDGES.map((judge) => judge(facts, expected)).filter((finding) => finding !== null);
}

const JUDGES: readonly Judge[] = [
  judgeVersion,
  judgeRole,
  judgeCluster,
  judgeEviction,
  judgePersistence,
  judgeSaving,
  judgeReplicas,
  judgeClock,
  judgeSharing,
  judgeListpack,
  judgeUnchecked,
];

function judgeVersion({ name, info }: ServerFacts): StoreFinding | null {
  const version = info?.get('valkey_version') ?? info?.get('redis_version');
  if (version === undefined || Number.parseInt(version, 10) >= OLDEST_MAJOR) return null;
  return problem('unsupported-version', `${name} is version ${version}`, 'use Redis 7.0 or newer, or Valkey');
}

function judgeRole({ name, info }: ServerFacts): StoreFinding | null {
  if (info?.get('role') !== 'slave') return null;
  const fix = 'name the primary in the URL, or let Sentinel find it: redis-sentinel://';
  return problem('replica', `${name} is a replica, which takes no writes and may be behind`, fix);
}

function judgeCluster({ name, info, cluster }: ServerFacts, { isCluster }: Expectations): StoreFinding | null {
  if (info?.get('redis_mode') === 'cluster' && !isCluster) {
    return problem('cluster-node', `${name} is one node of a cluster`, 'write the URL as redis-cluster://');
  }
  if (cluster === null || cluster.size === 0) return null;
  const assigned = Number(cluster.get('cluster_slots_assigned'));
  if (cluster.get('cluster_state') === 'ok' && assigned === 16_384) return null;
  const message = `the cluster of ${name} is not whole: ${assigned} of 16384 slots are assigned, its state is ${cluster.get('cluster_state')}`;
  return problem(
    'cluster-not-whole',
    message,
    'bring the missing nodes back, or assign the slots: redis-cli --cluster fix',
  );
}

function judgeEviction({ name, info, config }: ServerFacts): StoreFinding | null {
  const policy = info?.get('maxmemory_policy') ?? config?.get('maxmemory-policy');
  const bytes = Number(info?.get('maxmemory') ?? config?.get('maxmemory') ?? 0);
  if (policy === undefined || policy === 'noeviction' || bytes === 0) return null;
  const message = `${name} throws keys away when ${megabytes(bytes)} are full (maxmemory-policy ${policy}): that signs people out`;
  return problem('evicting-policy', message, 'set maxmemory-policy to noeviction, and watch the memory');
}

function judgePersistence({ name, info, config }: ServerFacts): StoreFinding | null {
  const save = config?.get('save');
  if (info?.get('aof_enabled') !== '0' || save === undefined || save !== '') return null;
  const fix = 'set appendonly yes (with appendfsync everysec at the least), on a disk that survives the server';
  return warning('persistence-off', `${name} keeps nothing on a disk: its restart signs everybody out`, fix);
}

function judgeSaving({ name, info }: ServerFacts): StoreFinding | null {
  const failing = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].filter(
    (line) => info?.get(line) === 'err',
  );
  if (failing.length === 0) return null;
  const message = `${name} could not save to its disk the last time (${failing.join(', ')})`;
  return warning('persistence-failing', message, 'free space on the disk, or see the log of the server');
}

function judgeReplicas({ name, info, config }: ServerFacts, { waitReplicas }: Expectations): StoreFinding | null {
  if (info === null) return null;
  const replicas = Number(info.get('connected_slaves') ?? 0);
  if (waitReplicas !== null) {
    if (replicas >= waitReplicas.replicas) return null;
    const message = `${name} has ${replicas} replicas, and waitReplicas asks for ${waitReplicas.replicas}: no sign-in succeeds`;
    return problem('too-few-replicas', message, 'start the missing replicas, or ask for fewer');
  }
  if (replicas === 0 || config === null || Number(config.get('min-replicas-to-write') ?? 0) > 0) return null;
  const message = `${name} replicates after it has answered: a failover can undo the last moment, sign-outs among it`;
  return warning('asynchronous-replication', message, 'choose waitReplicas, and set min-replicas-to-write to 1');
}

function judgeClock({ name, time }: ServerFacts): StoreFinding | null {
  if (time === null) return null;
  const seconds = Math.round((time.theirs - time.ours) / 1000);
  if (Math.abs(time.theirs - time.ours) <= CLOCK_TOLERANCE_MS) return null;
  const message = `the clock of ${name} is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
  return warning('clock-difference', message, 'let NTP set the clocks of both hosts');
}

function judgeSharing({ name, sample }: ServerFacts, { prefix }: Expectations): StoreFinding | null {
  const ours = [`${prefix}:`, ...KIN];
  const foreign = sample.filter((key) => !ours.some((beginning) => key.startsWith(beginning))).length;
  if (foreign < FOREIGN_KEYS || foreign < sample.length * FOREIGN_SHARE) return null;
  const share = Math.round((100 * foreign) / sample.length);
  const message = `about ${share} % of the keys on ${name} in this database are somebody else's: who clears them (FLUSHDB) signs people out`;
  return warning('shared-database', message, 'give sessions a Redis of their own, or at least a database number');
}

function judgeListpack({ name, config }: ServerFacts): StoreFinding | null {
  const entries = Number(config?.get('hash-max-listpack-entries') ?? LISTPACK_ENTRIES);
  const value = Number(config?.get('hash-max-listpack-value') ?? LISTPACK_VALUE);
  if (entries >= LISTPACK_ENTRIES && value >= LISTPACK_VALUE) return null;
  const message = `${name} packs only hashes of up to ${entries} fields of ${value} bytes: sessions take several times the memory`;
  const fix = `set hash-max-listpack-entries to ${LISTPACK_ENTRIES} and hash-max-listpack-value to ${LISTPACK_VALUE}, or more`;
  return warning('small-listpack', message, fix);
}

function judgeUnchecked({ name, info, config, time }: ServerFacts): StoreFinding | null {
  const missing: string[] = [];
  if (info === null) missing.push('version, role and memory (INFO)');
  if (config === null && info?.get('aof_enabled') !== '1') missing.push('persistence (CONFIG GET)');
  if (info === null && config === null) missing.push('the eviction policy (INFO or CONFIG GET)');
  if (time === null) missing.push('the clock (TIME)');
  if (missing.length === 0) return null;
  const fix = 'look them up where the server is managed: noeviction, persistence on; or allow these commands';
  return warning('not-checked', `our user may not ask ${name} about ${missing.join(', ')}`, fix);
}

function problem(code: string, message: string, fix: string): StoreFinding {
  return { severity: 'problem', code, message, fix };
}

function warning(code: string, message: string, fix: string): StoreFinding {
  return { severity: 'warning', code, message, fix };
}

function megabytes(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1_048_576)} MiB`;
}
