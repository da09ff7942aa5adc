/** Makes a script of its Lua text. */
import { hash } from 'node:crypto';
import type { RedisScript } from '../port.ts';

export interface ScriptTraits {
  /** It writes nothing. */
  readonly readOnly?: boolean;
  /** It starts or ends a session, so it may have to wait for replicas. */
  readonly replicated?: boolean;
}

/** The parts follow each other; KEYS are always the three hashes of one home: sessions, touches, extras. */
export function script(
  parts: readonly string[],
  { readOnly = false, replicated = false }: ScriptTraits = {},
): RedisScript {
  const source = parts.map((part) => part.trim()).join('\n');
  return { source, sha1: hash('sha1', source), readOnly, replicated };
}
