/** A service worker that uses the client: no document, no window, and the same session. */
import { createSessionClient } from 'holdfast/client';

Object.assign(globalThis, { client: createSessionClient() });
