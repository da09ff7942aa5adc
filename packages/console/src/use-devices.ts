/** Loads the list of devices, and signs devices out. */
import type { Answer } from 'holdfast/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Device, toDevices } from './devices.ts';
import { session } from './session.ts';

export interface Devices {
  /** Null until the first list has come. */
  readonly list: readonly Device[] | null;
  /** One sentence; empty where all is well. */
  readonly error: string;
  readonly reload: () => Promise<void>;
  /** Answers whether the service did it. */
  readonly signOutOne: (id: string) => Promise<boolean>;
  readonly signOutOthers: () => Promise<boolean>;
}

const NOT_ANSWERING = 'The service is not answering. Nothing has changed; try again in a moment.';

export function useDevices(): Devices {
  const [list, setList] = useState<readonly Device[] | null>(null);
  const [error, setError] = useState('');
  /** An older list must not overwrite a newer one. */
  const latest = useRef(0);
  /** The session is asked once when the list fails, not again until it has come: two questions must not chase each other. */
  const hasAsked = useRef(false);

  const reload = useCallback(async () => {
    latest.current += 1;
    const mine = latest.current;
    const answer = await session.request('GET', '/auth/sessions');
    if (mine !== latest.current) return;
    const found = answer.kind === 'ok' ? toDevices(answer.body) : null;
    if (found !== null) setList(found);
    setError(found === null ? 'Your devices could not be loaded. Nothing has changed; try again in a moment.' : '');
    if (found === null && !hasAsked.current) void session.ask();
    hasAsked.current = found === null;
  }, []);

  // Each time the service has said who this is, such as after an outage or when the tab is back, the list is due too.
  useEffect(() => {
    void reload();
    return session.subscribe(() => {
      if (session.current().status === 'signed-in') void reload();
    });
  }, [reload]);

  async function change(answering: Promise<Answer>): Promise<boolean> {
    const answer = await answering;
    // Gone already is what was asked for.
    const isDone = answer.kind === 'ok' || (answer.kind === 'refused' && answer.problem.status === 404);
    if (isDone) {
      await reload();
      return true;
    }
    setError(
      answer.kind === 'refused' ? answer.problem.detail || answer.problem.title || NOT_ANSWERING : NOT_ANSWERING,
    );
    void session.ask();
    return false;
  }

  return {
    list,
    error,
    reload,
    signOutOne: (id) => change(session.request('DELETE', `/auth/sessions/${encodeURIComponent(id)}`)),
    signOutOthers: () => change(session.request('POST', '/auth/sessions/revoke-others')),
  };
}
