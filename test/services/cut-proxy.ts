/** A TCP proxy inside the test that stands for the network: it can be cut, go silent, or be slow. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';
import { type Gate, openLane } from './proxy-lane.ts';

export interface CutProxy {
  readonly host: string;
  readonly port: number;
  /** How many connections of clients are open. */
  readonly connections: number;
  /** Resets all connections and refuses new ones: the host is there, the service is not. */
  cut(): Promise<void>;
  /**
   * Takes connections and forwards nothing, not even that a side has closed: packets get lost. What was sent meanwhile
   * arrives after `restore`, as TCP would send it again, unless the sender has given up by then.
   */
  blackhole(): void;
  /** Every piece arrives this many milliseconds later, in each direction. */
  delay(milliseconds: number): void;
  /** Undoes all of these. */
  restore(): Promise<void>;
  /** Closes it and its connections; idempotent. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Forwards a port of its own to the target. */
export async function startCutProxy(target: { readonly host: string; readonly port: number }): Promise<CutProxy> {
  const port = await freePort();
  const pairs = new Set<readonly [Socket, Socket]>();
  const gates = new Set<Gate>();
  let isSilent = false;
  let delayMs = 0;
  let server: Server | null = null;

  const accept = (near: Socket): void => {
    const far = connect({ ...target, allowHalfOpen: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    const lanes = [openLane(near, far), openLane(far, near)];
    for (const lane of lanes) {
      lane.set({ isSilent, delayMs });
      gates.add(lane);
    }
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.once('close', () => {
        if (!pair.every(({ destroyed }) => destroyed)) return;
        pairs.delete(pair);
        for (const lane of lanes) gates.delete(lane);
      });
    }
  };
  const listen = async (): Promise<void> => {
    const opened = createServer({ allowHalfOpen: true }, accept);
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject).listen(port, HOST, resolve);
    });
    server = opened;
  };
  const cut = async (): Promise<void> => {
    const closing = server;
    server = null;
    const closed = new Promise<void>((resolve) => (closing === null ? resolve() : closing.close(() => resolve())));
    for (const socket of [...pairs].flat()) socket.resetAndDestroy();
    await closed;
  };
  const apply = (): void => {
    for (const gate of gates) gate.set({ isSilent, delayMs });
  };
  await listen();
  return {
    host: HOST,
    port,
    get connections() {
      return [...pairs].filter(([near]) => !near.destroyed).length;
    },
    cut,
    blackhole() {
      isSilent = true;
      apply();
    },
    delay(milliseconds) {
      delayMs = milliseconds;
      apply();
    },
    async restore() {
      isSilent = false;
      delayMs = 0;
      apply();
      if (server === null) await listen();
    },
    stop: cut,
  };
}
