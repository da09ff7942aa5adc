/** The HTTP options resolved once: the two cookies of a session, every scope they may sit in, and the listed origins. */
import { type Cookie, type CookieOptions, cookieProblems, createCookie } from '../core/cookie.ts';
import { HoldfastError } from '../core/errors.ts';
import { cookieBaseName } from '../protocol/names.ts';
import type { HttpOptions } from './exchange.ts';

/** What an exchange needs to know; frozen. */
export interface CookieSet {
  readonly access: Cookie;
  readonly refresh: Cookie;
  /** The same names in all other scopes that were ever configured, and host-only twins that a former setting left. */
  readonly others: readonly Cookie[];
  readonly origins: ReadonlySet<string>;
  /** Whether requests that may change something may be answered from what was last known of a session. */
  readonly allowStaleWrites: boolean;
}

interface Scope {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
}

/** What all cookies of a set have in common. */
interface Kind {
  readonly insecure: boolean;
  readonly partitioned: boolean;
}

/** Longer names would leave no room for a token within the 4096 octets of a cookie. */
const MAX_NAME = 1024;
const HTTP_ORIGIN = /^https?:/i;
/** Schemes of app shells and extensions (`capacitor://localhost`), for which URL knows no origin. */
const OTHER_ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(?::\d+)?$/;
const LOOPBACK_HOST = /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Throws one `invalid-option` that names everything that cannot work. */
export function resolveCookieSet(options: HttpOptions): CookieSet {
  const { cookieName = 'session', cookieDomain, refreshPath = '/', formerScopes = [] } = options;
  const insecure = options.insecureLoopbackCookies === true;
  const partitioned = options.partitioned === true;
  const problems = [
    ...originProblems(options.origins, insecure),
    ...nameProblems(cookieName),
    ...scopeProblems('cookieDomain', 'refreshPath', { domain: cookieDomain, path: refreshPath }),
    ...formerScopes.flatMap((scope, i) => scopeProblems(`formerScopes[${i}].domain`, `formerScopes[${i}].path`, scope)),
  ];
  if (insecure && cookieDomain !== undefined && !LOOPBACK_HOST.test(cookieDomain)) {
    problems.push('cookieDomain: must be left out, or be localhost, with insecureLoopbackCookies');
  }
  if (partitioned && insecure)
    problems.push('partitioned: must be left out with insecureLoopbackCookies; it needs Secure');
  if (partitioned && cookieDomain !== undefined) problems.push('partitioned: must be left out with cookieDomain');
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));

  const kind: Kind = { insecure, partitioned };
  const [access, refresh] = cookiesIn({ domain: cookieDomain, path: refreshPath }, cookieName, kind);
  const others = new Map<string, Cookie>();
  for (const cookie of [access, refresh]) {
    // A cookie that is not `__Host-` can have a twin without Domain under the very same name.
    const twin = createCookie({ name: cookie.name, path: cookie.path, ...attributesOf(kind) });
    others.set(twin.identity, twin);
  }
  for (const scope of formerScopes) {
    for (const cookie of cookiesIn(scope, cookieName, kind)) others.set(cookie.identity, cookie);
  }
  others.delete(access.identity);
  others.delete(refresh.identity);
  return Object.freeze({
    allowStaleWrites: options.allowStaleWrites === true,
    access,
    refresh,
    others: Object.freeze([...others.values()]),
    origins: new Set(options.origins),
  });
}

/** The access and the refresh cookie of a scope, and for a confined refresh cookie also its form with the Domain. */
function cookiesIn(scope: Scope, name: string, kind: Kind): [Cookie, Cookie, ...Cookie[]] {
  const { domain, path = '/' } = scope;
  const make = (token: 'access' | 'refresh', place: Scope): Cookie => {
    const confined = place.domain !== undefined || (place.path ?? '/') !== '/';
    const prefix = kind.insecure ? '' : confined ? '__Secure-' : '__Host-';
    return createCookie({
      name: prefix + cookieBaseName(name, token),
      ...attributesOf(kind),
      ...(place.domain === undefined ? {} : { domain: place.domain }),
      path: place.path ?? '/',
    });
  };
  const access = make('access', { domain });
  if (path === '/') return [access, make('refresh', { domain })];
  // Confined to a path it is confined to the host as well, so that siblings only ever see the short-lived token.
  const refresh = make('refresh', { path });
  return domain === undefined ? [access, refresh] : [access, refresh, make('refresh', { domain, path })];
}

function attributesOf({
  insecure,
  partitioned,
}: Kind): Pick<CookieOptions, 'insecureLoopback' | 'sameSite' | 'partitioned'> {
  return { insecureLoopback: insecure, ...(partitioned ? { sameSite: 'None', partitioned } : {}) };
}

function originProblems(origins: unknown, insecure: boolean): string[] {
  if (!Array.isArray(origins) || origins.length === 0) {
    return ['origins: list at least the public origin of this service, e.g. ["https://app.example"]'];
  }
  const problems: string[] = [];
  origins.forEach((origin: unknown, i) => {
    const problem = originProblem(origin, insecure);
    if (problem !== null) problems.push(`origins[${i}]: ${problem}`);
  });
  return problems;
}

function originProblem(origin: unknown, insecure: boolean): string | null {
  if (typeof origin !== 'string') return 'must be text such as "https://app.example"';
  const shown = JSON.stringify(origin.slice(0, 120));
  if (!HTTP_ORIGIN.test(origin)) {
    if (OTHER_ORIGIN.test(origin)) return null;
    return `${shown} is not an origin; write scheme, host and port as in "https://app.example"`;
  }
  const parsed = URL.parse(origin);
  if (parsed === null || parsed.hostname.includes('*')) {
    return `${shown} is not an origin; each is listed in full, without wildcards`;
  }
  if (parsed.origin !== origin) return `browsers never send ${shown}; write ${JSON.stringify(parsed.origin)}`;
  if (insecure && !LOOPBACK_HOST.test(parsed.hostname)) {
    return `${shown} is not on loopback, and insecureLoopbackCookies is for loopback only`;
  }
  return null;
}

function nameProblems(name: string): string[] {
  if (typeof name !== 'string' || name === '') return ['cookieName: must not be empty'];
  if (/^__(?:host|secure|http)-/i.test(name)) return ['cookieName: leave out the prefix, it is added'];
  if (name.length > MAX_NAME) return [`cookieName: must have at most ${MAX_NAME} characters`];
  return cookieProblems({ name }).map((problem) => `cookieName: ${problem}`);
}

function scopeProblems(domainOption: string, pathOption: string, scope: Scope): string[] {
  const { domain, path } = scope;
  return [
    ...(domain === undefined ? [] : cookieProblems({ name: 'a', domain }).map((text) => `${domainOption}: ${text}`)),
    ...(path === undefined ? [] : cookieProblems({ name: 'a', path }).map((text) => `${pathOption}: ${text}`)),
  ];
}
