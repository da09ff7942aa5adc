/** What the systems have in common: the two requests that are measured, and how somebody signs in. */
import { userIdOf } from '../answer.ts';
import type { Needs, RequestShape, SignInStep } from '../system.ts';

export const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
export const ME: RequestShape = { method: 'GET', path: '/me', headers: SAME_ORIGIN };
export const VALIDATE: RequestShape = { method: 'POST', path: '/unified-auth/validate', headers: SAME_ORIGIN };
export const PASSWORD = 'a fine long password';
export const NO_NEEDS: Needs = { redis: false, postgres: false, peers: false };
export const NO_ENVIRONMENT = (): Readonly<Record<string, string>> => ({});

/** Of every system that has no accounts. */
export function signIn(index: number): readonly SignInStep[] {
  return [{ path: '/sign-in', body: { userId: userIdOf(index) } }];
}
