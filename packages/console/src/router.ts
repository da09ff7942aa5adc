/** A router over the history API, as far as three pages need one. */
import { useSyncExternalStore } from 'react';
import { type Place, toRoute } from './routes.ts';

const listeners = new Set<() => void>();
let place: Place = here();

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => place);
}

/** Goes to a path of this origin; one that is none of these pages is loaded from the server. */
export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  const url = new URL(to, window.location.origin);
  if (toRoute(url.pathname) === 'not-found') {
    window.location[how === 'push' ? 'assign' : 'replace'](url);
    return;
  }
  window.history[how === 'push' ? 'pushState' : 'replaceState'](null, '', url);
  if (how === 'push') window.scrollTo(0, 0);
  arrive();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) window.addEventListener('popstate', arrive);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener('popstate', arrive);
  };
}

function arrive(): void {
  place = here();
  for (const listener of listeners) listener();
}

function here(): Place {
  return { path: window.location.pathname, search: window.location.search };
}
