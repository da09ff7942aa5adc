/** A page for everybody, one for people who are signed in, and the sign-in page between them. */
import { RequireSession, SessionProvider } from 'holdfast/client/react';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { NotesPage } from './notes-page.tsx';
import { client } from './session.ts';
import { SignInPage } from './sign-in-page.tsx';
import { Status } from './status.tsx';

function Page(): ReactNode {
  if (location.pathname === '/sign-in') return <SignInPage isNew={false} />;
  if (location.pathname === '/sign-up') return <SignInPage isNew />;
  if (location.pathname !== '/notes') return <HomePage />;
  const waiting = <p className="soft">One moment…</p>;
  const away = (
    <>
      <h1>The service does not answer</h1>
      <p>Nobody has been signed out. This page goes on by itself.</p>
    </>
  );
  return (
    <RequireSession pending={waiting} unreachable={away}>
      <NotesPage />
    </RequireSession>
  );
}

function HomePage(): ReactNode {
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

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <SessionProvider client={client}>
      <div className="page">
        <header className="bar">
          <nav aria-label="Pages">
            <a href="/">Home</a>
            <a href="/notes">Notes</a>
          </nav>
          <Status />
        </header>
        <main className="card">
          <Page />
        </main>
      </div>
    </SessionProvider>
  </StrictMode>,
);
