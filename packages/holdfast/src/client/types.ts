/**
 * The browser's side of a session, in words.
 *
 * The server decides and the client asks. Only an answer of the server that says so is "signed out"; no network, no answer
 * in time, 5xx, 4xx of something in between, and answers that are none keep what was last known, as `unreachable`.
 */
import type { ValidateAnswer } from '../protocol/validate.ts';

/** The least that an answer says of a person. */
export interface SessionUser {
  readonly id: string;
}

/** A session's times, in milliseconds since 1970 by the server's clock; compare them with `client.now()`. */
export interface SessionFacts {
  /** A public id, not a credential. */
  readonly id: string;
  /** Null where the server told none; so are all of these. */
  readonly createdAt: number | null;
  /** When it ends however busy it is. */
  readonly expiresAt: number | null;
  /** When it ends if nobody uses it any more. */
  readonly idleExpiresAt: number | null;
  /** When the person last proved who they are. */
  readonly authenticatedAt: number | null;
  /** How the person proved who they are (RFC 8176); empty where the server does not say. */
  readonly amr: readonly string[];
}

/** Not asked, or not answered yet: a cold start. Shows neither the page nor the sign-in page. */
export interface Checking {
  readonly status: 'checking';
}

/** The server said who this is. */
export interface SignedIn<U extends SessionUser = SessionUser> {
  readonly status: 'signed-in';
  readonly user: U;
  readonly session: SessionFacts;
}

/** The server said that nobody is signed in here. */
export interface SignedOut {
  readonly status: 'signed-out';
  /** A reason code such as `expired-idle`; empty where the server gave none. */
  readonly reason: string;
}

/** Nobody knows right now. What was last known stays known: an outage signs nobody out. */
export interface Unreachable<U extends SessionUser = SessionUser> {
  readonly status: 'unreachable';
  /** Null when the server has not answered since the page was opened. */
  readonly lastKnown: SignedIn<U> | SignedOut | null;
  /** When the next try is due, by this computer's clock; null while one is under way or the page is hidden. */
  readonly retryAt: number | null;
}

/** What is known of whoever sits here. */
export type SessionState<U extends SessionUser = SessionUser> = Checking | SignedIn<U> | SignedOut | Unreachable<U>;

/** One field that the server did not accept, as the server says it. */
export interface ProblemField {
  /** JSON pointer into the body, e.g. `/email`. */
  readonly pointer?: string;
  readonly detail?: string;
}

/** A problem document (RFC 9457); fields that the answer did not have are empty. */
export interface Problem {
  readonly status: number;
  /** Such as `wrong-credentials`; empty where the answer was no problem document. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly ProblemField[];
  /** Seconds, from `Retry-After`; null without it. */
  readonly retryAfterSeconds: number | null;
}

/** What became of a request: never an exception. `unreachable` says nothing about whether anybody is signed in. */
export type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'unreachable'; readonly retryAfterSeconds: number | null };

/** What the client did or learnt, in order; for people (`says`) and for programs (`event`). Holds no token. */
export interface Note {
  /** Milliseconds since 1970 by this computer's clock. */
  readonly at: number;
  /**
   * `asked` · `answered` · `failed` (no answer that counts) · `dropped` (an answer that a newer event overtook) ·
   * `heard` (from another tab) · `wake` (why it asks) · `command` (sign-in or sign-out) · `state` (and its cause) ·
   * `found` (see {@link Finding}).
   */
  readonly event: string;
  /** What exactly: a reason code, a path, a cause. */
  readonly detail: string;
  /** The state after it. */
  readonly status: SessionState['status'];
}

/** Something that explains lost sessions, and its cure. */
export interface Finding {
  /**
   * `set-cookie-folded`: something on the way joined several Set-Cookie headers into one ·
   * `cookies-not-kept`: signed in, and the next question arrived without the cookies ·
   * `not-the-service`: an answer that is not the service's (a captive portal, a fallback page, a firewall).
   */
  readonly code: 'set-cookie-folded' | 'cookies-not-kept' | 'not-the-service';
  /** One sentence: what it is and what to do. */
  readonly says: string;
}

/** Why the client concluded what it did. */
export interface Explanation<U extends SessionUser = SessionUser> {
  readonly state: SessionState<U>;
  /** The latest notes, oldest first; at most 50. */
  readonly notes: readonly Note[];
  readonly findings: readonly Finding[];
  /** Milliseconds to add to this computer's clock to get the server's; null before the server told. */
  readonly clockOffset: number | null;
  /** The question's address. */
  readonly asks: string;
}

