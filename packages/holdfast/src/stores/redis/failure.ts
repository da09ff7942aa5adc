/** What Redis and the network say, each as one sentence with the fix. No sentence holds a password. */
import { HoldfastError, StoreUnreachableError } from '../../core/errors.ts';

/**
 * `unreachable`: it may pass by itself. `unusable`: somebody must change a setting, so at a start it is told as
 * `store-unusable`; once a store runs, it is unreachable like anything else.
 */
type Kind = 'unreachable' | 'unusable';
type Sentence = (where: string, message: string) => string;

/** First word of Redis's error replies → what to say. */
const REPLIES: Readonly<Record<string, readonly [Kind, Sentence]>> = {
  WRONGPASS: ['unusable', (at) => `${at} refused the user name or password: set the right ones in the URL`],
  NOAUTH: ['unusable', (at) => `${at} wants a password: write it into the URL, redis://user:password@host`],
  NOPERM: ['unusable', (at, message) => `the user on ${at} ${refused(message)}`],
  READONLY: [
    'unreachable',
    (at) => `${at} is a replica, which takes no writes: name the primary, or use redis-sentinel://`,
  ],
  LOADING: ['unreachable', (at) => `${at} is still loading its data: it answers when it is done`],
  BUSY: ['unreachable', (at) => `${at} is held up by somebody's long script: find it, or send SCRIPT KILL`],
  MASTERDOWN: ['unreachable', (at) => `${at} is a replica that has lost its primary: bring the primary back`],
  OOM: ['unreachable', (at) => `${at} has used up its maxmemory: give it more; sessions can still be read`],
  MISCONF: [
    'unreachable',
    (at) => `${at} cannot save to its disk and stopped taking writes: free space or mend the disk`,
  ],
  NOREPLICAS: [
    'unreachable',
    (at) => `${at} has too few replicas to take writes (min-replicas-to-write): bring them back`,
  ],
  CLUSTERDOWN: ['unreachable', (at) => `the cluster of ${at} does not serve all slots: bring the missing nodes back`],
  TRYAGAIN: ['unreachable', (at) => `${at} is moving the slot to another node: it will be answered when that is done`],
  CROSSSLOT: ['unusable', (at) => `${at} found keys of two slots in one command: choose a prefix without braces`],
  MOVED: ['unusable', (at) => `${at} is a node of a cluster: write the URL as redis-cluster://`],
  NOPROTO: ['unusable', (at) => `${at} does not speak RESP3: use Redis 7.0 or newer, or Valkey`],
  UNKILLABLE: ['unreachable', (at) => `${at} is held up by a script that has written already: restart it`],
};

/** Replies that are told apart by their text, because Redis gives them no word of their own. */
const TEXTS: readonly (readonly [RegExp, Kind, Sentence])[] = [
  [
    /DB index is out of range/i,
    'unusable',
    (at) => `${at} has no database of that number: choose one below its setting "databases"`,
  ],
  [
    /SELECT is not allowed in cluster/i,
    'unusable',
    (at) => `${at} is a cluster, which has database 0 only: leave the number out`,
  ],
  [
    /AUTH.*without any password|no password is set/i,
    'unusable',
    (at) => `${at} has no password: take it out of the URL`,
  ],
  [/unknown command.*HELLO/i, 'unusable', (at) => `${at} is too old: use Redis 7.0 or newer, or Valkey`],
  [/unknown command.*EVALSHA_RO/i, 'unusable', (at) => `${at} is too old: use Redis 7.0 or newer, or Valkey`],
  [
    /max number of clients reached/i,
    'unreachable',
    (at) => `${at} has no connection left: raise its setting maxclients`,
  ],
  [/Socket closed unexpectedly/, 'unreachable', (at) => `${at} closed the connection: check that Redis runs`],
  [
    /Disconnects client|client is (closed|offline)/i,
    'unreachable',
    (at) => `the connection to ${at} was given up: it is made again by itself`,
  ],
  [
    /No such master with that name/i,
    'unusable',
    (at) => `the sentinels of ${at} watch no primary of that name: correct it in the URL`,
  ],
  [/cluster support disabled/i, 'unusable', (at) => `${at} is no cluster: write the URL as redis://`],
  [
    /The queue is full/,
    'unreachable',
    (at) => `too many commands wait for ${at}: it is slower than what is asked of it`,
  ],
];

