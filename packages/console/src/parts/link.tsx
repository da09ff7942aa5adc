/** A link that changes the page without loading it, and stays a link for every other kind of click. */
import type { MouseEvent, ReactElement, ReactNode } from 'react';
import { navigate } from '../router.ts';

export function Link({ to, children }: { to: string; children: ReactNode }): ReactElement {
  function follow(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
  return (
    <a href={to} onClick={follow}>
      {children}
    </a>
  );
}
