/** The edge as a Worker: settings in, requests through. Where a setting is wrong, every answer says which and how to fix it. */
import { createEdge, type Edge } from 'holdfast/edge';
import { type Env, inVariables, readSettings } from './settings.ts';

let settings: Env | undefined;
let edge: Edge | string;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    // One edge per isolate; a deployment with other settings starts new isolates.
    if (settings !== env) {
      settings = env;
      edge = start(env);
    }
    return typeof edge === 'string' ? misconfigured(edge) : edge.fetch(request);
  },
};

/** An edge, or what is wrong. */
function start(env: Env): Edge | string {
  const { options, problems } = readSettings(env);
  try {
    const made = createEdge(options);
    if (problems.length === 0) return made;
  } catch (error) {
    problems.push(...inVariables(String(error), problems));
  }
  const message = `This edge cannot work with its settings:\n${problems.join('\n')}`;
  console.error(message);
  return message;
}

/** Names settings, never the values of secrets. */
function misconfigured(detail: string): Response {
  const problem = {
    type: 'urn:holdfast:problem:internal-error',
    title: 'Something failed on the server',
    status: 500,
    code: 'internal-error',
    detail,
  };
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return new Response(JSON.stringify(problem), { status: 500, headers });
}
