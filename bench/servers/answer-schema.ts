/** The answer as a schema, by which Fastify serialises it. */

const text = { type: 'string' };
const fields = (...names: string[]) => Object.fromEntries(names.map((name) => [name, text]));

export const ANSWER_SCHEMA = {
  response: {
    200: {
      type: 'object',
      properties: {
        valid: { type: 'boolean' },
        user: { type: 'object', properties: fields('id', 'email', 'name') },
        session: {
          type: 'object',
          properties: {
            ...fields('id', 'created_at', 'expires_at', 'idle_expires_at', 'authenticated_at'),
            amr: { type: 'array', items: text },
          },
        },
        now: text,
      },
    },
  },
};
