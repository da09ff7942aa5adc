/** Says in our own words which fields of a body are wrong, all of them at once. */
import type { FastifySchemaValidationError } from 'fastify';
import type { FieldProblem } from 'holdfast/protocol';

/** One problem per field: the first that the schema found. */
export function fieldProblems(errors: readonly FastifySchemaValidationError[]): FieldProblem[] {
  const byPointer = new Map<string, FieldProblem>();
  for (const error of errors) {
    const pointer = pointerOf(error);
    if (!byPointer.has(pointer)) byPointer.set(pointer, { pointer, detail: detailOf(pointer, error) });
  }
  return [...byPointer.values()];
}

function pointerOf({ instancePath, params }: FastifySchemaValidationError): string {
  const name = params.missingProperty ?? params.additionalProperty;
  return typeof name === 'string'
    ? `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : instancePath;
}

function detailOf(pointer: string, { keyword, params }: FastifySchemaValidationError): string {
  const field = pointer === '' ? 'The body' : (pointer.split('/').at(-1) ?? '');
  switch (keyword) {
    case 'required':
      return `${field} is missing.`;
    case 'additionalProperties':
      return `${field} is not a field of this request.`;
    case 'type':
      return `${field} must be ${article(params.type)}.`;
    case 'minLength':
      return `${field} must have at least ${params.limit} characters.`;
    case 'maxLength':
      return `${field} must have at most ${params.limit} characters.`;
    case 'pattern':
      return `${field} does not look right.`;
    default:
      return `${field} cannot be used.`;
  }
}

function article(type: unknown): string {
  const names: Readonly<Record<string, string>> = { string: 'a text', object: 'a JSON object', null: 'null' };
  if (Array.isArray(type)) return type.map(article).join(' or ');
  return names[String(type)] ?? `a ${String(type)}`;
}
