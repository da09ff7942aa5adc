/** Where to go after sign-in: only ever a path of this origin, whatever the query says (open redirect, CWE-601). */

/**
 * The path with query and fragment that a sign-in page was asked to come back to; `fallback` where there is none to trust.
 * `search` is the page's query, e.g. `location.search`; `name` the parameter in it.
 */
export function returnPath(search: string, fallback = '/', name = 'next'): string {
  const next = new URLSearchParams(search).get(name) ?? '';
  // Parsed as the browser will parse it: it strips tabs, and takes a backslash for a slash.
  const base = 'http://origin.invalid';
  if (!next.startsWith('/') || !URL.canParse(next, base)) return fallback;
  const { origin, pathname, search: query, hash } = new URL(next, base);
  // The path is looked at again, since `/.//host` is on this origin until somebody follows its path alone.
  return origin !== base || pathname.startsWith('//') ? fallback : pathname + query + hash;
}

/** The address of a sign-in page that comes back to `path`. Keeps the query that the page has already. */
export function signInAddress(signInPage: string, path: string, name = 'next'): string {
  const [address, fragment] = signInPage.split('#');
  const joint = address?.includes('?') ? '&' : '?';
  return `${address}${joint}${new URLSearchParams({ [name]: path })}${fragment === undefined ? '' : `#${fragment}`}`;
}
