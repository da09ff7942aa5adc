/** The page, the same on the server and in the browser. Its forms work before, and without, its script. */
import type { SessionClient, SessionUser } from 'holdfast/client';
import { RequireSession, SessionProvider, useSession, useSessionClient, useSignedIn } from 'holdfast/client/react';
import type { ValidateAnswer } from 'holdfast/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

export interface User extends SessionUser {
  readonly name: string;
}

/** What the server knows when it renders, and hands to the browser. */
export interface PageFacts {
  readonly path: string;
  readonly search: string;
  readonly note: string;
  /** The answer to the one question; null during an outage. */
  readonly initial: ValidateAnswer | null;
}

export function Page({ client, facts }: { client: SessionClient<User>; facts: PageFacts }): ReactNode {
  return (
    <SessionProvider client={client} initial={facts.initial}>
      <div className="page">
        <header className="bar">
          <nav aria-label="Pages">
            <a href="/">Home</a>
            <a href="/notes">Notes</a>
          </nav>
          <Status />
        </header>
        <main className="card">
          <Content {...facts} />
        </main>
      </div>
    </SessionProvider>
  );
}

function Content({ path, search, note }: PageFacts): ReactNode {
  if (path === '/sign-in') return <SignIn search={search} />;
  if (path === '/notes') {
    const away = (
      <>
        <h1>The server does not answer</h1>
        <p>Nobody has been signed out. This page goes on by itself.</p>
      </>
    );
    return (
      <RequireSession pending={<p className="soft">One moment…</p>} unreachable={away}>
        <Notes note={note} />
      </RequireSession>
    );
  }
  return (
    <>
      <h1>Notes</h1>
      <p>Everybody sees this page. Your notes are behind the guard.</p>
      <p>
        <a href="/notes">Open my notes</a>
      </p>
    </>
  );
}

function Status(): ReactNode {
  const state = useSession<User>();
  const known = state.status === 'unreachable' ? state.lastKnown : state;
  const who = known?.status === 'signed-in' ? known.user.name : null;
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

function SignIn({ search }: { search: string }): ReactNode {
  return (
    <>
      <h1>Sign in</h1>
      <form method="post" action={`/sign-in${search}`}>
        <label>
          Name
          <input name="name" autoComplete="username" required />
        </label>
        <button type="submit">Sign in</button>
      </form>
    </>
  );
}

function Notes({ note }: { note: string }): ReactNode {
  const { user } = useSignedIn<User>();
  const client = useSessionClient<User>();
  const [problem, setProblem] = useState('');

  /** With the script, the other tabs hear of it, too; the guard then leaves for the sign-in page. */
  async function signOut(event: FormEvent): Promise<void> {
    event.preventDefault();
    const answer = await client.signOut();
    // Without an answer nobody was signed out, and the page must not look as if.
    if (answer.kind !== 'ok') setProblem('That did not work: you are still signed in. Try again.');
  }

  return (
    <>
      <h1>Notes of {user.name}</h1>
      <form method="post" action="/notes">
        <label>
          A note
          <textarea name="note" defaultValue={note} />
        </label>
        <button type="submit">Keep it</button>
      </form>
      <form method="post" action="/auth/sign-out" onSubmit={(event) => void signOut(event)}>
        <p className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="quiet">
          Sign out
        </button>
      </form>
    </>
  );
}
