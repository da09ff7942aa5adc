/** The one session of these pages. */
import { createSessionClient, type SessionClient, type Unreachable } from 'holdfast/client';
import { toUser, type User } from './user.ts';

export const session: SessionClient<User> = createSessionClient({ readUser: toUser });

/** Nobody knows right now who this is. */
export type Outage = Unreachable<User>;
