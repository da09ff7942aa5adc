/** The application behind the binding tests: sign-in, sign-out, one's name, and things that go wrong. */
import assert from 'node:assert/strict';
import { jarOf, type Kit, Problem, type Reply } from './harness.ts';

export const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
export const ACCESS = '__Host-session_access';
export const REFRESH = '__Host-session_refresh';

export async function serveApp({ serve }: Kit, options: Parameters<Kit['serve']>[1] = {}) {
  return serve(async (auth, path): Promise<Reply | Problem> => {
    if (path === '/sign-in' || path === '/sign-in-other') {
      const outcome = await auth.start({ userId: path === '/sign-in' ? 'ada' : 'bob' });
      return outcome.status === 'unreachable' ? new Problem(outcome) : { body: outcome.status };
    }
    if (path === '/sign-out') {
      const outcome = await auth.signOut();
      return outcome.status === 'unreachable' ? new Problem(outcome) : { body: String(outcome.ended) };
    }
    if (path === '/anonymous') return { body: (await auth.startAnonymous({ data: { cart: 1 } })).status };
    if (path === '/public') return { body: 'public' };
    if (path === '/save-and-redirect') {
      void auth.update({ set: { saved: true } });
      return { status: 303, headers: { location: '/me' } };
    }
    if (path === '/rotate') return { body: (await auth.rotateId()).status };
    const who = await auth.resolve();
    if (path === '/error') return { status: 500, body: 'broken', headers: { 'cache-control': 'public' } };
    return who.status === 'signed-in' ? { body: who.session.userId } : new Problem(who);
  }, options);
}

export async function signIn(ask: Awaited<ReturnType<typeof serveApp>>, path = '/sign-in'): Promise<string[]> {
  const answer = await ask(path, { method: 'POST', headers: SAME_ORIGIN });
  assert.equal(answer.body, 'started');
  return jarOf(answer.all('set-cookie'));
}
