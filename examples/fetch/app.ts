/** Sessions in anything that speaks the Fetch API: this file knows nothing of the server that runs it. */
import { createSessions } from 'holdfast';
import { type FetchHandler, fetchSessions } from 'holdfast/http/fetch';
import { sqliteStore } from 'holdfast/stores/sqlite';

/** What the application needs from its surroundings. */
export interface Surroundings {
  /** One or several secrets, newest first. Never a fallback: it would sign everybody out at the next start. */
  readonly secrets: string;
  /** Where the sessions are kept. */
  readonly directory: string;
  /** The origin of the application's own pages. */
  readonly origin: string;
}

/** The application: a handler, and a way to let go of its files. */
export interface App {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Puts the application together. Throws a sentence with the fix when the secrets or the directory cannot be used. */
export function createApp({ secrets, directory, origin }: Surroundings): App {
  const sessions = createSessions({ store: sqliteStore({ directory }), secrets });
  // Cookies without Secure are for plain http on this machine; leave the option out behind https.
  const http = fetchSessions(sessions, { origins: [origin], insecureLoopbackCookies: true });

  const serve: FetchHandler = async (request, auth) => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    if (route === 'POST /sign-in') {
      const { name } = (await request.json()) as { name: string };
      // Check a password here. The engine only remembers who it was.
      const outcome = await auth.start({ userId: name });
      if (outcome.status === 'unreachable') return auth.problem(outcome);
      return Response.json({ hello: name }, { status: 201 });
    }
    if (route === 'POST /sign-out') {
      const outcome = await auth.signOut();
      return outcome.status === 'unreachable' ? auth.problem(outcome) : new Response(null, { status: 204 });
    }
    if (route === 'GET /me') {
      const who = await auth.resolve();
      if (who.status !== 'signed-in') return auth.problem(who);
      return Response.json({ userId: who.session.userId, since: new Date(who.session.createdAt).toISOString() });
    }
    return new Response('Nothing here\n', { status: 404 });
  };
  return { fetch: http.handler(serve), close: () => sessions.close() };
}
