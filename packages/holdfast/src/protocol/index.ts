/** What travels on the wire: names, reasons and problem codes. No logic. */
export { ACTIVITY_HEADER, cookieBaseName, HINT_HEADER, PROBLEM_TYPE, REASON_HEADER } from './names.ts';
export type { FieldProblem, ProblemCode, ProblemDocument, ProblemExtras } from './problems.ts';
export { PROBLEMS, problemDocument } from './problems.ts';
export type { EndReason, Reason } from './reasons.ts';
export { isEndReason, REASONS } from './reasons.ts';
export type { InvalidAnswer, ValidAnswer, ValidateAnswer, WireSession } from './validate.ts';
