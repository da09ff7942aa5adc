/** A button that shows that it is at work, and cannot be pressed twice meanwhile. */
import type { ReactElement, ReactNode } from 'react';

export interface ButtonProps {
  readonly children: ReactNode;
  readonly look?: 'primary' | 'quiet' | 'danger';
  readonly type?: 'button' | 'submit';
  readonly busy?: boolean;
  /** What it says while busy. */
  readonly busyText?: string;
  /** The accessible name, where the visible words alone would not tell which. It must begin with the visible words. */
  readonly label?: string;
  readonly onPress?: () => void;
}

export function Button(props: ButtonProps): ReactElement {
  const { children, look = 'primary', type = 'button', busy = false, busyText, label, onPress } = props;
  return (
    // Not `disabled` while busy: that would drop the keyboard's focus to the top of the page.
    <button
      className={`button button-${look}`}
      type={type}
      aria-disabled={busy}
      aria-label={busy ? undefined : label}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onPress?.();
      }}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      <span>{busy ? (busyText ?? children) : children}</span>
    </button>
  );
}
