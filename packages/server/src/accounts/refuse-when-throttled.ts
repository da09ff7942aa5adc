/** The 429 for who does something too often. */
import { ProblemError } from '../ops/problem-error.ts';
import type { AttemptLimit, ThrottleVerdict } from './throttle.ts';

/** Throws it unless the verdict is `free`. `policy` is what the limit is called in the headers; `more` says what stays well. */
export function refuseWhenThrottled(
  verdict: ThrottleVerdict,
  policy: string,
  { max, windowSeconds }: AttemptLimit,
  more = 'Nobody who is signed in is affected.',
): void {
  if (verdict.status === 'free') return;
  const seconds = verdict.retryAfterSeconds;
  throw new ProblemError(
    'too-many-requests',
    { detail: `Try again in ${seconds} seconds. ${more}` },
    {
      'retry-after': String(seconds),
      ratelimit: `"${policy}";r=0;t=${seconds}`,
      'ratelimit-policy': `"${policy}";q=${max};w=${windowSeconds}`,
    },
  );
}
