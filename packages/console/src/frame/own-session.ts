/**
 * Asks about the frame's session, and takes only its own for an answer.
 *
 * Cookies are kept for each embedding site: all its origins, tabs and frames share them. A session that was begun for another
 * origin, or by another ticket than the one this page was given, is somebody else's here.
 */

export const SESSION_PATH = '/auth/frame-session';

/** What the page knows beside the cookies. */
export interface Belonging {
  /** The embedding page's. */
  readonly origin: string;
  /** SHA-256 of the ticket's id in hexadecimal; null where the page was given none. */
  readonly ticket: string | null;
  /** Why the ticket was refused; it is also why nobody is signed in. Empty where it was not. */
  excuse: string;
}

/** `fetch` for the session client. */
export function fetchOwn(
  belonging: Belonging,
): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (input !== SESSION_PATH || !response.ok) return response;
    const body = await response
      .clone()
      .json()
      .catch(() => null);
    const { origin, ticket, excuse } = belonging;
    if (body?.valid === true) {
      if (body.origin !== origin) return refuse(excuse || 'wrong-origin');
      if (ticket !== null && body.ticket !== ticket) return refuse(excuse || 'no-token');
      // From here on it ends for reasons of its own.
      belonging.excuse = '';
      return response;
    }
    return body?.valid === false && excuse !== '' ? refuse(excuse) : response;
  };
}

/** How the server names the ticket that a session came of. Without TLS there is no digest, and no session is its own. */
export async function digest(id: string): Promise<string> {
  const bytes = await crypto.subtle?.digest('SHA-256', new TextEncoder().encode(id));
  return Array.from(new Uint8Array(bytes ?? 0), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function refuse(reason: string): Response {
  return Response.json({ valid: false, reason });
}
