/** Which page an address shows, and when it sends one elsewhere. What needs somebody signed in is behind a guard (app.tsx). */
import type { SessionState } from 'holdfast/client';
import { toReturnPath } from './return-path.ts';

export type Route = 'home' | 'sign-in' | 'sign-up' | 'account' | 'not-found';

const ROUTES: Readonly<Record<string, Route>> = {
  '/': 'home',
  '/sign-in': 'sign-in',
  '/sign-up': 'sign-up',
  '/account': 'account',
};

export interface Place {
  readonly path: string;
  /** With its question mark, or empty. */
  readonly search: string;
}

export function toRoute(path: string): Route {
  return ROUTES[path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path] ?? 'not-found';
}

/** Where to go instead, or null. Only an answer of the service sends anybody anywhere: neither waiting nor an outage does. */
export function toRedirect(place: Place, status: SessionState['status']): string | null {
  const route = toRoute(place.path);
  if (route === 'not-found' || (status !== 'signed-in' && status !== 'signed-out')) return null;
  if (status === 'signed-in') return route === 'account' ? null : toReturnPath(place.search);
  return route === 'home' ? '/sign-in' : null;
}
