/** Shows the page that the address and the session call for: waiting and outages have views of their own, never a redirect. */
import { RequireSession, useSession } from 'holdfast/client/react';
import { type ReactElement, useEffect, useState } from 'react';
import { AccountPage } from './pages/account-page.tsx';
import { CheckingPage } from './pages/checking-page.tsx';
import { NotFoundPage } from './pages/not-found-page.tsx';
import { SignInPage } from './pages/sign-in-page.tsx';
import { SignUpPage } from './pages/sign-up-page.tsx';
import { UnreachablePage } from './pages/unreachable-page.tsx';
import { OutageNotice } from './parts/outage-notice.tsx';
import { navigate, usePlace } from './router.ts';
import { type Place, toRedirect, toRoute } from './routes.ts';
import type { User } from './user.ts';

export function App(): ReactElement {
  const state = useSession<User>();
  const here = usePlace();
  const redirect = toRedirect(here, state.status);

  useEffect(() => {
    if (redirect !== null) navigate(redirect, 'replace');
  }, [redirect]);

  return (
    <>
      {toRoute(here.path) === 'account' ? <GuardedAccount /> : <OpenPage here={here} />}
      {state.status === 'unreachable' && state.lastKnown !== null && <OutageNotice outage={state} />}
    </>
  );
}

function GuardedAccount(): ReactElement {
  return (
    <RequireSession<User>
      pending={<CheckingPage shape="account" />}
      unreachable={(outage) => <UnreachablePage outage={outage} />}
      redirect={(address) => navigate(address, 'replace')}
    >
      <AccountPage />
    </RequireSession>
  );
}

function OpenPage({ here }: { here: Place }): ReactElement {
  const state = useSession<User>();
  // Kept here, so that an address typed on one form is still there on the other.
  const [email, setEmail] = useState('');
  // Once somebody is signed in it is of no use any more, and after the sign-out it would show who was here.
  const signedIn = state.status === 'signed-in';
  useEffect(() => {
    if (signedIn) setEmail('');
  }, [signedIn]);
  const route = toRoute(here.path);
  const known = state.status === 'unreachable' ? state.lastKnown : state;

  if (route === 'not-found') return <NotFoundPage />;
  if (known?.status === 'signed-out') {
    const form = { search: here.search, email, onEmail: setEmail };
    if (route === 'sign-in') return <SignInPage {...form} reason={known.reason} />;
    if (route === 'sign-up') return <SignUpPage {...form} />;
  }
  if (state.status === 'unreachable') return <UnreachablePage outage={state} />;
  return <CheckingPage shape="form" />;
}
