/** Cookies as browsers keep them (RFC 6265bis): finds ours in a Cookie header, and writes lines that no browser drops. */
import { HoldfastError } from './errors.ts';

/** Name and value together, in octets; a longer cookie is dropped without a word (RFC 6265bis 5.6). */
export const MAX_COOKIE_OCTETS: number = 4096;

/** The value of one attribute, in octets; a longer one is ignored (RFC 6265bis 5.6). */
export const MAX_ATTRIBUTE_OCTETS: number = 1024;

/** 400 days in seconds: the longest Max-Age that browsers grant (RFC 6265bis 5.5). */
export const MAX_AGE_SECONDS: number = 34_560_000;

/** Where a cookie lives. A `__Host-` or `__Secure-` name decides Secure, and `__Host-` also Path and Domain. */
export interface CookieOptions {
  /** The whole name, prefix included. */
  readonly name: string;
  /** Shares the cookie with the sub-domains of this host. Default: the host alone. Dropped for a `__Host-` name. */
  readonly domain?: string;
  /** Default `/`, and always `/` for a `__Host-` name. */
  readonly path?: string;
  /** Default `Lax`. `None` needs `partitioned`: browsers block other third-party cookies. */
  readonly sameSite?: 'Lax' | 'Strict' | 'None';
  /** One jar per embedding site (CHIPS). Default false. */
  readonly partitioned?: boolean;
  /** Leaves out Secure, for plain http on loopback; without effect on a prefixed name. Default false. */
  readonly insecureLoopback?: boolean;
}

/** One cookie of ours. Always HttpOnly and Priority=High: without it 180 cookies of a sibling host evict ours. */
export interface Cookie {
  readonly name: string;
  /** Name, Domain and Path: what makes it one cookie in a jar. An answer sets each at most once (RFC 6265bis 4.1.1). */
  readonly identity: string;
  /** Where it is sent. */
  readonly path: string;
  /** All values under the name in a Cookie header, in the order they came. */
  read(header: string | undefined): readonly string[];
  /** A Set-Cookie line. Throws `cookie-too-large` or `invalid-option` for what a browser would drop or cut. */
  write(value: string, maxAgeSeconds: number): string;
  /** The Set-Cookie line that removes it; a browser obeys only when Domain, Path, Secure and prefix are those it was set with. */
  clear(): string;
}

const NONE: readonly string[] = Object.freeze([]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^(?:[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*|"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*")$/;
const PATH = /^\/[\x21-\x3A\x3C-\x7E]*$/;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const NUMERIC_LABEL_LAST = /(?:^|\.)\d+$/;

/**
 * All values of a cookie in a Cookie header, in order: duplicates say nothing about which one is ours (RFC 6265bis 5.7).
 * Never throws, cuts nothing off and decodes nothing; nameless cookies (`=name=v`) and other spellings do not count.
 */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  return header === undefined ? NONE : valuesAfter(header, `${name}=`);
}

/** What is wrong with the options, one sentence each; empty when they are good. */
export function cookieProblems(options: CookieOptions): string[] {
  const problems: string[] = [];
  if (!TOKEN.test(options.name)) {
    problems.push(`a cookie name may hold letters, digits and !#$%&'*+-.^_\`|~, not ${quote(options.name)}`);
  }
  if (options.domain !== undefined && (!DOMAIN.test(options.domain) || NUMERIC_LABEL_LAST.test(options.domain))) {
    problems.push(
      `a cookie's domain is a host name in lower case without scheme, port, leading dot or address, not ${quote(options.domain)}`,
    );
  }
  if (options.path !== undefined && (!PATH.test(options.path) || options.path.length > MAX_ATTRIBUTE_OCTETS)) {
    problems.push(
      `a cookie's path starts with /, holds neither spaces nor ; and has at most 1024 characters, not ${quote(options.path)}`,
    );
  }
  if (options.sameSite === 'None' && options.partitioned !== true) {
    problems.push('a cookie with SameSite=None needs partitioned: browsers block it otherwise');
  }
  const secure = options.insecureLoopback !== true || isPrefixed(options.name);
  if (options.partitioned === true && !secure) {
    problems.push('a partitioned cookie needs Secure, so it cannot be used with insecureLoopback');
  }
  return problems;
}

/** Checks the options once and prepares all that does not change from answer to answer. */
export function createCookie(options: CookieOptions): Cookie {
  const problems = cookieProblems(options);
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  const { name, sameSite = 'Lax' } = options;
  // Last word over the caller: a browser drops a prefixed cookie that breaks one of these rules (RFC 6265bis 5.6).
  const hostOnly = /^__host-/i.test(name);
  const domain = hostOnly ? undefined : options.domain;
  const path = hostOnly ? '/' : (options.path ?? '/');
  const secure = options.insecureLoopback !== true || isPrefixed(name);

  const needle = `${name}=`;
  const tail = [
    domain === undefined ? '' : `; Domain=${domain}`,
    `; Path=${path}`,
    secure ? '; Secure' : '',
    `; HttpOnly; SameSite=${sameSite}; Priority=High`,
    options.partitioned === true ? '; Partitioned' : '',
  ].join('');
  const cleared = `${needle}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${tail}`;

  return {
    name,
    identity: `${name};${domain ?? ''};${path}`,
    path,
    read: (header) => (header === undefined ? NONE : valuesAfter(header, needle)),
    write(value, maxAgeSeconds) {
      if (!VALUE.test(value)) {
        throw new HoldfastError(
          'invalid-option',
          `the value of cookie ${name} holds characters that cookies cannot carry`,
        );
      }
      if (!Number.isInteger(maxAgeSeconds) || maxAgeSeconds < 0 || maxAgeSeconds > MAX_AGE_SECONDS) {
        throw new HoldfastError(
          'invalid-option',
          `Max-Age of cookie ${name} must be 0 to ${MAX_AGE_SECONDS} whole seconds`,
        );
      }
      const octets = name.length + value.length; // Both are ASCII by now.
      if (octets > MAX_COOKIE_OCTETS) {
        throw new HoldfastError(
          'cookie-too-large',
          `cookie ${name.slice(0, 64)} has ${octets} octets in name and value, and browsers drop more than ${MAX_COOKIE_OCTETS}`,
        );
      }
      return `${needle}${value}; Max-Age=${maxAgeSeconds}${tail}`;
    },
    clear: () => cleared,
  };
}

/** Whether browsers hold the name to a prefix's rules; they compare in any case (RFC 6265bis 5.6). */
function isPrefixed(name: string): boolean {
  return /^__(?:host|secure|http)-/i.test(name);
}

/**
 * Looks for the name itself instead of taking the header apart: requests carry many cookies and two of them are ours.
 * Linear in the header's length, because the blanks before a hit are looked at once only.
 */
function valuesAfter(header: string, needle: string): readonly string[] {
  let found: string[] | undefined;
  let at = header.indexOf(needle);
  while (at !== -1) {
    let before = at - 1;
    while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
    if (before >= 0 && header.charCodeAt(before) !== 0x3b) {
      at = header.indexOf(needle, at + needle.length);
      continue;
    }
    let start = at + needle.length;
    let end = header.indexOf(';', start);
    if (end === -1) end = header.length;
    at = header.indexOf(needle, end);
    while (start < end && isBlank(header.charCodeAt(start))) start++;
    while (end > start && isBlank(header.charCodeAt(end - 1))) end--;
    found ??= [];
    found.push(header.slice(start, end));
  }
  return found ?? NONE;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
