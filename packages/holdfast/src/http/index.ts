/** Sessions over HTTP without a framework: what the bindings for fetch and node are made of. */
export { createHttpSessions } from './create-http-sessions.ts';
export type {
  CsrfVerdict,
  Exchange,
  HttpOptions,
  HttpSessions,
  RequestFacts,
  ResponseFacts,
} from './exchange.ts';
export type { Refusable, Refusal } from './refusal.ts';
export { refusalOf } from './refusal.ts';
export type { UserOf } from './validate-answer.ts';
export { validateAnswer } from './validate-answer.ts';
