/** What must go even when a run is broken off: processes in groups of their own, and directories. */

const pending = new Set<() => void>();

/** Registers a synchronous way to remove something; answers how to take the registration back. */
export function removeAtExit(remove: () => void): () => void {
  pending.add(remove);
  return () => void pending.delete(remove);
}

process.on('exit', () => {
  for (const remove of pending) remove();
});
// By default a signal ends a process without its `exit` event.
process.once('SIGTERM', () => process.exit(143));
process.once('SIGINT', () => process.exit(130));
process.once('SIGHUP', () => process.exit(129));
