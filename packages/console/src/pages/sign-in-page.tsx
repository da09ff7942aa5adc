/** Sign in with an address and a password. */
import type { ReactElement } from 'react';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import { FormLayout } from '../parts/form-layout.tsx';
import { Link } from '../parts/link.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { toReasonText } from '../reason-text.ts';
import { session } from '../session.ts';
import { useEntryForm } from '../use-entry-form.ts';

export interface EntryPageProps {
  /** The address's query, which carries the path to return to. */
  readonly search: string;
  readonly email: string;
  readonly onEmail: (email: string) => void;
}

export function SignInPage({ search, email, onEmail, reason }: EntryPageProps & { reason: string }): ReactElement {
  const { form, errors, busy, submit } = useEntryForm(false, ({ email, password }) =>
    session.signIn({ email, password }),
  );
  const news = errors.summary === '' ? toReasonText(reason) : '';
  const hasNotice = errors.summary !== '' || news !== '';
  return (
    <FormLayout>
      <div className="form-intro">
        <PageHeading takesFocus={false}>Sign in</PageHeading>
        <p>Welcome back. Sign in to carry on where you were.</p>
      </div>
      {errors.summary !== '' && (
        <Notice id="summary" tone="error">
          {errors.summary}
        </Notice>
      )}
      {news !== '' && (
        <Notice id="summary" tone="news">
          {news}
        </Notice>
      )}
      <form
        ref={form}
        method="post"
        className="form"
        noValidate
        onSubmit={submit}
        aria-label="Sign in"
        aria-describedby={hasNotice ? 'summary' : undefined}
      >
        <Field
          name="email"
          label="Email"
          type="email"
          autoComplete="username"
          defaultValue={email}
          onValue={onEmail}
          error={errors.fields.email}
        />
        <PasswordField autoComplete="current-password" error={errors.fields.password} />
        <Button type="submit" busy={busy} busyText="Signing in…">
          Sign in
        </Button>
      </form>
      <p className="form-other">
        New here? <Link to={`/sign-up${search}`}>Create an account</Link>
      </p>
    </FormLayout>
  );
}
