/** Where to go after sign-in: a path of this origin that is no sign-in page. */
import { returnPath } from 'holdfast/client/returning';

const DEFAULT = '/account';
const SIGN_IN_PAGES: ReadonlySet<string> = new Set(['/', '/sign-in', '/sign-up']);

/** A path with query and fragment on this origin; `/account` where there is none to trust. */
export function toReturnPath(search: string): string {
  const path = returnPath(search, DEFAULT);
  return SIGN_IN_PAGES.has(new URL(path, 'http://origin.invalid').pathname) ? DEFAULT : path;
}
