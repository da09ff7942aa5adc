/** Remembers which methods each address answers to, so that a wrong method is told apart from an unknown address. */
import type { App } from '../app-type.ts';

/** What was registered. */
export interface RouteTable {
  /** The methods of a path, sorted; empty when nothing is there. */
  methodsOf(path: string): readonly string[];
  /** Every pattern with its methods, HEAD left out. */
  readonly routes: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Starts to watch; call it before any route is registered. */
export function watchRoutes(app: App): RouteTable {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set<string>();
    for (const name of Array.isArray(method) ? method : [method]) methods.add(name);
    routes.set(url, methods);
  });
  return {
    routes,
    methodsOf(path) {
      for (const [pattern, methods] of routes) {
        // The preflight route of the CORS plugin answers to any address; it is no address of its own.
        if (!pattern.startsWith('*') && matches(pattern, path)) return [...methods].sort();
      }
      return [];
    },
  };
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.split('/');
  return parts.length === given.length && parts.every((part, i) => part.startsWith(':') || part === given[i]);
}
