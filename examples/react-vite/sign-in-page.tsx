/** Signs in or up, and goes back to where the guard was. */
import type { Answer } from 'holdfast/client';
import { useSession, useSessionClient } from 'holdfast/client/react';
import { returnPath } from 'holdfast/client/returning';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';

export function SignInPage({ isNew }: { isNew: boolean }): ReactNode {
  const client = useSessionClient();
  const isIn = useSession((state) => state.status === 'signed-in');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');

  // Also when somebody signs in in another tab, or was signed in all along.
  useEffect(() => {
    if (isIn) location.replace(returnPath(location.search, '/notes'));
  }, [isIn]);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const values = Object.fromEntries(new FormData(event.currentTarget));
    setProblem(problemOf(await (isNew ? client.signUp(values) : client.signIn(values))));
    setBusy(false);
  }

  const word = isNew ? 'Create account' : 'Sign in';
  return (
    <>
      <h1>{word}</h1>
      <form onSubmit={(event) => void submit(event)}>
        {isNew && (
          <label>
            Name
            <input name="name" autoComplete="name" />
          </label>
        )}
        <label>
          Email
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete={isNew ? 'new-password' : 'current-password'} required />
        </label>
        <p className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" aria-disabled={isBusy}>
          {word}
        </button>
      </form>
      <p className="soft">
        {isNew ? 'You have an account? ' : 'You are new here? '}
        <a href={(isNew ? '/sign-in' : '/sign-up') + location.search}>{isNew ? 'Sign in' : 'Create an account'}</a>
      </p>
    </>
  );
}

/** One sentence for people; empty where all went well. */
function problemOf(answer: Answer): string {
  if (answer.kind === 'ok') return '';
  if (answer.kind === 'unreachable') return 'The service does not answer. Try again in a moment.';
  const { errors, detail, title } = answer.problem;
  return errors.map((error) => error.detail).join(' ') || detail || title;
}
