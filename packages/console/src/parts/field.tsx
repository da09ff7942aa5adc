/** A labelled text field with its hint and its error, tied together for those who listen. */
import type { ChangeEvent, HTMLInputTypeAttribute, ReactElement, ReactNode } from 'react';

export interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type: HTMLInputTypeAttribute;
  readonly autoComplete: string;
  readonly hint?: string;
  readonly optional?: boolean;
  readonly defaultValue?: string;
  readonly error?: ReactNode;
  readonly maxLength?: number;
  readonly onValue?: (value: string) => void;
  /** Stands at the right edge inside the field. */
  readonly action?: ReactNode;
}

export function Field(props: FieldProps): ReactElement {
  const { name, label, type, hint, optional = false, error, onValue, action } = props;
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ');
  const isName = props.autoComplete === 'name';
  return (
    <div className="field">
      <div className="field-label">
        <label htmlFor={name}>{label}</label>
        {optional && <span className="field-optional">Optional</span>}
      </div>
      <div className="field-box">
        <input
          id={name}
          name={name}
          type={type}
          autoComplete={props.autoComplete}
          autoCapitalize={isName ? 'words' : 'none'}
          spellCheck={false}
          defaultValue={props.defaultValue}
          maxLength={props.maxLength}
          required={!optional}
          aria-invalid={error ? true : undefined}
          aria-describedby={described === '' ? undefined : described}
          onChange={onValue && ((event: ChangeEvent<HTMLInputElement>) => onValue(event.target.value))}
        />
        {action}
      </div>
      {error && (
        <p className="field-error" id={`${name}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p className="field-hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
