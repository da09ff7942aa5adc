/** The API's description, made from the schemas that also validate and serialise. */
import swagger from '@fastify/swagger';
import { PROBLEMS } from 'holdfast/protocol';
import { type TSchema, Type } from 'typebox';
import type { App } from '../app-type.ts';

/** What every error answer looks like. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(PROBLEMS)),
    detail: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { $id: 'Problem', description: 'An error (RFC 9457). Branch on `code`, not on text.' },
);

/** The response entry of a problem. */
export function problemResponse(description: string): TSchema {
  const schema = Type.Ref('Problem#');
  return { description, content: { 'application/problem+json': { schema } } } as unknown as TSchema;
}

/** For the description of routes that back ends may ask with an API key, as others may in some other way. */
export const KEY_OR_DEVELOPMENT: readonly Record<string, readonly string[]>[] = [{ apiKey: [] }, {}];

/** The response entry for a missing or bad API key. */
export const KEY_NEEDED = problemResponse('The API key is bad; or there is none, and this needs one.');

/** Call before the routes are registered. */
export async function describeApi(app: App, publicUrl: string): Promise<void> {
  app.addSchema(Problem);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version: '0.1.0',
        description:
          'Keeps people signed in: accounts, sessions, and the one question a front end asks on a cold start.',
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key from `holdfast api-keys create`.' },
        },
      },
      tags: [{ name: 'sessions' }, { name: 'one-time sessions' }, { name: 'accounts' }, { name: 'operations' }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `schema-${i}`),
    },
  });
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        tags: ['operations'],
        summary: 'This document',
        response: { 200: Type.Object({}, { description: 'An OpenAPI 3.1 document.', additionalProperties: true }) },
      },
    },
    (_request, reply) => {
      reply.header('cache-control', 'no-cache').send(app.swagger());
    },
  );
}
