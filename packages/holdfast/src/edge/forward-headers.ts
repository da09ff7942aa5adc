/** What an upstream is told in headers: what the browser sent, without what it must not say, and what the edge knows. */

/** What the edge itself knows of a request. */
export interface Forwarding {
  readonly requestId: string;
  readonly clientIp: string | null;
  readonly trusted: boolean;
  readonly protocol: string;
  readonly host: string;
  /** The prefix that was taken off the path; empty for none. */
  readonly strippedPrefix: string;
  readonly upgrade: boolean;
}

/** For one connection only (RFC 9110 7.6.1); `Expect` was answered by whoever holds the connection to the browser. */
const HOP_BY_HOP =
  /^(?:connection|keep-alive|te|trailers?|transfer-encoding|upgrade|expect|http2-settings|proxy-(?!status$).*)$/;

/** Who somebody is, which only the service may say; and our own word to it. */
const IDENTITY =
  /^(?:remote-.*|x-auth-request-.*|x-forwarded-(?:user|email|groups|preferred-username|access-token)|x-session-(?:id|expires|assertion)|x-edge-.*)$/;

/** Where somebody comes from, in all the names that frameworks read it from. */
const ORIGINATION =
  /^(?:forwarded|x-forwarded(?:-.*)?|x-original-.*|x-rewrite-url|x-real-ip|(?:x-|true-|x-cluster-|fastly-)client-ip|client-ip|cf-connecting-ip(?:v6)?|x-request-id)$/;

/** What a client cannot have removed by naming it in `Connection`: an upstream would decide on less than was sent. */
const PROTECTED = /^(?:cookie|authorization|origin|referer|host|content-.*|sec-.*)$/;

/** A header name as servers see it that turn `-` and `_` into one another (CGI, WSGI, Rack, PHP). */
const plain = (name: string): string => name.replace(/[^a-z0-9]/g, '-');

/** The headers for the upstream, without `Host`, which only the transport can set. */
export function requestHeaders(received: Headers, facts: Forwarding): Headers {
  const { trusted } = facts;
  const headers = new Headers();
  const named = connectionNames(received);
  for (const [name, value] of received) {
    const spelled = plain(name);
    if (name === 'host' || HOP_BY_HOP.test(spelled) || IDENTITY.test(spelled)) continue;
    if (ORIGINATION.test(spelled)) {
      // `Forwarded` is not kept up to date here, so passing it on would say less than the truth.
      if (!trusted || spelled !== name || name === 'forwarded') continue;
    } else if (named.has(name) && !PROTECTED.test(name)) continue;
    headers.append(name, value);
  }
  if (facts.clientIp) headers.append('x-forwarded-for', facts.clientIp);
  if (!headers.has('x-forwarded-proto')) headers.set('x-forwarded-proto', facts.protocol);
  if (!headers.has('x-forwarded-host')) headers.set('x-forwarded-host', facts.host);
  if (facts.strippedPrefix) {
    headers.set('x-forwarded-prefix', (headers.get('x-forwarded-prefix') ?? '') + facts.strippedPrefix);
  }
  headers.set('x-request-id', facts.requestId);
  if (facts.upgrade) headers.set('upgrade', 'websocket');
  return headers;
}

/** Whether a header belongs to the connection with the upstream and not to its answer. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.test(name);
}

/** The names that `Connection` lists, lower case. */
export function connectionNames(headers: Headers): ReadonlySet<string> {
  return new Set((headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/));
}
