/** What makes two spellings of an e-mail address one account. */

/** The longest address that mail can carry (RFC 5321 4.5.3.1.3). */
export const EMAIL_MAX = 254;

/** A lenient shape: one @ with something on both sides. Whether the address works, only mail can tell. */
export const EMAIL_PATTERN = '^\\s*[^\\s@\\p{C}]+@[^\\s@\\p{C}]+\\s*$';

/** The unique key of an address: blanks trimmed, compatibility forms and case folded. Applying it twice changes nothing. */
export function emailKey(email: string): string {
  // Folding can yield characters that NFKC would compose again, hence once more at the end.
  return email.normalize('NFKC').trim().toLowerCase().replaceAll('ß', 'ss').normalize('NFKC');
}
