/** The Set-Cookie lines of an upstream: each by itself, in order, byte for byte but for a Domain or Path that is to change. */
import type { CookieRewriting } from './options.ts';
import { isPathPrefix } from './routes.ts';

/** Makes a line of an upstream the one to send. */
export type CookieRewriter = (line: string) => string;

const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** Names what cannot work in `problems`. */
export function createCookieRewriter(options: CookieRewriting | undefined, problems: string[]): CookieRewriter {
  const { domains = {}, paths = {} } = options ?? {};
  for (const [from, to] of Object.entries(domains)) {
    if (!HOST_NAME.test(from) || !(to === null || HOST_NAME.test(to))) {
      problems.push(
        `cookies.domains[${JSON.stringify(from)}]: both are host names in lower case, without scheme, port or leading dot (or null for none)`,
      );
    }
  }
  for (const [from, to] of Object.entries(paths)) {
    if (!isPathPrefix(from) || !isPathPrefix(to) || /[;,]/.test(to)) {
      problems.push(`cookies.paths[${JSON.stringify(from)}]: both are paths such as "/auth", without ";"`);
    }
  }
  const newDomain = new Map(Object.entries(domains));
  const newPath = Object.entries(paths)
    .map(([from, to]) => [withoutSlash(from), withoutSlash(to)] as const)
    .sort(([a], [b]) => b.length - a.length);

  return (line) => {
    const [pair = '', ...attributes] = line.split(';');
    // A browser drops such a cookie when it has a Domain, or a Path that is not `/` (RFC 6265bis 5.6).
    if (/^[ \t]*=?[ \t]*__host-/i.test(pair)) return line;
    let written = pair;
    for (const attribute of attributes) {
      // Of several attributes of one name the last one counts, so all are changed.
      const [before = '', name] = /^[ \t]*(domain|path)[ \t]*=[ \t]*/i.exec(attribute) ?? [];
      const value = attribute.slice(before.length).trimEnd();
      let wanted: string | null | undefined;
      if (/^d/i.test(name ?? '')) wanted = newDomain.get(value.toLowerCase().replace(/^\./, ''));
      else if (name) {
        const found = newPath.find(([from]) => value.startsWith('/') && `${value}/`.startsWith(`${from}/`));
        // `/auth` covers what `/auth/` does, and itself.
        if (found) wanted = found[1] + (value === '/' ? '' : value.slice(found[0].length)) || '/';
      }
      if (wanted === undefined) written += `;${attribute}`;
      else if (wanted !== null) written += `;${before}${wanted}${attribute.slice(before.length + value.length)}`;
    }
    return written;
  };
}

/**
 * Whether something upstream has joined several cookies into one line. They cannot be taken apart for certain, because a
 * comma is also part of `Expires` and of values: the line stays as it is, and the answer says so.
 */
export function isFolded(line: string): boolean {
  return /,\s*[!#$%&'*+.^`|~\w-]+=/.test(line);
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}
