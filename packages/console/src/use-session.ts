/** React's view of the session. */
import { useSyncExternalStore } from 'react';
import { session } from './browser.ts';
import type { SessionState } from './session.ts';

export function useSession(): SessionState {
  return useSyncExternalStore(session.subscribe, session.current);
}
