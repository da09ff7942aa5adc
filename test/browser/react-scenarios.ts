/** What the React tests show, without JSX so that Node renders the same components that the browser hydrates. */

import type { SessionClient } from 'holdfast/client';
import {
  RequireSession,
  SessionProvider,
  useSession,
  useSessionClient,
  useSettledSession,
  useSignedIn,
} from 'holdfast/client/react';
import {
  createElement as h,
  type ReactElement,
  type ReactNode,
  StrictMode,
  Suspense,
  useEffect,
  useState,
} from 'react';

type Initial = Parameters<typeof SessionProvider>[0]['initial'];

/** What the tests read of a page. */
export interface Probe {
  readonly client: SessionClient;
  /** Where guards wanted to go, in the scenarios that only note it. */
  readonly redirects: string[];
  /** What a component saw in each of its renders. */
  readonly seen: string[];
  /** What React recovered from while hydrating. */
  readonly recovered: string[];
}

/** Filled by components; in the browser it hangs on the window. */
export const probe: Omit<Probe, 'client'> = { redirects: [], seen: [], recovered: [] };

function Status(): ReactElement {
  return h('span', { className: 'status' }, useSession().status);
}

function Many(): ReactElement {
  const [round, remount] = useState(0);
  const [isShown, show] = useState(true);
  const list = Array.from({ length: 50 }, (_, index) => h(Status, { key: index }));
  return h(
    'main',
    null,
    h('button', { type: 'button', onClick: () => remount(round + 1) }, 'Remount'),
    h('button', { type: 'button', onClick: () => show(!isShown) }, 'Toggle'),
    isShown && h('div', { key: round }, list),
  );
}

function Account(): ReactElement {
  const { user } = useSignedIn();
  return h('main', null, h('h1', null, `Hello ${user.id}`), h('input', { 'aria-label': 'Note' }));
}

const note = (address: string): void => {
  probe.redirects.push(address);
};

function Guarded(props: Omit<Parameters<typeof RequireSession>[0], 'children'>): ReactElement {
  const views = { pending: h('p', null, 'One moment'), unreachable: h('p', null, 'No answer yet') };
  return h(RequireSession, { ...views, ...props }, h(Account));
}

function Settled(): ReactElement {
  const state = useSettledSession();
  probe.seen.push(state.status);
  return h('h1', null, `Settled: ${state.status}`);
}

function Selecting(): ReactElement {
  const isIn = useSession((state) => state.status === 'signed-in');
  probe.seen.push(String(isIn));
  const client = useSessionClient();
  return h('button', { type: 'button', onClick: () => void client.ask() }, isIn ? 'In' : 'Not in');
}

/** Renders anew all the time, with a new function each time. */
function Restless(): ReactElement {
  const [count, again] = useState(0);
  useEffect(() => {
    if (count < 5) again(count + 1);
  }, [count]);
  return h(Guarded, { redirect: (address: string) => note(address) });
}

const SCENARIOS: Readonly<Record<string, () => ReactNode>> = {
  many: () => h(Many),
  guard: () => h(Guarded),
  noting: () => h(Guarded, { redirect: note }),
  restless: () => h(Restless),
  'outage-as-function': () => h(Guarded, { unreachable: (state) => h('p', null, `Again: ${state.retryAt !== null}`) }),
  'in-place': () => h(Guarded, { redirect: note, signedOut: h('form', null, h('input', { 'aria-label': 'Email' })) }),
  suspense: () => h(Suspense, { fallback: h('p', null, 'One moment') }, h(Settled)),
  selecting: () => h(Selecting),
  'guard-outside': () => h(Account),
};

/** A whole application; `SessionProvider` is left out for `no-provider`. */
export function Scenario({
  name,
  client,
  initial,
}: {
  name: string;
  client: SessionClient;
  initial?: Initial;
}): ReactElement {
  if (name === 'no-provider') return h(StrictMode, null, h(Status));
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return h(StrictMode, null, h(SessionProvider, { client, initial }, h(scenario)));
}
