/** Tells the failures of PostgreSQL, its poolers and the network apart, and turns each into a sentence with its fix. */
import { HoldfastError, StoreUnreachableError } from '../../core/errors.ts';

interface Meaning {
  readonly sentence: (name: string, message: string) => string;
  /** It is set up in a way that cannot work; waiting does not mend it. */
  readonly unusable?: true;
}

const WRONG_PASSWORD: Meaning = {
  sentence: (name) => `${name} refused the password or the user: put the right ones into the URL`,
  unusable: true,
};
const NO_DATABASE: Meaning = {
  sentence: (name) => `${name} does not exist: create it with CREATE DATABASE, or name another one in the URL`,
  unusable: true,
};
const SILENT: Meaning = {
  sentence: (name) => `${name} did not answer in time: check that it is running and how busy it and the network are`,
};
const CUT: Meaning = {
  sentence: (name) => `the connection to ${name} broke: check the server's log and the network if this goes on`,
};
const NOT_FOUND: Meaning = {
  sentence: (name) => `${name}: the host name is unknown right now: check the name in the URL and the name server`,
};
const CONTENTION: Meaning = {
  sentence: (name) =>
    `${name} could not carry out an operation because others went on changing the same session: try again`,
};
const CERTIFICATE: Meaning = {
  sentence: (name, message) =>
    `the TLS certificate of ${name} is not trusted (${message}): name the authority by sslrootcert in the URL, or ` +
    'correct the certificate',
  unusable: true,
};
const PLAIN_TEXT: Meaning = {
  sentence: (name) => `${name} speaks no TLS: turn ssl on in the server, or take sslmode out of the URL`,
  unusable: true,
};

/** SQLSTATE (PostgreSQL's manual, appendix A) or the code of a Node error. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '28P01': WRONG_PASSWORD,
  '28000': {
    sentence: (name, message) =>
      `${name} does not let this user in (${message}): correct the URL, or allow it in pg_hba.conf`,
    unusable: true,
  },
  '3D000': NO_DATABASE,
  '42501': {
    sentence: (name, message) => `${name}: a permission is missing (${message}): GRANT it to the role in the URL`,
    unusable: true,
  },
  '3F000': missing(),
  '42P01': missing(),
  '42703': missing(),
  '23505': { sentence: (name) => `${name} was asked by two at once to make the same row: try again` },
  '25006': {
    sentence: (name) => `${name} takes no writes, it is a standby or set to read-only: put the primary into the URL`,
    unusable: true,
  },
  '53100': { sentence: (name) => `the disk of ${name} is full: free some space; sessions can still be read` },
  '53200': { sentence: (name) => `${name} ran out of memory: give it more` },
  '53300': {
    sentence: (name) => `${name} has no connection left: raise max_connections there, or lower maxConnections here`,
  },
  '53400': { sentence: (name) => `${name} reached a limit of its configuration: look into its log` },
  '54000': { sentence: (name) => `${name} cannot keep a session that large: keep an id in it and the data elsewhere` },
  '57014': {
    sentence: (name) => `${name} did not finish in time: look for locks, a slow disk, or raise statementTimeoutMs`,
  },
  '57P01': { sentence: (name) => `${name} is being shut down or ended the connection: it is back when it is started` },
  '57P02': { sentence: (name) => `${name} crashed and restarts by itself: look into its log` },
  '57P03': { sentence: (name) => `${name} is starting up or shutting down: it answers when it is done` },
  '57P05': CUT,
  '25P03': CUT,
  '26000': CUT,
  '40001': CONTENTION,
  '40P01': CONTENTION,
  '55P03': CONTENTION,
  '58030': { sentence: (name) => `the disk of ${name} failed: check its log and the disk` },
  XX001: { sentence: (name) => `${name} found damaged data: look into its log and restore a backup` },
  XX002: { sentence: (name) => `${name} found a damaged index: look into its log and run REINDEX` },
  ECONNREFUSED: { sentence: (name) => `${name} is not there: start it, or correct host and port in the URL` },
  ENOENT: { sentence: (name) => `${name} is not there: start it, or correct the path of its socket in the URL` },
  EACCES: { sentence: (name) => `this user may not use the socket of ${name}: change its permissions`, unusable: true },
  ENOTFOUND: NOT_FOUND,
  EAI_AGAIN: NOT_FOUND,
  ECONNRESET: CUT,
  EPIPE: CUT,
  ETIMEDOUT: SILENT,
  EHOSTUNREACH: { sentence: (name) => `no way leads to ${name}: check the network and the host in the URL` },
  ENETUNREACH: { sentence: (name) => `no way leads to ${name}: check the network and the host in the URL` },
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  CERT_HAS_EXPIRED: CERTIFICATE,
  CERT_NOT_YET_VALID: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
};

/** What has no code of its own: `pg` and its pool, and PgBouncer, whose errors all have 08P01. */
const WORDS: readonly (readonly [RegExp, Meaning])[] = [
  [/timeout exceeded when trying to connect|Query read timeout|connection timeout|^timeout expired/i, SILENT],
  [/does not support SSL/i, PLAIN_TEXT],
  [/password authentication failed|SASL|client password must be/i, WRONG_PASSWORD],
  [/no such database|database "[^"]*" does not exist/i, NO_DATABASE],
  [/no such user/i, WRONG_PASSWORD],
  [/query_wait_timeout|no more connections allowed|pgbouncer cannot connect|server login (has been|failed)/i, SILENT],
  [/terminated|not queryable|server conn(ection)? (crashed|closed)|server closed|shutting down/i, CUT],
];

