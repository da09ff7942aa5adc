/**
 * A page that is rendered with its session: the server asks the service and puts the answer into the page, and the browser
 * finds it there. What the browser does not use, its bundler leaves out.
 */
import { ACTIVITY_HEADER } from '../protocol/names.ts';
import type { ValidateAnswer } from '../protocol/validate.ts';

/** How {@link askForPage} asks. */
export interface AskForPageOptions {
  /** Where this server reaches the service, e.g. `http://127.0.0.1:4455`. Never taken from the request. */
  readonly service: string;
  /** Default `/unified-auth/validate`. */
  readonly validatePath?: string;
  /** How long the page waits for the answer, in seconds; after that the browser asks by itself. Default 2. */
  readonly deadlineSeconds?: number;
  /**
   * The browser's address as this server knows it: of its connection, or what a proxy of one's own said. Sent as
   * `X-Forwarded-For`; what the request itself says there is not. Default none.
   */
  readonly clientIp?: string;
  /** Sent as well, e.g. what tells the service that this server is a proxy it trusts. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the global one. */
  readonly fetch?: (input: string, init: RequestInit) => Promise<Response>;
}

/** What the service answered about the person who asked for a page. */
export interface PageSession {
  /** Give it to `<SessionProvider initial>` and {@link initialScript}. Null when nobody knows: an outage is never "signed out". */
  readonly initial: ValidateAnswer | null;
  /** The lines of the answer's Set-Cookie headers, for the page's own answer, each as a header of its own. */
  readonly setCookie: readonly string[];
  /** The same, and `Cache-Control: no-store`: add them all to the page's answer, by `append`. */
  readonly headers: Headers;
}

/** The id of the element that holds the answer. */
const INITIAL_ID = 'holdfast-session';

/** What the service needs to know of the browser. Not `Authorization`, which is meant for this server, and no address: anybody can claim one. */
const PASSED_ON = ['cookie', 'user-agent', 'sec-purpose', 'purpose', ACTIVITY_HEADER];

/**
 * Asks the service on behalf of the request for a page. Never throws: without an answer that counts (no network, too late,
 * another status than 200, something that is none) `initial` is null and the browser asks by itself.
 *
 * What it answers belongs to one person: the page must not be stored by anything (`headers` say so) and the answer not be
 * kept anywhere on the server.
 */
export async function askForPage(request: Request, options: AskForPageOptions): Promise<PageSession> {
  const { service, validatePath = '/unified-auth/validate', deadlineSeconds = 2, fetch = globalThis.fetch } = options;
  const asking = new Headers({ accept: 'application/json' });
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) asking.set(name, value);
  }
  if (options.clientIp !== undefined) asking.set('x-forwarded-for', options.clientIp);
  for (const [name, value] of Object.entries(options.headers ?? {})) asking.set(name, value);

  let initial: ValidateAnswer | null = null;
  let setCookie: readonly string[] = [];
  try {
    const response = await fetch(service.replace(/\/$/, '') + validatePath, {
      headers: asking,
      // Frameworks keep answers by address, which is the same for everybody.
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(deadlineSeconds * 1000)]),
    });
    const body: unknown = response.status === 200 ? await response.json() : null;
    if (isAnswer(body)) {
      initial = body;
      setCookie = response.headers.getSetCookie();
    }
  } catch {
    // Nobody knows; the browser asks again, and says so if it does not get an answer either.
  }
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const line of setCookie) headers.append('set-cookie', line);
  return { initial, setCookie, headers };
}

function isAnswer(body: unknown): body is ValidateAnswer {
  if (typeof body !== 'object' || body === null || !('valid' in body)) return false;
  if (body.valid !== true) return body.valid === false;
  return 'user' in body && 'session' in body && typeof body.session === 'object' && body.session !== null;
}

/** The answer as JSON that cannot end the script element it stands in, nor be anything else than data there. */
export function initialJson(answer: ValidateAnswer): string {
  return JSON.stringify(answer).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * An inert script element with the answer, for the page's head or body; empty without an answer. {@link readInitial} finds
 * it in the browser. A content security policy lets it pass, since it is data; `nonce` is for those that want one
 * on every element.
 */
export function initialScript(
  answer: ValidateAnswer | null,
  { nonce, id = INITIAL_ID }: { readonly nonce?: string; readonly id?: string } = {},
): string {
  if (answer === null) return '';
  const mark = nonce === undefined ? '' : ` nonce="${toAttribute(nonce)}"`;
  return `<script type="application/json" id="${toAttribute(id)}"${mark}>${initialJson(answer)}</script>`;
}

/**
 * In the browser: the answer in the page, for `createSessionClient({ initial: readInitial() })`. Null where there is none,
 * where it is broken, where the page was kept in the browser's cache instead of being loaded, and on a server: then the
 * client asks. It shows who is signed in and proves nothing, like everything in a browser.
 */
export function readInitial(
  page: Document | undefined = globalThis.document,
  id: string = INITIAL_ID,
): ValidateAnswer | null {
  const [visit] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  // "Back", a restored tab and a service worker show what is kept, however old, where a page was not sent with `no-store`.
  if (visit?.transferSize === 0) return null;
  try {
    // A script element alone: the id on anything else may have come with what people wrote.
    const answer: unknown = JSON.parse(page?.querySelector(`script#${id}`)?.textContent ?? '');
    return isAnswer(answer) ? answer : null;
  } catch {
    return null;
  }
}

function toAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
