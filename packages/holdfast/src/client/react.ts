/** React over the browser client: one provider, hooks that read its state, and a guard. Everything is decided in the client. */
import {
  type Context,
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  use,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react';
import type { ValidateAnswer } from '../protocol/validate.ts';
import { signInAddress } from './returning.ts';
import type { SessionClient, SessionState, SessionUser, SignedIn, Unreachable } from './types.ts';

/** What React takes for a promise that was fulfilled long ago, and so does not wait for. */
const NO_WAIT: PromiseLike<null> = /* @__PURE__ */ Object.assign(Promise.resolve(null), {
  status: 'fulfilled',
  value: null,
});

interface Provided {
  readonly client: SessionClient;
  readonly subscribe: (listener: () => void) => () => void;
  /** What the server rendered, and so what the browser has to begin with. */
  readonly first: SessionState;
}

const ProvidedContext: Context<Provided | null> = createContext<Provided | null>(null);
const SignedInContext: Context<SignedIn | null> = createContext<SignedIn | null>(null);

/** What {@link SessionProvider} takes. */
export interface SessionProviderProps<U extends SessionUser = SessionUser> {
  /** Made once, outside of components. On a server it holds nothing of anybody, so that one serves all. */
  readonly client: SessionClient<U>;
  /**
   * The server's answer to the one question (`askForPage`, `validateAnswer`): rendered by the server, and shown by the
   * browser at first without asking again. Null or absent: the server shows `checking` and the browser asks.
   */
  readonly initial?: ValidateAnswer | null | undefined;
  readonly children?: ReactNode;
}

/** Gives the client to everything inside. Starts it once the page is there; nothing is ever asked on a server. */
export function SessionProvider<U extends SessionUser = SessionUser>({
  client,
  initial,
  children,
}: SessionProviderProps<U>): ReactElement {
  const provided = useMemo(
    () => ({
      client: client as unknown as SessionClient,
      subscribe: (listener: () => void) => client.subscribe(listener),
      first: client.begin(initial),
    }),
    [client, initial],
  );
  useEffect(() => client.start(), [client]);
  return createElement(ProvidedContext, { value: provided }, children);
}

function useProvided(): Provided {
  const provided = useContext(ProvidedContext);
  if (!provided) throw new Error('Put <SessionProvider client={…}> around what uses the session.');
  return provided;
}

/** The client, for commands: `signIn`, `signOut`, `fetch`. `U` is what the client's `readUser` makes. */
export function useSessionClient<U extends SessionUser = SessionUser>(): SessionClient<U> {
  return useProvided().client as unknown as SessionClient<U>;
}

/**
 * The session's state; the component follows it. However many ask, the server is asked once. `select` takes a part of it,
 * and the component follows that alone; it has to answer the same value (by `Object.is`) for the same state.
 */
export function useSession<U extends SessionUser = SessionUser, T = SessionState<U>>(
  select: (state: SessionState<U>) => T = (state) => state as T,
): T {
  const { client, subscribe, first } = useProvided();
  const read = select as unknown as (state: SessionState) => T;
  return useSyncExternalStore(
    subscribe,
    () => read(client.current()),
    () => read(first),
  );
}

/**
 * The state, never `checking`: suspends until the server has answered or could not. An outage while the page is open is no
 * reason to suspend again. On a server that has no answer it throws, which makes React send the fallback of the nearest
 * `<Suspense>` and leave the rest to the browser.
 */
export function useSettledSession<U extends SessionUser = SessionUser>(): Exclude<
  SessionState<U>,
  { readonly status: 'checking' }
> {
  const client = useSessionClient<U>();
  const state = useSession<U>();
  const isChecking = state.status === 'checking';
  if (isChecking && typeof document === 'undefined') throw new Error('The session is not known yet: the browser asks.');
  // Called in every render: React renders anew after the wait, and complains about hooks that have gone by then.
  const settled = use(isChecking ? client.settled() : NO_WAIT) ?? state;
  return (isChecking ? settled : state) as Exclude<SessionState<U>, { readonly status: 'checking' }>;
}

/** Who is signed in, inside of `<RequireSession>`; during an outage who was. Throws outside of it. */
export function useSignedIn<U extends SessionUser = SessionUser>(): SignedIn<U> {
  const known = useContext(SignedInContext);
  if (!known) throw new Error('useSignedIn works inside of <RequireSession>.');
  return known as SignedIn<U>;
}

/** What {@link RequireSession} takes. */
export interface RequireSessionProps<U extends SessionUser = SessionUser> {
  /** Shown to whoever is signed in, and left alone during an outage: a form that somebody types in stays. */
  readonly children?: ReactNode;
  /** Shown while nobody knows yet, and until the browser has left for the sign-in page. Default: nothing. */
  readonly pending?: ReactNode;
  /** Shown when the server has not answered since the page was opened. It is asked again by itself. Default: `pending`. */
  readonly unreachable?: ReactNode | ((state: Unreachable<U>) => ReactNode);
  /** Shown instead of leaving for the sign-in page. */
  readonly signedOut?: ReactNode;
  /** Where people sign in: an address of the application's own choice. Default `/sign-in`. */
  readonly signInPage?: string;
  /** Parameter in which the sign-in page is told where to come back to; read it with `returnPath`. Default `next`. */
  readonly returnParam?: string;
  /** Goes there. Default: `location.replace`, so that "back" does not lead into the guard again. */
  readonly redirect?: (address: string) => void;
}

/**
 * Shows its children to people who are signed in. Leaves for the sign-in page only when the server said that nobody is,
 * once, and never because of a failure, an outage or a deadline.
 */
export function RequireSession<U extends SessionUser = SessionUser>({
  children,
  pending,
  unreachable = pending,
  signedOut,
  signInPage = '/sign-in',
  returnParam,
  redirect = (address) => location.replace(address),
}: RequireSessionProps<U>): ReactNode {
  const state = useSession<U>();
  const left = useRef<SessionState<U> | null>(null);
  const known = state.status === 'unreachable' ? state.lastKnown : state;

  useEffect(() => {
    // Told apart by the state itself: strict mode runs effects twice, and every render may bring a new `redirect`.
    if (state.status !== 'signed-out' || signedOut !== undefined || left.current === state) return;
    left.current = state;
    // Who signed out has finished here; the next person at this computer starts afresh.
    redirect(
      state.reason === 'signed-out'
        ? signInPage
        : signInAddress(signInPage, location.pathname + location.search + location.hash, returnParam),
    );
  });

  if (known?.status === 'signed-in') return createElement(SignedInContext, { value: known }, children);
  if (known?.status === 'signed-out' && signedOut !== undefined) return signedOut;
  if (state.status !== 'unreachable') return pending;
  return typeof unreachable === 'function' ? unreachable(state) : unreachable;
}
