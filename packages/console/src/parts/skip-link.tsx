/** Jumps over what every page repeats. */
import type { ReactElement } from 'react';

export function SkipLink(): ReactElement {
  return (
    <a className="skip-link" href="#main">
      Skip to the content
    </a>
  );
}
