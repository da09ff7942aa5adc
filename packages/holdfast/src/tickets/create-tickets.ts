/** One-time sessions on Node: the engine with Node's cryptography, clock and events. */
import type { Clock } from '../core/crypto.ts';
import type { EventSink } from '../core/events.ts';
import { createKeyRing } from '../core/key-ring.ts';
import { resolvePolicy } from '../core/policy.ts';
import { parseSecrets } from '../core/secrets.ts';
import type { Store } from '../core/store.ts';
import { createTicketEngine, type TicketPolicy, type Tickets } from '../core/tickets.ts';
import { nodeCrypto, nodeTimers, publishEvent } from '../runtime/node.ts';
import { startSweeping } from '../runtime/sweeping.ts';

/** What {@link createTickets} takes. */
export interface TicketsOptions {
  /** Where tickets live: beside the sessions of this store, which whoever made it closes. */
  readonly store: Store;
  /** The same secrets as for sessions: the value of SESSION_SECRET, or a list, newest first. */
  readonly secrets: string | readonly string[];
  readonly policy?: TicketPolicy;
  /** Told of failures of the store; also published on the diagnostics channel `holdfast:session`. */
  readonly onEvent?: EventSink;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: Clock;
  /** Bytes from a CSPRNG. Default Node's. For tests only. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** The longest that one store call may take, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
  /** How often old tickets are removed, in seconds, give or take a quarter. 0 leaves it to the caller. Default 300. */
  readonly sweepSeconds?: number;
}

/** Throws `invalid-secret` or `invalid-option` with what is wrong; opens nothing by itself. */
export function createTickets(options: TicketsOptions): Tickets & { close(): void } {
  const { secrets, onEvent, deadlineMs = 1000, sweepSeconds = 300 } = options;
  const crypto = options.randomBytes ? { ...nodeCrypto, randomBytes: options.randomBytes } : nodeCrypto;
  const tickets = createTicketEngine(
    {
      store: options.store,
      ring: createKeyRing(typeof secrets === 'string' ? parseSecrets(secrets) : secrets, crypto),
      policy: resolvePolicy({}),
      crypto,
      clock: options.clock ?? Date.now,
      timers: nodeTimers,
      deadlineMs,
      onEvent: (event) => {
        publishEvent(event);
        return onEvent?.(event);
      },
    },
    options.policy ?? {},
  );
  return { ...tickets, close: startSweeping(tickets, sweepSeconds) };
}
