/** One direction of a proxied connection: bytes in order, late when told, held back while the network is silent. */
import type { Socket } from 'node:net';

export interface GateState {
  /** Whether nothing gets through. */
  readonly isSilent: boolean;
  readonly delayMs: number;
}

export interface Gate {
  set(state: GateState): void;
}

interface Piece {
  /** Bytes; 'end' when the sender has finished, 'gone' when its connection broke. */
  readonly what: Buffer | 'end' | 'gone';
  readonly arrivedAt: number;
}

/** How much waits here before the sender has to wait, as in the buffers of a real path. */
const MOST_BYTES = 256 * 1024;

/** Forwards what comes from one socket to the other. */
export function openLane(from: Socket, to: Socket): Gate {
  const waiting: Piece[] = [];
  let state: GateState = { isSilent: false, delayMs: 0 };
  let bytes = 0;
  let isBlocked = false;
  let timer: NodeJS.Timeout | undefined;

  const arrive = (what: Piece['what']): void => {
    waiting.push({ what, arrivedAt: performance.now() });
    if (typeof what !== 'string') bytes += what.length;
    if (bytes > MOST_BYTES) from.pause();
    forward();
  };
  const forward = (): void => {
    clearTimeout(timer);
    for (let piece = waiting[0]; piece !== undefined && !state.isSilent && !isBlocked; piece = waiting[0]) {
      const wait = piece.arrivedAt + state.delayMs - performance.now();
      // A timer may fire a fraction of a millisecond early.
      if (wait > 0.5) {
        timer = setTimeout(forward, wait);
        return;
      }
      waiting.shift();
      pass(piece.what);
    }
    if (bytes <= MOST_BYTES) from.resume();
  };
  const pass = (what: Piece['what']): void => {
    if (what === 'end') {
      to.end();
    } else if (what === 'gone') {
      to.resetAndDestroy();
    } else {
      bytes -= what.length;
      isBlocked = !to.destroyed && !to.write(what);
    }
  };

  from.on('data', arrive);
  from.once('end', () => arrive('end'));
  // An error is always followed by 'close', which says whether there was one.
  from.on('error', () => {});
  from.once('close', (hadError) => {
    if (hadError || !from.readableEnded) arrive('gone');
  });
  to.on('drain', () => {
    isBlocked = false;
    forward();
  });
  to.once('close', () => {
    clearTimeout(timer);
    isBlocked = false;
  });
  return {
    set(next) {
      state = next;
      forward();
    },
  };
}
