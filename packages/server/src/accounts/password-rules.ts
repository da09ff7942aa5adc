/** Which passwords are taken: any characters, long enough, and not among those that are tried first (ASVS 5.0 6.2). */
import { isCommonPassword } from './common-passwords.ts';
import { emailKey } from './email.ts';

export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 256;

/** What is wrong with a new password, for the person who chose it; null when it is good. Lengths are the schema's to check. */
export function passwordProblem(password: string, email: string): string | null {
  // Half a surrogate pair has no UTF-8 form: different ones would become the same password.
  if (!password.isWellFormed()) return 'holds a character that cannot be stored';
  if (new Set(password).size < 3) return 'repeats the same character; choose something harder to guess';
  if (isCommonPassword(password))
    return 'is among the passwords that are tried first; choose something harder to guess';
  const key = emailKey(email);
  const lower = emailKey(password);
  if (lower === key || lower === key.split('@')[0]) return 'is the same as the e-mail address';
  return null;
}