function missing(): Meaning {
  return {
    sentence: (name, message) =>
      `${name} lacks a table of ours (${message}): restore it, or start this process again, which makes what is missing`,
    unusable: true,
  };
}

/** SQLSTATE or Node's code, also of the error behind one of ours; empty when there is none. */
export function codeOf(error: unknown): string {
  if (error instanceof HoldfastError) return codeOf(error.cause);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Whether the same statement may well succeed when it is sent again: nothing of it was done. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

/**
 * Whether PostgreSQL itself answered, so that the connection can go on being used. One that leads to a primary which was
 * demoted (25006) cannot: a new one may lead to its successor.
 */
export function leavesConnectionUsable(error: unknown): boolean {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P|25P|25006|53300|XX)/.test(code) && code in MEANINGS;
}

/** Whether the connection broke under the statement, as each one does once after a server was restarted. */
export function isCut(error: unknown): boolean {
  const code = codeOf(error);
  if (code === '57P01' || code === 'ECONNRESET' || code === 'EPIPE') return true;
  return (
    !(code in MEANINGS) && error instanceof Error && WORDS.find(([words]) => words.test(error.message))?.[1] === CUT
  );
}

/** Whether a pooler refused a setting that PostgreSQL would have taken at the start of a connection. */
export function isRefusedParameter(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message);
}

/** What an operation throws for an error that came out of `pg`. */
export function toFailure(error: unknown, name: string): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const { sentence } = meaningOf(error);
  return new StoreUnreachableError(sentence(name, messageOf(error)), { cause: withoutRows(error) });
}

/** What opening the store throws: the same, but `store-unusable` where waiting does not help. */
export function toOpeningFailure(error: unknown, name: string): HoldfastError {
  const failure = toFailure(error, name);
  if (!(failure instanceof StoreUnreachableError) || meaningOf(failure.cause).unusable !== true) return failure;
  return new HoldfastError('store-unusable', failure.message, { cause: failure.cause });
}

/** The store was closed and is used nevertheless. */
export function closed(name: string): StoreUnreachableError {
  return new StoreUnreachableError(`the store on ${name} was closed`);
}

function meaningOf(error: unknown): Meaning {
  const code = codeOf(error);
  const known = MEANINGS[code] ?? (code.startsWith('ERR_SSL') || code.startsWith('CERT_') ? CERTIFICATE : undefined);
  if (known !== undefined) return known;
  const message = messageOf(error);
  return (
    WORDS.find(([words]) => words.test(message))?.[1] ?? {
      sentence: (name) => `${name} failed${code === '' ? '' : ` with ${code}`} (${message}): look into its log`,
    }
  );
}

function messageOf(error: unknown): string {
  // Several addresses of one name: Node puts the failure of each into one error without words of its own.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** PostgreSQL may quote a row or a parameter, and what a session holds must not get into a log. */
function withoutRows(error: unknown): unknown {
  if (error instanceof Error && 'detail' in error) error.detail = undefined;
  if (error instanceof Error && 'where' in error) error.where = undefined;
  return error;
}
