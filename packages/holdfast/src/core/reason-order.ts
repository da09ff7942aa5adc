/** When several tokens fail for several reasons, which one to tell. */
import { REASONS, type Reason } from '../protocol/reasons.ts';

const ORDER: ReadonlyMap<string, number> = new Map(Object.keys(REASONS).map((reason, index) => [reason, index]));

/** The reason that tells a person more: how a session ended beats a token that was never ours. */
export function moreTelling(a: Reason, b: Reason): Reason {
  return (ORDER.get(a) as number) >= (ORDER.get(b) as number) ? a : b;
}
