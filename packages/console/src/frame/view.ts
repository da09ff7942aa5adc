/** What the embedded page shows. */
import type { SignedIn } from 'holdfast/client';

export interface View {
  /** All that the page is high. */
  readonly content: Element;
  /** One sentence, and what to do. What is shown of a session stays where `isKept` says so. */
  say(sentence: string, more?: string, isKept?: boolean): void;
  show(session: SignedIn): void;
  /** Runs `signOut` when somebody wants that; the button waits for it. */
  onSignOut(signOut: () => Promise<void>): void;
}

export function createView(): View {
  const part = <E extends HTMLElement = HTMLElement>(id: string): E => document.getElementById(id) as E;
  const says = part('says');
  const more = part('more');
  const facts = part('facts');
  const button = part<HTMLButtonElement>('sign-out');

  function say(sentence: string, detail = '', isKept = false): void {
    // Said again it would be read out again.
    if (says.textContent !== sentence) says.textContent = sentence;
    more.textContent = detail;
    more.hidden = detail === '';
    if (isKept) return;
    const hadFocus = document.activeElement === button;
    facts.hidden = true;
    button.hidden = true;
    // It must not get lost with what had it.
    if (hadFocus) says.focus();
  }

  function tell(id: string, time: number | null): void {
    const element = part<HTMLTimeElement>(id);
    const date = new Date(time ?? 0);
    element.dateTime = date.toISOString();
    element.textContent = date.toLocaleString([], { dateStyle: 'long', timeStyle: 'short' });
    element.parentElement?.parentElement?.toggleAttribute('hidden', time === null);
  }

  return {
    content: document.body,
    say,
    show({ user, session }) {
      say('You are signed in', '', true);
      part('who').hidden = user.id === '';
      part('user').textContent = user.id;
      tell('since', session.createdAt);
      tell('until', session.expiresAt);
      facts.hidden = false;
      button.hidden = false;
    },
    onSignOut(signOut) {
      button.addEventListener('click', async () => {
        if (button.ariaDisabled === 'true') return;
        button.ariaDisabled = 'true';
        await signOut();
        button.ariaDisabled = null;
      });
    },
  };
}
