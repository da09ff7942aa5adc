/** Where to go after sign-in: only ever a path of this origin, whatever `?next=` says (open redirect, CWE-601). */

const DEFAULT = '/account';
const SIGN_IN_PAGES: ReadonlySet<string> = new Set(['/', '/sign-in', '/sign-up']);

/** A path with query and fragment on this origin; `/account` where there is none to trust. */
export function toReturnPath(search: string): string {
  const next = new URLSearchParams(search).get('next');
  if (next === null || !next.startsWith('/')) return DEFAULT;
  // Parsed as the browser will parse it: it strips tabs, and takes a backslash for a slash.
  const base = 'http://origin.invalid';
  const url = URL.canParse(next, base) ? new URL(next, base) : null;
  // The path is looked at again, since `/.//host` is on this origin until somebody follows its path alone.
  if (url === null || url.origin !== base || url.pathname.startsWith('//')) return DEFAULT;
  if (SIGN_IN_PAGES.has(url.pathname)) return DEFAULT;
  return url.pathname + url.search + url.hash;
}

/** The query that makes a sign-in page come back to a path; empty for where it goes anyway. */
export function toReturnQuery(path: string): string {
  return path === DEFAULT ? '' : `?${new URLSearchParams({ next: path })}`;
}
