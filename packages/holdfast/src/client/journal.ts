/** Remembers why the client concluded what it did, and says so in the console while developing. */
import type { Finding, Note, SessionState } from './types.ts';

const MOST_NOTES = 50;

/** Causes of lost sessions that show in a browser. Short, since every page loads them; the guide has the cures. */
const FINDINGS: Readonly<Record<Finding['code'], string>> = {
  'set-cookie-folded': 'a proxy folds or drops Set-Cookie headers',
  'cookies-not-kept': 'cookies did not return',
  'not-the-service': 'something else answered',
};

/** What one client writes down. */
export interface Journal {
  readonly notes: readonly Note[];
  readonly findings: readonly Finding[];
  note(event: string, detail?: string): void;
  find(code: Finding['code']): void;
}

/** `debug` as in the options; `status` is asked at each note. */
export function createJournal(
  debug: boolean | ((note: Note) => void),
  now: () => number,
  status: () => SessionState['status'],
  tell: (note: Note) => void,
): Journal {
  const notes: Note[] = [];
  const findings: Finding[] = [];
  let last = '';
  const print = ({ event, detail }: Note): void => {
    if (event === 'state') console.info(`session: ${detail}`);
    if (event === 'found') console.warn(`session: ${detail}`);
  };
  const write = debug === true ? print : debug;

  function note(event: string, detail = ''): void {
    // What was noted last is the cause of a change.
    if (event === 'state') detail += ` (${last})`;
    else last = `${event} ${detail}`;
    const written = { at: now(), event, detail, status: status() };
    if (notes.push(written) > MOST_NOTES) notes.shift();
    // What it throws is the page's error and stops nothing here.
    if (write) queueMicrotask(() => write(written));
    tell(written);
  }

  return {
    notes,
    findings,
    note,
    find(code) {
      if (findings.some((known) => known.code === code)) return;
      const says = FINDINGS[code];
      findings.push({ code, says });
      note('found', `${code}: ${says}`);
    },
  };
}
