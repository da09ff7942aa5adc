/** Undoes what a test left behind when its process ends early, so that a crashed run leaves no server and no folder. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const undos = new Set<() => void>();
let watching = false;

/** Calls `undo` (synchronous, because nothing else runs any more) when this process ends; answers how to forget it. */
export function atExit(undo: () => void): () => void {
  watch();
  undos.add(undo);
  return () => void undos.delete(undo);
}

function watch(): void {
  if (watching) return;
  watching = true;
  process.on('exit', undoAll);
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      // Whoever else listens decides what the signal means; when they end the process, 'exit' comes.
      if (process.listenerCount(signal) > 1) return;
      undoAll();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}

/** The latest first: a server ends before the folder in which it writes is removed. */
function undoAll(): void {
  for (const undo of [...undos].reverse()) {
    undos.delete(undo);
    try {
      undo();
    } catch {
      // The others still have to be undone.
    }
  }
}
