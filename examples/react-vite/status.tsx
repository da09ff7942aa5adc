/** What is known of whoever sits here, in words. */
import { useSession } from 'holdfast/client/react';
import type { ReactNode } from 'react';
import type { User } from './session.ts';

export function Status(): ReactNode {
  const state = useSession<User>();
  const known = state.status === 'unreachable' ? state.lastKnown : state;
  const who = known?.status === 'signed-in' ? (known.user.name ?? known.user.email) : null;
  const texts = {
    checking: 'Checking…',
    'signed-in': `Signed in as ${who}`,
    'signed-out': 'Signed out',
    unreachable: who === null ? 'No connection, trying again' : `${who}, without a connection`,
  };
  return (
    <output className="status" data-status={state.status}>
      {texts[state.status]}
    </output>
  );
}