/** Codes of Node's network and TLS errors. */
const NETWORK: Readonly<Record<string, readonly [Kind, Sentence]>> = {
  ECONNREFUSED: ['unreachable', (at) => `nothing listens on ${at}: start Redis there, or correct the URL`],
  ECONNRESET: ['unreachable', (at) => `the connection to ${at} broke: check that Redis runs and what lies between`],
  EPIPE: ['unreachable', (at) => `the connection to ${at} broke: check that Redis runs and what lies between`],
  ETIMEDOUT: ['unreachable', (at) => `${at} did not answer: check the address, the firewall and that Redis runs`],
  EHOSTUNREACH: ['unreachable', (at) => `there is no way to ${at}: check the address and the network`],
  ENETUNREACH: ['unreachable', (at) => `there is no way to ${at}: check the address and the network`],
  ENOTFOUND: ['unreachable', (at) => `the name in ${at} is not known: correct the URL, or check the DNS`],
  EAI_AGAIN: ['unreachable', (at) => `the name in ${at} could not be looked up: check the DNS`],
  ENOENT: ['unreachable', (at) => `there is no socket at ${at}: start Redis with that unixsocket, or correct the path`],
  EACCES: ['unusable', (at) => `this process may not open ${at}: give its user access to it (unixsocketperm)`],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['unusable', selfSigned],
  SELF_SIGNED_CERT_IN_CHAIN: ['unusable', selfSigned],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['unusable', selfSigned],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['unusable', selfSigned],
  CERT_HAS_EXPIRED: ['unusable', (at) => `the certificate of ${at} has expired: renew it`],
  CERT_NOT_YET_VALID: ['unusable', (at) => `the certificate of ${at} is not valid yet: check the clocks`],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'unusable',
    (at) => `the certificate of ${at} is for another host: use the name that is in it`,
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: [
    'unusable',
    (at) => `${at} does not speak TLS: use its TLS port, or write redis:// without the second s`,
  ],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: [
    'unusable',
    (at) => `${at} does not speak TLS: use its TLS port, or write redis:// without the second s`,
  ],
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: ['unusable', clientCertificate],
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: ['unusable', clientCertificate],
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: ['unusable', clientCertificate],
};

function selfSigned(where: string): string {
  return `the certificate of ${where} is signed by an authority this process does not know: give it with tls.ca`;
}

function clientCertificate(where: string): string {
  return `${where} wants a client certificate of its own authority: give tls.cert and tls.key`;
}

/** What a NOPERM says is missing. Redis 7.0 and later name the command; none names the key. */
function refused(message: string): string {
  const command = /'([\w|-]+)' command/.exec(message)?.[1];
  const cache = command === 'client|tracking' ? ', or choose cache: false' : '';
  if (command !== undefined) {
    return `may not run ${command.toUpperCase()}: allow it with ACL SETUSER <user> +${command}${cache}`;
  }
  if (/key/i.test(message)) return 'may not use our keys: allow them with ACL SETUSER <user> ~<prefix>:*';
  return `lacks a permission that is needed: ${message}`;
}

/** The first word of what Redis answered (`WRONGTYPE`, `MOVED` …), also from within our own error; null for any other. */
export function redisErrorCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof HoldfastError) return redisErrorCode(error.cause);
  return /^-?([A-Z][A-Z0-9_]*)(?: |$)/.exec(error.message)?.[1] ?? null;
}

/** One sentence, and whether it can pass by itself. */
function explain(error: unknown, where: string): { kind: Kind; sentence: string } {
  const message = error instanceof Error ? error.message : String(error);
  const known = REPLIES[redisErrorCode(error) ?? ''] ?? NETWORK[networkCode(error) ?? ''];
  if (known !== undefined) return { kind: known[0], sentence: known[1](where, message) };
  for (const [pattern, kind, sentence] of TEXTS) {
    if (pattern.test(message)) return { kind, sentence: sentence(where, message) };
  }
  if (/Connection timeout/.test(message)) return { kind: 'unreachable', sentence: timedOut(where) };
  if (/Unknown RESP type/.test(message)) {
    return { kind: 'unusable', sentence: `what answers on ${where} is not Redis: correct host and port` };
  }
  return { kind: 'unreachable', sentence: `${where} failed: ${message}` };
}

function timedOut(where: string): string {
  return `${where} did not answer: check the address, the firewall and that Redis runs`;
}

function networkCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // A name with several addresses fails with all their errors in one.
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** What a running store throws for it. */
export function toUnreachable(thrown: unknown, where: string): StoreUnreachableError {
  if (thrown instanceof StoreUnreachableError) return thrown;
  const error = withoutArguments(thrown);
  return new StoreUnreachableError(explain(error, where).sentence, { cause: error });
}

/** Redis quotes a command that it does not know with what came behind it: behind HELLO and AUTH, that is the password. */
function withoutArguments(error: unknown): unknown {
  const quoted = error instanceof Error ? /^(.*?),? with args beginning with:/s.exec(error.message) : null;
  return quoted === null ? error : new Error(quoted[1]);
}

/** {@link toUnreachable} for a connection that never came about, where TLS on one side alone can be the reason. */
export function toConnectFailure(error: unknown, where: string, tls: boolean): StoreUnreachableError {
  const failure = toUnreachable(error, where);
  const silent = /Connection timeout/.test(error instanceof Error ? error.message : '');
  const broke = networkCode(error) === 'ECONNRESET' || /closed unexpectedly/.test(String(error));
  if (!(tls ? silent : broke)) return failure;
  const hint = tls ? 'if it has no TLS, write redis without the second s' : 'if it expects TLS, write rediss';
  return new StoreUnreachableError(`${failure.message}; ${hint}`, { cause: failure.cause });
}

/** What a start throws for it: `store-unusable` where waiting does not help. */
export function toStartFailure(error: unknown, where: string): HoldfastError {
  if (error instanceof HoldfastError && !(error instanceof StoreUnreachableError)) return error;
  // A connection that was refused is told as unreachable, with what Redis said as its cause.
  const original = withoutArguments(error instanceof StoreUnreachableError ? (error.cause ?? error) : error);
  const { kind, sentence } = explain(original, where);
  if (kind === 'unreachable') return toUnreachable(error, where);
  return new HoldfastError('store-unusable', sentence, { cause: original });
}

/** The port was closed and is used nevertheless. */
export function closedFailure(where: string): StoreUnreachableError {
  return new StoreUnreachableError(`the store on ${where} was closed`);
}
