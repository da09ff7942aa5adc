/** `fetch` for an application's own requests: a 401 about the session leads to one question and one repetition, never to more. */

/** What the wrapper needs of the client. */
export interface SessionFetchParts {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Addresses whose 401s are ours, beside the page's own; a relative one is the page's own. */
  readonly ours: readonly string[];
  readonly isSignedOut: () => boolean;
  /** Asks, or joins the question under way. */
  readonly ask: () => Promise<{ readonly status: string }>;
}

export function createSessionFetch({ fetch, ours, isSignedOut, ask }: SessionFetchParts): SessionFetchParts['fetch'] {
  const page = globalThis.location?.href;
  const originOf = (url: string): string | null => (URL.canParse(url, page) ? new URL(url, page).origin : null);
  const isOurs = (url: string): boolean => ['', ...ours].some((each) => originOf(each) === originOf(url));

  return async (input, init) => {
    const request = input instanceof Request ? input : null;
    if (!isOurs(request?.url ?? `${input}`)) return fetch(input, init);
    // A stream can be read once; everything else can be sent again.
    const isOnce = init?.body instanceof ReadableStream;
    const again = request && !isOnce ? request.clone() : input;
    const options = { credentials: 'include', ...init } as const;
    const wasSignedOut = isSignedOut();
    const response = await fetch(input, options);
    // The session's own reasons alone: other 401s are the application's, and those of other origins are theirs.
    if (response.status !== 401 || isOnce || !isOurs(response.url) || !response.headers.has('x-session-reason'))
      return response;
    // Sent by somebody who was known to be signed out, and that is what the server says.
    if (wasSignedOut && isSignedOut()) return response;
    return (await ask()).status === 'signed-in' ? fetch(again, options) : response;
  };
}
