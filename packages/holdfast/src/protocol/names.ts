/** Header and cookie names on the wire. */

/** Why an answer is not signed in: one of the reason codes. */
export const REASON_HEADER = 'x-session-reason';

/** `passive` marks a request that must not keep an idle session alive. */
export const ACTIVITY_HEADER = 'x-session-activity';

/**
 * What an answer noticed about the request's cookies: `refresh-cookie-missing` (an access token came without the refresh
 * token that was set beside it) from a service, `set-cookie-folded` from an edge. Both mean a proxy that loses Set-Cookie.
 */
export const HINT_HEADER = 'x-session-hint';

/** The media type of every error answer (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** Cookie name of a token before its prefix: `<name>_access` and `<name>_refresh`. */
export function cookieBaseName(name: string, token: 'access' | 'refresh'): string {
  return `${name}_${token}`;
}
