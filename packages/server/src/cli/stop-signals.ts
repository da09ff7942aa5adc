/** Ctrl-C and SIGTERM for commands that stop by themselves when they are asked to. */

/** Calls `onSignal` with how often it was asked, from 1 up; answers how to stop listening. */
export function onStopSignal(onSignal: (times: number) => void): () => void {
  let times = 0;
  const listen = (): void => onSignal(++times);
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return () => {
    process.off('SIGINT', listen);
    process.off('SIGTERM', listen);
  };
}