/** Events and what listeners are given. An event named like a state comes whenever the status becomes that. */
export interface SessionEvents<U extends SessionUser = SessionUser> {
  readonly change: SessionState<U>;
  readonly checking: Checking;
  readonly 'signed-in': SignedIn<U>;
  readonly 'signed-out': SignedOut;
  readonly unreachable: Unreachable<U>;
  readonly note: Note;
}

/** How a client is set up. Every field is optional: without any, it asks the page's own origin. */
export interface ClientOptions<U extends SessionUser = SessionUser> {
  /** Origin of the service, and a path before its paths if there is one, e.g. `https://auth.example`. Default: the page's own. */
  readonly service?: string;
  /** Where the question and the commands go. Defaults: the service's own paths. */
  readonly paths?: {
    readonly validate?: string;
    readonly signIn?: string;
    readonly signUp?: string;
    readonly signOut?: string;
  };
  /** Origins besides the page's own and the service's whose 401s are ours. Those of all others are left alone. */
  readonly apiOrigins?: readonly string[];
  /** Makes the user out of what the server sent; null where it is none, which makes the answer none. Default: any object with an `id`. */
  readonly readUser?: (user: unknown) => U | null;
  /** The answer that the server put into the page: the client begins with it instead of asking. */
  readonly initial?: ValidateAnswer | null;
  /** How long an answer may take, in seconds. Default 20. */
  readonly deadlineSeconds?: number;
  /** Told of each note. `true` writes to the console. Default: `true` on a loopback host, else nothing. */
  readonly debug?: boolean | ((note: Note) => void);
  /** Replaces parts of the browser; for tests and other runtimes. */
  readonly environment?: Partial<Environment>;
}

/** What the client needs of a browser. */
export interface Environment {
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs once after that many milliseconds, unless the returned function is called first. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  /** `navigator.locks`; null where there are none. */
  readonly locks: Pick<LockManager, 'request'> | null;
  /** Opens a channel between the tabs; answers null where there is none. */
  readonly openChannel: ((name: string) => Channel | null) | null;
  /** Calls `wake` when somebody may be back, and `sleep` when the page is put away; answers how to stop. */
  readonly watch: (wake: (cause: WakeCause) => void, sleep: () => void) => () => void;
  /** Whether nobody can see the page. */
  readonly isHidden: () => boolean;
}

/** `online`, `visible` (the tab is looked at again), or `restored` (the page came out of the back-forward cache as it was left). */
export type WakeCause = 'online' | 'visible' | 'restored';

/** As much of `BroadcastChannel` as is needed. */
export interface Channel {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** One per page, made once, outside of components. It begins to ask when it is first used. */
export interface SessionClient<U extends SessionUser = SessionUser> {
  /** The state now: the same object until it changes. */
  current(): SessionState<U>;
  /** Calls the listener after every change, until the returned function is called. Starts the client. */
  subscribe(listener: () => void): () => void;
  /** The same for one kind of event. Starts the client. */
  on<E extends keyof SessionEvents<U>>(event: E, listener: (value: SessionEvents<U>[E]) => void): () => void;
  /**
   * The state that an answer of the server means; without one, the state that the client began with. Where there is a page,
   * and the client has neither started nor begun with an answer, it also begins with this one, as with `initial`.
   */
  begin(answer?: ValidateAnswer | null): SessionState<U>;
  /** Begins to ask and to listen, if that has not happened yet. */
  start(): void;
  /** Asks the server now, or joins the question under way; answers the state that came of it. Never rejects. */
  ask(): Promise<SessionState<U>>;
  /** The state as soon as it is not `checking` any more; the same promise until then. Starts the client. */
  settled(): Promise<SessionState<U>>;
  /**
   * `fetch` for the application's own requests: after a 401 with a session reason it asks once whether somebody is still
   * signed in, and if so sends the request once more. Answers of other origins pass untouched. Rejects as `fetch` does.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /** One request to the service under the deadline, with cookies and JSON; touches no state. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Signs in and tells the other tabs. */
  signIn(credentials: unknown): Promise<Answer>;
  signUp(account: unknown): Promise<Answer>;
  /** Any other request of the service that signs somebody in, such as a magic link. */
  enter(path: string, body?: unknown): Promise<Answer>;
  /** Ends the session on the server, and then here and in all tabs; without an answer nothing changes. */
  signOut(): Promise<Answer>;
  /** The server's time in milliseconds since 1970, however wrong this computer's clock is. */
  now(): number;
  /** Why the client concluded what it did. */
  explain(): Explanation<U>;
  /** Stops listening and asking; the state stays. For tests and pages that live on without sessions. */
  close(): void;
}
