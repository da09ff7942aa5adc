/** Tells in the log how the layers of the session store are: a front that is down costs nobody anything, so nobody would know. */
import type { Store } from 'holdfast';
import type { Logger } from 'pino';

/** As often as keys are announced. */
const LOOK_MS = 30_000;

/** One line whenever that has changed; answers how to stop. Of a store without layers there is nothing to tell. */
export function watchLayers(store: Store, logger: Logger): () => void {
  if (store.kind !== 'layered') return () => undefined;
  let told = '';
  const look = async (): Promise<void> => {
    const { healthy, message } = await store.health();
    if (message === told) return;
    told = message;
    // That the store as a whole does not answer is told by whoever needs it.
    if (healthy) logger.info(`the session store: ${message}`);
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
