/** Turns everything that goes wrong into a problem document in our own words: no stack, no path, no driver's text. */
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { StoreUnreachableError } from 'holdfast';
import { PROBLEM_TYPE, PROBLEMS, type ProblemCode, problemDocument } from 'holdfast/protocol';
import type { Logger } from 'pino';
import type { App } from '../app-type.ts';
import { fieldProblems } from './field-problems.ts';
import type { OutageLog } from './outage-log.ts';
import { ProblemError, sendProblem, unreachable } from './problem-error.ts';
import type { RouteTable } from './route-table.ts';

/** Fastify's own refusals of a request, by its code. */
const FRAMEWORK: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'Send at most 64 KiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed-json', 'The body is not a JSON text.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed-json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'The body is shorter or longer than Content-Length says.'],
  FST_ERR_BAD_URL: ['bad-request', 'The address holds a percent sign that encodes nothing.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'There is nothing at this address.'],
};

/** Answers what routes throw, what Fastify refuses, unknown addresses and wrong methods. */
export function handleErrors(app: App, routes: RouteTable, logger: Logger, outages: OutageLog): void {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    // What the session store cannot answer is a value; so this was thrown by the accounts.
    if (error instanceof StoreUnreachableError) {
      outages.failed({ requestId: request.id, err: describeError(error) });
      const { code, extras, headers } = unreachable(error.retryAfterSeconds);
      return sendProblem(reply, code, extras, headers);
    }
    return answerError(error, request, reply, logger);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.split('?', 1)[0] ?? '/';
    const methods = routes.methodsOf(path);
    if (methods.length === 0) {
      sendProblem(reply, 'not-found', { detail: 'There is nothing at this address.' });
    } else {
      const detail = `This address answers to ${methods.join(', ')}.`;
      sendProblem(reply, 'method-not-allowed', { detail }, { allow: methods.join(', ') });
    }
  });
}

/** Also given to Fastify as `frameworkErrors`, for addresses that never reach a route. */
export function answerError(
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const { code, extras, headers, status } = toProblem(error, request.id, logger);
  sendProblem(reply, code, extras, headers, status);
}

function toProblem(error: FastifyError | Error, requestId: string, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error;
  if ('validation' in error && error.validation !== undefined) {
    const errors = fieldProblems(error.validation);
    return new ProblemError('validation-failed', { detail: errors.map((field) => field.detail).join(' '), errors });
  }
  const known = FRAMEWORK['code' in error ? error.code : ''];
  if (known !== undefined) return new ProblemError(known[0], { detail: known[1] });
  if ('statusCode' in error && error.statusCode === 400) {
    // What the JSON parser throws: a syntax error, or a key such as __proto__.
    return new ProblemError('malformed-json', { detail: 'The body is not a JSON text that is accepted here.' });
  }
  logger.error({ requestId, err: describeError(error) }, 'a request failed');
  return new ProblemError('internal-error', {
    detail: 'The failure is in the log of the service under this instance.',
    instance: `urn:holdfast:request:${requestId}`,
  });
}

/** What a log may hold of an error: never its fields, which can carry a statement's parameters or a request's body. */
export function describeError(error: Error): Record<string, unknown> {
  const cause = error.cause instanceof Error ? { cause: describeError(error.cause) } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...cause };
}

/** Answers bytes that are no HTTP request; there is no request object yet, so the answer is written by hand. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // ECONNRESET: nobody is there to read an answer.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code: ProblemCode = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'bad-request';
  const detail =
    code === 'headers-too-large'
      ? 'Delete the cookies of this site in your browser and load the page again.'
      : 'This is not a well-formed HTTP request.';
  const body = JSON.stringify(problemDocument(code, { detail }));
  const { status } = PROBLEMS[code];
  socket.end(
    [
      `HTTP/1.1 ${status} ${status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
