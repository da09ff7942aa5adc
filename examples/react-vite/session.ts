/** The one client of the page, made outside of components. */
import { createSessionClient, type SessionClient, type SessionUser } from 'holdfast/client';

export interface User extends SessionUser {
  readonly email: string;
  /** Null where the person gave none. */
  readonly name: string | null;
}

export const client: SessionClient<User> = createSessionClient<User>({
  // What the server sends is looked at once, here.
  readUser(user) {
    const { id, email, name = null } = (user ?? {}) as Partial<User>;
    return typeof id === 'string' && typeof email === 'string' ? { id, email, name } : null;
  },
});
