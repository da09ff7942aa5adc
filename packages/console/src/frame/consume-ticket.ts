/** Uses the one-time session: asks until there is an answer, under one key, so that a lost answer is no lost session. */
import type { Answer } from 'holdfast/client';

/** What a ticket can be refused for. Every other refusal is not about it, and may pass. */
export const REFUSALS: readonly string[] = ['already-used', 'ticket-expired', 'not-found', 'wrong-origin'];
const LONGEST_WAIT_MS = 30_000;
/** So many other refusals are an answer: a proxy, or a mistake, that stands in the way for good. */
const MOST_REFUSALS = 4;
/** Come back later (RFC 9110, 15.5.9; RFC 6585, 4). */
const PASSING: readonly number[] = [408, 429];

export interface Consuming {
  readonly id: string;
  /** The embedding page's. */
  readonly origin: string;
  readonly request: (method: string, path: string, body: unknown) => Promise<Answer>;
  /** Called after each try that came to nothing, with what is known of the cause. */
  readonly onSilence: (reason: string) => void;
}

/** Empty when the session has begun, else why it has not. Never rejects. */
export async function consumeTicket({ id, origin, request, onSilence }: Consuming): Promise<string> {
  // Not `randomUUID`, which pages without TLS do not have.
  const idempotency_key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  let refusals = 0;
  for (let silences = 0; ; silences++) {
    const body = { session_id: id, origin, frame: true, idempotency_key };
    const answer = await request('POST', '/auth/validate-session', body);
    if (answer.kind === 'ok' && (answer.body as { valid?: unknown } | null)?.valid === true) return '';
    let code = 'no-answer';
    if (answer.kind === 'refused') {
      const { problem } = answer;
      code = problem.code || 'refused';
      if (REFUSALS.includes(code)) return code;
      if (!PASSING.includes(problem.status) && ++refusals >= MOST_REFUSALS) return code;
    }
    onSilence(code);
    await pause(Math.min(1000 * 2 ** silences, LONGEST_WAIT_MS) * (1 - Math.random() / 4));
  }
}

/** Shorter when the network comes back meanwhile. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer);
      removeEventListener('online', go);
      resolve();
    };
    const timer = setTimeout(go, milliseconds);
    addEventListener('online', go);
  });
}
