/** What an ended session's reason code means to the person it happened to. */

const TEXTS: Readonly<Record<string, string>> = {
  'signed-out': 'You are signed out.',
  'expired-idle': 'You were away for a long while, so this device was signed out. Sign in to carry on.',
  'expired-absolute': 'It has been a long time since your password was asked for. Sign in to carry on.',
  revoked: 'This device was signed out from another device.',
  'limit-reached': 'You signed in on another device, and this one had to give way.',
  reused:
    'This sign-in was used in two places at once, as a copied one would be, so we ended it. Sign in again, and consider a new password.',
};

/** Empty for the reasons that are no news, such as a first visit. */
export function toReasonText(reason: string): string {
  return TEXTS[reason] ?? '';
}
