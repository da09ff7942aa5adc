/** Only for people who are signed in: it has no branch for anything else, because the guard has them. */
import { useSessionClient, useSignedIn } from 'holdfast/client/react';
import { type ReactNode, useState } from 'react';
import type { User } from './session.ts';

export function NotesPage(): ReactNode {
  const { user } = useSignedIn<User>();
  const client = useSessionClient<User>();
  const [problem, setProblem] = useState('');

  async function signOut(): Promise<void> {
    const answer = await client.signOut();
    // Without an answer nobody was signed out, and the page must not look as if.
    if (answer.kind !== 'ok') setProblem('That did not reach the service: you are still signed in. Try again.');
  }

  return (
    <>
      <h1>Notes of {user.name ?? user.email}</h1>
      <label>
        A note
        <textarea placeholder="Stop the service while you type: the text stays." />
      </label>
      <p className="problem" role="alert">
        {problem}
      </p>
      <button type="button" className="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </>
  );
}
