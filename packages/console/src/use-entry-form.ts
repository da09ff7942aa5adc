/** What sign-in and sign-up share: check, send once, show what is wrong, and go to the first field that needs mending. */
import type { Answer } from 'holdfast/client';
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { checkForm, type FormErrors, NO_ERRORS, toFormErrors } from './form-errors.ts';

export interface EntryValues {
  readonly email: string;
  readonly password: string;
  readonly name: string;
}

export interface EntryForm {
  readonly form: RefObject<HTMLFormElement | null>;
  readonly errors: FormErrors;
  readonly busy: boolean;
  readonly submit: (event: FormEvent<HTMLFormElement>) => void;
}

export function useEntryForm(isNew: boolean, send: (values: EntryValues) => Promise<Answer>): EntryForm {
  const form = useRef<HTMLFormElement>(null);
  const underWay = useRef(false);
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState(NO_ERRORS);

  useEffect(() => {
    // A phone's keyboard would cover the page before it has been read.
    if (!window.matchMedia('(pointer: fine)').matches) return;
    const fields = [...(form.current?.querySelectorAll('input') ?? [])];
    (fields.find((field) => field.value === '') ?? fields[0])?.focus();
  }, []);

  useEffect(() => {
    if (errors === NO_ERRORS) return;
    const invalid = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    (invalid ?? form.current?.querySelector<HTMLElement>('#password'))?.focus();
  }, [errors]);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (underWay.current) return;
    const data = new FormData(event.currentTarget);
    const values = {
      email: text(data, 'email').trim(),
      password: text(data, 'password'),
      name: text(data, 'name').trim(),
    };
    const found = checkForm(values, isNew);
    const isGood = Object.keys(found.fields).length === 0;
    setErrors(isGood ? NO_ERRORS : found);
    if (!isGood) return;
    underWay.current = true;
    setBusy(true);
    const result = await send(values);
    underWay.current = false;
    setBusy(false);
    if (result.kind !== 'ok') setErrors(toFormErrors(result));
  }

  return { form, errors, busy, submit: (event) => void submit(event) };
}

function text(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}
