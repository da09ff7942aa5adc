/** Takes the URL of a Redis apart. What it says of a bad one quotes nothing of it: any part may be the password. */

/** Where a server listens. */
export type RedisEndpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a URL names. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** The server; or the sentinels; or some nodes of the cluster. */
  readonly endpoints: readonly RedisEndpoint[];
  /** Null: the user that Redis calls `default`. */
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  /** What the sentinels call the primary; null for other kinds. */
  readonly primaryName: string | null;
  /** Sentinels have users and passwords of their own. */
  readonly sentinelUsername: string | null;
  readonly sentinelPassword: string | null;
}

/** Why a URL cannot be used, with the fix. */
export interface BadRedisUrl {
  readonly problem: string;
}

const KINDS: Readonly<Record<string, Pick<RedisAddress, 'kind' | 'tls'>>> = {
  redis: { kind: 'single', tls: false },
  rediss: { kind: 'single', tls: true },
  'redis-sentinel': { kind: 'sentinel', tls: false },
  'rediss-sentinel': { kind: 'sentinel', tls: true },
  'redis-cluster': { kind: 'cluster', tls: false },
  'rediss-cluster': { kind: 'cluster', tls: true },
};
const DEFAULT_PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const;
const ENCODE = 'write special characters in user and password percent-encoded, such as %40 for @ and %2F for /';

/** Thrown within this file only. */
class Problem extends Error {}

/** The form of each URL is described at `RedisStoreOptions.url`. */
export function parseRedisUrl(url: string): RedisAddress | BadRedisUrl {
  try {
    return parse(url);
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}

/** `host:port` as it is written in messages. */
export function endpointName(endpoint: RedisEndpoint): string {
  if ('path' in endpoint) return endpoint.path;
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

/** The address as messages call it: without user and password. */
export function addressName({ kind, tls, endpoints, primaryName }: RedisAddress): string {
  const scheme = `redis${tls ? 's' : ''}${kind === 'single' ? '' : `-${kind}`}`;
  return `${scheme}://${endpoints.map(endpointName).join(',')}${primaryName === null ? '' : `/${primaryName}`}`;
}

function parse(url: string): RedisAddress {
  const match = /^([a-z][a-z+-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(url.trim());
  if (match === null) throw new Problem(`it must look like redis://user:password@host:6379/0; ${ENCODE}`);
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  // A password with an unencoded slash or question mark was cut in two: the rest then holds the @.
  if (`${path}${query}`.includes('@')) throw new Problem(ENCODE);
  if (scheme.toLowerCase() === 'redis+unix') return parseSocket(authority, path, query);
  const known = KINDS[scheme.toLowerCase()];
  if (known === undefined) {
    throw new Problem(`it must begin with ${Object.keys(KINDS).join('://, ')}:// or redis+unix://`);
  }
  const at = authority.lastIndexOf('@');
  const endpoints = authority
    .slice(at + 1)
    .split(',')
    .map((text) => parseEndpoint(text, DEFAULT_PORTS[known.kind]));
  if (known.kind === 'single' && endpoints.length > 1) {
    throw new Problem('several servers need redis-sentinel:// or redis-cluster://');
  }
  return {
    ...known,
    endpoints,
    ...parseUser(at === -1 ? '' : authority.slice(0, at)),
    ...parsePath(known.kind, path),
    ...parseQuery(known.kind, query),
  };
}

function parseSocket(authority: string, path: string, query: string): RedisAddress {
  const at = authority.lastIndexOf('@');
  if (authority.slice(at + 1) !== '' || path.length < 2) {
    throw new Problem('a socket is written redis+unix:///path/to/socket, with three slashes');
  }
  return {
    kind: 'single',
    tls: false,
    endpoints: [{ path: decode(path) }],
    ...parseUser(at === -1 ? '' : authority.slice(0, at)),
    database: parseDatabase(take(query, ['db']).db ?? ''),
    primaryName: null,
    sentinelUsername: null,
    sentinelPassword: null,
  };
}

function parseEndpoint(text: string, defaultPort: number): RedisEndpoint {
  const match = /^(\[[0-9a-f:.%]+\]|[^:[\]@\s]*)(?::([0-9]*))?$/i.exec(text);
  if (match === null) throw new Problem(`a server is written host:port; ${ENCODE}`);
  const [, host = '', portText = ''] = match;
  if (host === '') throw new Problem('the host is missing, as in redis://host:6379');
  const port = portText === '' ? defaultPort : Number(portText);
  if (port < 1 || port > 65_535) throw new Problem('a port is a number from 1 to 65535');
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function parseUser(text: string): Pick<RedisAddress, 'username' | 'password'> {
  const colon = text.indexOf(':');
  const username = decode(colon === -1 ? text : text.slice(0, colon));
  const password = colon === -1 ? '' : decode(text.slice(colon + 1));
  if (username !== '' && password === '') {
    throw new Problem('the password is missing: write user:password@host, or :password@host without a user');
  }
  return { username: username === '' ? null : username, password: password === '' ? null : password };
}

function parsePath(kind: RedisAddress['kind'], path: string): Pick<RedisAddress, 'primaryName' | 'database'> {
  const parts = path.split('/').slice(1);
  if (kind === 'sentinel') {
    const name = decode(parts[0] ?? '');
    if (name === '' || parts.length > 2) {
      throw new Problem("after the sentinels comes the primary's name, as in redis-sentinel://host:26379/mymaster/0");
    }
    return { primaryName: name, database: parseDatabase(parts[1] ?? '') };
  }
  if (parts.length > 1)
    throw new Problem('after the host comes the number of the database alone, as in redis://host:6379/0');
  const database = parseDatabase(parts[0] ?? '');
  if (kind === 'cluster' && database !== 0) throw new Problem('a cluster has database 0 only: leave the number out');
  return { primaryName: null, database };
}

function parseQuery(
  kind: RedisAddress['kind'],
  query: string,
): Pick<RedisAddress, 'sentinelUsername' | 'sentinelPassword'> {
  const names = kind === 'sentinel' ? ['sentinelUser', 'sentinelPassword'] : [];
  const { sentinelUser = null, sentinelPassword = null } = take(query, names);
  return { sentinelUsername: sentinelUser, sentinelPassword };
}

function take(query: string, names: readonly string[]): Readonly<Record<string, string>> {
  const taken: Record<string, string> = {};
  // In a form + is a space; in a password it is a plus.
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    if (!names.includes(name)) {
      throw new Problem(
        names.length === 0 ? 'nothing can follow a ? here' : `only ${names.join(' and ')} can follow the ?`,
      );
    }
    taken[name] = value;
  }
  return taken;
}

function parseDatabase(text: string): number {
  if (text === '') return 0;
  if (!/^[0-9]{1,6}$/.test(text)) throw new Problem('the database is a number from 0 up');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(ENCODE);
  }
}
