/** The client for Vue: its state as a ref. This is all that a framework needs. */
import { createSessionClient, type SessionClient, type SessionState } from 'holdfast/client';
import { onScopeDispose, readonly, type ShallowRef, shallowRef } from 'vue';

/** One per page, made outside of components. */
export const client: SessionClient = createSessionClient();

/** The state now and whenever it changes. However many components use it, the server is asked once. */
export function useSession(): Readonly<ShallowRef<SessionState>> {
  const state = shallowRef(client.current());
  const stop = client.subscribe(() => {
    state.value = client.current();
  });
  onScopeDispose(stop);
  return readonly(state) as Readonly<ShallowRef<SessionState>>;
}
