/** Which upstream a path belongs to, and the one URL a request for it may be sent to. */
import type { Upstream } from './options.ts';

/** A route as it is used. */
export interface Route {
  /** Without a slash at the end; empty for `/`. */
  readonly prefix: string;
  readonly origin: string;
  readonly stripPrefix: boolean;
  readonly forwardsHost: boolean;
}

// An upstream that decodes `%2f` before it resolves dots would find a way out of the prefix that was matched here.
const HIDDEN_DOTS = /(?:^|\/|%2f|%5c)(?:\.|%2e){2}(?=\/|%2f|%5c|;|$)/i;

/** The routes, longest prefix first. Names what cannot work in `problems`. */
export function readRoutes(routes: Readonly<Record<string, Upstream | string>>, problems: string[]): Route[] {
  const found = new Map<string, Route>();
  for (const [path, value] of Object.entries(routes ?? {})) {
    const name = `routes[${JSON.stringify(path)}]`;
    const upstream: Upstream = typeof value === 'string' ? { origin: value } : (value ?? {});
    if (!isPathPrefix(path)) problems.push(`${name}: a prefix is a path such as "/" or "/auth"`);
    const url = URL.parse(upstream.origin);
    if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
      problems.push(`${name}: give scheme, host and port alone, e.g. "https://auth.internal:4455"`);
    }
    if (upstream.host !== undefined && upstream.host !== 'own' && upstream.host !== 'forwarded') {
      problems.push(`${name}.host: must be "own" or "forwarded"`);
    }
    const prefix = path.replace(/\/$/, '');
    if (found.has(prefix)) problems.push(`${name}: is there twice, with and without a slash at the end; keep one`);
    found.set(prefix, {
      prefix,
      origin: url?.origin ?? '',
      stripPrefix: upstream.stripPrefix === true,
      forwardsHost: upstream.host === 'forwarded',
    });
  }
  if (found.size === 0) problems.push('routes: name at least one upstream, e.g. { "/": "https://app.internal" }');
  return [...found.values()].sort((a, b) => b.prefix.length - a.prefix.length);
}

/** Whether a path prefix is written as URLs write it. */
export function isPathPrefix(path: unknown): boolean {
  return typeof path === 'string' && !path.includes('//') && URL.parse(`http://a${path}`)?.pathname === path;
}

/** Whether a path is the prefix or lies below it; `/api` has nothing to do with `/apis`. */
export function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** The route of a path, the most special first. */
export function findRoute(routes: readonly Route[], path: string): Route | undefined {
  return routes.find((route) => isBelow(path, route.prefix));
}

/**
 * Where a request goes. Everything before the path comes from the configuration, so that no spelling of a request can
 * name another host (`//other`, `\other`, absolute-form). Null for a path that means different things to different readers.
 */
export function targetOf(route: Route, url: URL): URL | null {
  if (HIDDEN_DOTS.test(url.pathname)) return null;
  const path = route.stripPrefix ? url.pathname.slice(route.prefix.length) : url.pathname;
  const target = URL.parse(route.origin + (path || '/') + url.search);
  return target?.origin === route.origin ? target : null;
}

/**
 * A `Location` as browsers have to see it: what points at the upstream's own origin points at the public one, below the
 * prefix that was taken off. All else stays as it is.
 */
export function publicLocation(location: string, route: Route, target: URL, publicOrigin: string): string {
  const url = URL.parse(location, target.href);
  if (url?.origin !== route.origin) return location;
  const missing = route.stripPrefix && !isBelow(url.pathname, route.prefix) ? route.prefix : '';
  // A relative one is right already unless it begins at the root that the upstream takes for its own.
  if (!/^(?:https?:)?[\\/]{2}/i.test(location) && !(missing && /^[\\/]/.test(location))) return location;
  return publicOrigin + missing + url.pathname + url.search + url.hash;
}
