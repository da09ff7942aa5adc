/** What a write leaves in the front. */
import type { Awaitable } from '../../core/store.ts';
import type { OpenFront } from './front.ts';
import type { Trust } from './trust.ts';

/** Leaves what must be there before the caller is answered, or sees to it that nobody looks there any more. */
export async function leaveTrace(trust: Trust, work: (front: OpenFront) => Awaitable<unknown>): Promise<void> {
  for (;;) {
    const front = await trust.writable();
    if (front === null) return;
    try {
      await trust.within(work(front));
      return;
    } catch {
      trust.frontFailed(front);
      await trust.suspend(front.namespace);
    }
  }
}

/** Does what only makes things better, and costs nobody anything when it fails. Never rejects. */
export async function tryTo(trust: Trust, front: OpenFront, work: () => Awaitable<unknown>): Promise<void> {
  try {
    await trust.within(work());
  } catch {
    trust.frontFailed(front);
  }
}
