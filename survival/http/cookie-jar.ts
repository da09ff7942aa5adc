/** A browser's cookie store (RFC 6265bis 5.7 and 5.8), with prefixes, priorities and the eviction that Chromium does. */
import { readSetCookie, type SetCookie } from './set-cookie.ts';

interface Kept extends SetCookie {
  readonly host: string;
  readonly hostOnly: boolean;
  readonly keptPath: string;
  readonly createdAt: number;
  /** Milliseconds since 1970 by the jar's clock; infinite for a session cookie. */
  readonly expiresAt: number;
  usedAt: number;
}

/** Chromium keeps 180 cookies per registrable domain, and goes down to 150 when there are more. */
const DOMAIN_LIMIT = 180;
const DOMAIN_PURGED = 150;
const QUOTA = { low: 30, medium: 50, high: 70 } as const;
const ROUNDS = [
  { priority: 'low', secureToo: false },
  { priority: 'low', secureToo: true },
  { priority: 'medium', secureToo: false },
  { priority: 'high', secureToo: false },
  { priority: 'medium', secureToo: true },
  { priority: 'high', secureToo: true },
] as const;

export interface JarOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The registrable domain of the hosts in here, all of them below `.test`. */
function siteOf(host: string): string {
  return host.split('.').slice(-2).join('.');
}

export class CookieJar {
  readonly #clock: () => number;
  #cookies: Kept[] = [];
  #ticks = 0;

  constructor({ clock }: JarOptions) {
    this.#clock = clock;
  }

  /** Keeps what an answer of `https://host` set; lines that a browser refuses are refused. */
  keep(host: string, requestPath: string, lines: readonly string[]): void {
    for (const line of lines) this.#keepOne(host, requestPath, line);
    this.#evict(siteOf(host));
  }

  /** The Cookie header for a request; empty when there is none. */
  header(host: string, path: string): string {
    this.#forgetExpired();
    const found = this.#cookies.filter((cookie) => reaches(cookie, host, path));
    // Longer paths first, then the older ones (5.8.3).
    found.sort((a, b) => b.keptPath.length - a.keptPath.length || a.createdAt - b.createdAt);
    for (const cookie of found) cookie.usedAt = ++this.#ticks;
    return found.map(({ name, value }) => (name === '' ? value : `${name}=${value}`)).join('; ');
  }

  /** The names of everything that is kept. */
  get names(): readonly string[] {
    this.#forgetExpired();
    return this.#cookies.map(({ name }) => name);
  }

  /** The same cookies in a jar of their own: another device with a stolen copy, or a moment to go back to. */
  copy(): CookieJar {
    const jar = new CookieJar({ clock: this.#clock });
    jar.#cookies = this.#cookies.map((cookie) => ({ ...cookie }));
    jar.#ticks = this.#ticks;
    return jar;
  }

  #keepOne(host: string, requestPath: string, line: string): void {
    const now = this.#clock();
    const set = readSetCookie(line, now);
    if (set === null || !isAcceptable(set, host)) return;
    const keptPath = set.path ?? defaultPath(requestPath);
    const cookie: Kept = {
      ...set,
      host: set.domain ?? host,
      hostOnly: set.domain === null,
      keptPath,
      createdAt: ++this.#ticks,
      usedAt: this.#ticks,
      expiresAt: set.lifeSeconds === null ? Number.POSITIVE_INFINITY : now + set.lifeSeconds * 1000,
    };
    const former = this.#cookies.find((other) => isSame(other, cookie));
    this.#cookies = this.#cookies.filter((other) => other !== former);
    if (cookie.expiresAt > now) this.#cookies.push({ ...cookie, createdAt: former?.createdAt ?? cookie.createdAt });
  }

  #forgetExpired(): void {
    const now = this.#clock();
    this.#cookies = this.#cookies.filter(({ expiresAt }) => expiresAt > now);
  }

  /** In the rounds of Chromium: each removes the longest unused of its kind, and leaves a priority its quota. */
  #evict(site: string): void {
    const mine = this.#cookies.filter(({ host }) => siteOf(host) === site);
    let excess = mine.length > DOMAIN_LIMIT ? mine.length - DOMAIN_PURGED : 0;
    const gone = new Set<Kept>();
    for (const { priority, secureToo } of ROUNDS) {
      const left = mine.filter((cookie) => cookie.priority === priority && !gone.has(cookie));
      const removable = Math.min(excess, Math.max(0, left.length - QUOTA[priority]));
      const candidates = left.filter(({ secure }) => secureToo || !secure).sort((a, b) => a.usedAt - b.usedAt);
      for (const cookie of candidates.slice(0, removable)) {
        gone.add(cookie);
        excess -= 1;
      }
    }
    this.#cookies = this.#cookies.filter((cookie) => !gone.has(cookie));
  }
}

function isAcceptable(set: SetCookie, host: string): boolean {
  if (set.domain !== null) {
    const covers = set.domain === host || host.endsWith(`.${set.domain}`);
    // A single label is a public suffix.
    if (!covers || !set.domain.includes('.')) return false;
  }
  if (set.sameSite === 'none' && !set.secure) return false;
  const lower = set.name.toLowerCase();
  if (lower.startsWith('__host-')) return set.secure && set.domain === null && set.path === '/';
  if (lower.startsWith('__secure-')) return set.secure;
  // Without a name a value could pretend to be a prefixed cookie (5.7 step 18).
  return !(set.name === '' && /^__(?:host|secure)-/i.test(set.value));
}

function isSame(a: Kept, b: Kept): boolean {
  return a.name === b.name && a.host === b.host && a.hostOnly === b.hostOnly && a.keptPath === b.keptPath;
}

function reaches(cookie: Kept, host: string, path: string): boolean {
  if (cookie.hostOnly ? cookie.host !== host : cookie.host !== host && !host.endsWith(`.${cookie.host}`)) return false;
  const [plain = '/'] = path.split('?');
  const { keptPath } = cookie;
  return plain === keptPath || plain.startsWith(keptPath.endsWith('/') ? keptPath : `${keptPath}/`);
}

function defaultPath(requestPath: string): string {
  const [plain = '/'] = requestPath.split('?');
  const last = plain.lastIndexOf('/');
  return last <= 0 ? '/' : plain.slice(0, last);
}
