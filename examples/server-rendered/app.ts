/** Pages that a server renders with their session. This file knows nothing of the server that runs it: requests in, responses out. */
import { createSessions, type Resolution, type UserSession } from 'holdfast';
import { returnPath, signInAddress } from 'holdfast/client/returning';
import { initialScript } from 'holdfast/client/ssr';
import { validateAnswer } from 'holdfast/http';
import { type FetchExchange, type FetchHandler, fetchSessions } from 'holdfast/http/fetch';
import type { ValidateAnswer } from 'holdfast/protocol';
import { sqliteStore } from 'holdfast/stores/sqlite';
import type { PageFacts } from './page.tsx';

/** What the application needs from its surroundings. */
export interface Surroundings {
  /** One or several secrets, newest first. Never a fallback: it would sign everybody out at the next start. */
  readonly secrets: string;
  /** Where the sessions are kept. */
  readonly directory: string;
  /** The origin of the application's own pages. */
  readonly origin: string;
  /** The whole document around the rendered page; what is given to it stands before the page's own scripts. */
  readonly render: (facts: PageFacts, head: string) => Promise<string>;
}

/** The application: a handler, and a way to let go of its files. */
export interface App {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

const PAGES: ReadonlySet<string> = new Set(['/', '/sign-in', '/notes']);

/** What pages are told of a person. An application looks them up; here the name is all there is. */
const userOf = ({ userId }: UserSession) => ({ id: userId, name: userId });

/** What the page begins with. An outage is no answer: the page is then rendered without one, and asks by itself. */
function initialOf(who: Resolution): ValidateAnswer | null {
  if (who.status === 'unreachable') return null;
  return who.status === 'signed-in' ? validateAnswer(who, userOf(who.session)) : validateAnswer(who);
}

/** Puts the application together. Throws a sentence with the fix when the secrets or the directory cannot be used. */
export function createApp({ secrets, directory, origin, render }: Surroundings): App {
  const sessions = createSessions({ store: sqliteStore({ directory }), secrets });
  // Cookies without Secure are for plain http on this machine; leave the option out behind https.
  const http = fetchSessions(sessions, { origins: [origin], insecureLoopbackCookies: true });

  async function page(request: Request, auth: FetchExchange): Promise<Response> {
    const { pathname: path, search } = new URL(request.url);
    const who = await auth.resolve();
    // Known for certain, so the browser need not find out by itself.
    if (path === '/notes' && who.status === 'not-signed-in') return seeOther(signInAddress('/sign-in', path + search));
    if (path === '/sign-in' && who.status === 'signed-in') return seeOther(returnPath(search, '/notes'));
    const initial = initialOf(who);
    const note = who.status === 'signed-in' ? String(who.session.data.note ?? '') : '';
    const html = await render({ path, search, note, initial }, initialScript(initial));
    // `no-store` comes with the session: what is rendered for one person is nobody else's.
    return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } });
  }

  const serve: FetchHandler = async (request, auth) => {
    const { pathname, search } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case 'POST /unified-auth/validate':
        return auth.validate(userOf);
      case 'POST /sign-in': {
        // Check a password here. The engine only remembers who it was.
        const outcome = await auth.start({ userId: await field(request, 'name') });
        return outcome.status === 'unreachable' ? auth.problem(outcome) : seeOther(returnPath(search, '/notes'));
      }
      case 'POST /notes': {
        const outcome = await auth.update({ set: { note: await field(request, 'note') } });
        return 'reason' in outcome ? auth.problem(outcome) : seeOther('/notes');
      }
      case 'POST /auth/sign-out': {
        const outcome = await auth.signOut();
        if (outcome.status === 'unreachable') return auth.problem(outcome);
        // The form without scripts wants a page, the client wants to know that it happened.
        return request.headers.get('sec-fetch-mode') === 'navigate'
          ? seeOther('/')
          : new Response(null, { status: 204 });
      }
      default:
        if (request.method === 'GET' && PAGES.has(pathname)) return page(request, auth);
        return new Response('Nothing here\n', { status: 404 });
    }
  };
  return { fetch: http.handler(serve), close: () => sessions.close() };
}

function seeOther(address: string): Response {
  return new Response(null, { status: 303, headers: { location: address } });
}

async function field(request: Request, name: string): Promise<string> {
  const value = (await request.formData()).get(name);
  return typeof value === 'string' ? value : '';
}
