/** Create an account, and be signed in at once. */
import type { ReactElement } from 'react';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { FormLayout } from '../parts/form-layout.tsx';
import { Link } from '../parts/link.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { session } from '../session.ts';
import { useEntryForm } from '../use-entry-form.ts';
import type { EntryPageProps } from './sign-in-page.tsx';

export function SignUpPage({ search, email, onEmail }: EntryPageProps): ReactElement {
  const { form, errors, busy, submit } = useEntryForm(true, ({ email, password, name }) =>
    session.signUp(name === '' ? { email, password } : { email, password, name }),
  );
  const emailError = errors.isRegistered ? (
    <>
      {errors.fields.email} <Link to={`/sign-in${search}`}>Sign in instead</Link>
    </>
  ) : (
    errors.fields.email
  );
  return (
    <FormLayout>
      <div className="form-intro">
        <PageHeading takesFocus={false}>Create your account</PageHeading>
        <p>Sign up once, and stay signed in on the devices you trust.</p>
      </div>
      {errors.summary !== '' && (
        <Notice id="summary" tone="error">
          {errors.summary}
        </Notice>
      )}
      <form
        ref={form}
        method="post"
        className="form"
        noValidate
        onSubmit={submit}
        aria-label="Create your account"
        aria-describedby={errors.summary === '' ? undefined : 'summary'}
      >
        <Field
          name="name"
          label="Name"
          type="text"
          autoComplete="name"
          optional
          maxLength={100}
          error={errors.fields.name}
        />
        <Field
          name="email"
          label="Email"
          type="email"
          autoComplete="email"
          defaultValue={email}
          onValue={onEmail}
          error={emailError}
        />
        <PasswordField
          autoComplete="new-password"
          hint="At least 8 characters. A few unrelated words are strong, and easy to keep in mind."
          error={errors.fields.password}
        />
        <Button type="submit" busy={busy} busyText="Creating your account…">
          Create account
        </Button>
      </form>
      <p className="form-other">
        Have an account? <Link to={`/sign-in${search}`}>Sign in</Link>
      </p>
    </FormLayout>
  );
}
