/**
 * Looks at the access token before the upstream does, with WebCrypto, which every runtime has. The verdict is a hint for
 * upstreams and for shedding load; it ends no session and touches no cookie, because only the service may judge.
 */
import { cookieValues } from '../core/cookie.ts';
import { parseSecrets, secretProblems } from '../core/secrets.ts';
import { HEAD, KEY_ID_OFFSET, KEY_LABELS, SIGNED_BYTES, TIME_OFFSET, TOKEN_CHARACTERS } from '../core/token-layout.ts';
import { cookieBaseName } from '../protocol/names.ts';
import type { AccessCheck } from './options.ts';
import { isBelow, isPathPrefix } from './routes.ts';

/**
 * What is known of a request's session: its access token is `good`, or is `due` for a refresh (expired, or only the refresh
 * token is there), or `unverified` (no token that these secrets made), or the request carries no session cookie at all.
 */
export type AccessVerdict = 'good' | 'due' | 'unverified' | 'none';

/** The check, prepared. */
export interface AccessChecker {
  judge(headers: Headers): Promise<AccessVerdict>;
  /** Whether a request without a session is to be answered here. */
  sheds(path: string, headers: Headers): boolean;
}

type Keys = ReadonlyMap<number, CryptoKey>;

/** Where people sign in and pages ask who they are: whoever has no session yet needs these most. */
const NEVER_SHED = /^\/(?:unified-auth|authz?)(?:\/|$)/;

/** Duplicates of one name are all tried, but a request cannot ask for more work than this. */
const MAX_TRIED = 4;

/** Names what cannot work in `problems`. Keys are derived at the first token and kept. */
export function createAccessChecker(options: AccessCheck, now: () => number, problems: string[]): AccessChecker {
  const { cookieName = 'session', shed = [] } = options;
  const secrets = parseSecrets(options.secrets ?? '');
  if (secrets.length === 0) problems.push('accessCheck.secrets: give the value of SESSION_SECRET');
  for (const [i, secret] of secrets.entries()) {
    for (const problem of secretProblems(secret)) problems.push(`accessCheck.secrets (number ${i + 1}): ${problem}`);
  }
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(cookieName))
    problems.push('accessCheck.cookieName: must be the name in COOKIE_NAME');
  if (!shed.every(isPathPrefix)) problems.push('accessCheck.shed: list path prefixes such as "/api"');
  const prefixes = shed.map((prefix) => prefix.replace(/\/$/, ''));
  let keys: Promise<Keys> | undefined;

  return {
    async judge(headers) {
      const cookies = headers.get('cookie') ?? '';
      // The second is what an embedded page is signed in with.
      const values = (token: 'access' | 'refresh') =>
        [cookieName, `${cookieName}_frame`].flatMap((name) => valuesOf(cookies, cookieBaseName(name, token)));
      const tokens = values('access');
      if (tokens.length === 0) return values('refresh').length > 0 ? 'due' : 'none';
      let verdict: AccessVerdict = 'unverified';
      try {
        keys ??= deriveKeys(secrets);
        const ring = await keys;
        for (const token of tokens.slice(0, MAX_TRIED)) {
          const expiry = await expiryOf(token, ring);
          if (expiry * 1000 > now()) return 'good';
          if (expiry > 0) verdict = 'due';
        }
      } catch {
        keys = undefined;
      }
      return verdict;
    },
    sheds: (path, headers) =>
      !NEVER_SHED.test(path) &&
      !headers.has('authorization') &&
      !isNavigation(headers) &&
      prefixes.some((prefix) => isBelow(path, prefix)),
  };
}

/** All values of a token's cookie, whichever of the service's names it goes by. */
function valuesOf(cookies: string, name: string): string[] {
  return ['__Host-', '__Secure-', ''].flatMap((prefix) => cookieValues(cookies, prefix + name));
}

/** Older browsers have no Fetch Metadata, but only navigations ask for pages. */
function isNavigation(headers: Headers): boolean {
  const mode = headers.get('sec-fetch-mode');
  return mode === null ? /\btext\/html\b/i.test(headers.get('accept') ?? '') : mode === 'navigate';
}

/** When a token of ours expires, in seconds since 1970; 0 when it is none of ours. */
async function expiryOf(text: string, keys: Keys): Promise<number> {
  // 80 characters of this alphabet are 60 bytes without a bit to spare, so that no token has a second spelling.
  if (text.length !== TOKEN_CHARACTERS || /[^\w-]/.test(text)) return 0;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const token = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (token[0] !== HEAD.access) return 0;
  const view = new DataView(token.buffer);
  const key = keys.get(view.getUint32(KEY_ID_OFFSET));
  if (!key) return 0;
  const genuine = await crypto.subtle.verify(
    'HMAC',
    key,
    token.subarray(SIGNED_BYTES),
    token.subarray(0, SIGNED_BYTES),
  );
  return genuine ? view.getUint32(TIME_OFFSET) : 0;
}

async function deriveKeys(secrets: readonly string[]): Promise<Keys> {
  const keys = new Map<number, CryptoKey>();
  const encoder = new TextEncoder();
  for (const secret of secrets) {
    const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveBits']);
    const derive = (label: string) =>
      crypto.subtle.deriveBits(
        { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(label) },
        material,
        256,
      );
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', await derive(KEY_LABELS.access), hmac, false, ['verify']);
    keys.set(new DataView(await derive(KEY_LABELS.id)).getUint32(0), key);
  }
  return keys;
}
