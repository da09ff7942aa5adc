/** Header and cookie names on the wire. */

/** Why an answer is not signed in: one of the reason codes. */
export const REASON_HEADER = 'x-session-reason';

/** `passive` marks a request that must not keep an idle session alive. */
export const ACTIVITY_HEADER = 'x-session-activity';

/** The media type of every error answer (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** Cookie name of a token before its prefix: `<name>_access` and `<name>_refresh`. */
export function cookieBaseName(name: string, token: 'access' | 'refresh'): string {
  return `${name}_${token}`;
}
