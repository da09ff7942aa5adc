/** The browser's side of a session: asks the server, keeps the last answer, and concludes nothing by itself. */
export { createSessionClient } from './create-session-client.ts';
export type {
  Answer,
  Channel,
  Checking,
  ClientOptions,
  Environment,
  Explanation,
  Finding,
  Note,
  Problem,
  ProblemField,
  SessionClient,
  SessionEvents,
  SessionFacts,
  SessionState,
  SessionUser,
  SignedIn,
  SignedOut,
  Unreachable,
  WakeCause,
} from './types.ts';
