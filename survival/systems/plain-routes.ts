/** The routes of the small applications in here: ours and the peers' are written to the same seven paths. */
import type { Maybe, Routes, ValueRoutes } from '../adapter.ts';
import { jsonOf, type RequestPlan } from '../http/client.ts';

const values: ValueRoutes = {
  write: (key, value, takesMs) => ({ method: 'POST', path: '/value', json: { key, value, takesMs } }),
  read: (key) => ({ method: 'GET', path: `/value?key=${encodeURIComponent(key)}` }),
  value(answer) {
    const { value } = jsonOf(answer);
    return typeof value === 'string' ? value : null;
  },
  writeAndRedirect: (key, value) => ({ method: 'POST', path: '/value-then-redirect', json: { key, value } }),
};

/** `signOutEverywhere` is what differs: few session libraries have it. */
export function plainRoutes(signOutEverywhere: Maybe<readonly RequestPlan[]>): Routes {
  return {
    signUp: null,
    signIn: (user) => ({ method: 'POST', path: '/sign-in', json: { user } }),
    whoAmI: () => ({ method: 'GET', path: '/me' }),
    who(answer) {
      const { user } = jsonOf(answer);
      if (answer.status === 200 && typeof user === 'string') return { state: 'signed-in', user };
      if (answer.status === 401) return { state: 'signed-out', reason: answer.headers['x-session-reason'] ?? null };
      return { state: 'unknown', why: `${answer.status}` };
    },
    signOut: () => ({ method: 'POST', path: '/sign-out' }),
    signOutEverywhere,
    values,
  };
}
