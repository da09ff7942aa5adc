/** A password field whose text can be shown; paste and password managers work as in any other field. */
import { type ReactElement, type ReactNode, useState } from 'react';
import { Field } from './field.tsx';

export interface PasswordFieldProps {
  readonly autoComplete: 'current-password' | 'new-password';
  readonly hint?: string;
  readonly error?: ReactNode;
}

export function PasswordField(props: PasswordFieldProps): ReactElement {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      name="password"
      label="Password"
      type={shown ? 'text' : 'password'}
      action={
        <button
          type="button"
          className="field-action"
          aria-label="Show password"
          aria-pressed={shown}
          aria-controls="password"
          onClick={() => setShown(!shown)}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
            <circle cx="12" cy="12" r="3" />
            {shown && <path d="M4 20 20 4" />}
          </svg>
        </button>
      }
    />
  );
}
