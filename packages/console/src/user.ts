/** Whose account this is, read from what the service says. */

export interface User {
  readonly id: string;
  readonly email: string;
  /** Empty where the person gave none. */
  readonly name: string;
}

/** Null for what is no account: such an answer is no answer, and least of all "signed out". */
export function toUser(value: unknown): User | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, email, name } = value as Partial<Record<string, unknown>>;
  if (typeof id !== 'string' || typeof email !== 'string') return null;
  return { id, email, name: typeof name === 'string' ? name : '' };
}
