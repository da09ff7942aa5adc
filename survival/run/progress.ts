/** Shows how far a run is: one line that is written over on a terminal, a line per finished drill elsewhere. */
import { inWords, type Outcome } from './outcome.ts';

const BAR = 24;
const MARKS: Readonly<Record<Outcome['result'], string>> = {
  survived: '✔',
  lost: '✖',
  'refused-safely': '◆',
  'not-applicable': '–',
  failed: '!',
};

export interface Progress {
  begin(system: string, drill: string): void;
  step(done: number, of: number): void;
  end(outcome: Outcome, tookMs: number): void;
}

/** `total` is the number of drills times systems. */
export function showProgress(total: number, stream: NodeJS.WriteStream): Progress {
  let finished = 0;
  let current = '';
  let part = 0;
  let shownAt = 0;

  function draw(): void {
    if (!stream.isTTY || performance.now() - shownAt < 50) return;
    shownAt = performance.now();
    const full = Math.round(((finished + part) / total) * BAR);
    const line = `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${finished}/${total} ${current}`;
    stream.write(`\r\x1b[K${line.slice(0, stream.columns - 1)}`);
  }

  return {
    begin(system, drill) {
      current = `${system} · ${drill}`;
      part = 0;
      shownAt = 0;
      draw();
    },
    step(done, of) {
      part = of === 0 ? 0 : done / of;
      draw();
    },
    end(outcome, tookMs) {
      finished += 1;
      if (stream.isTTY) stream.write('\r\x1b[K');
      const seconds = (tookMs / 1000).toFixed(1);
      stream.write(`${MARKS[outcome.result]} [${finished}/${total}] ${current} (${seconds} s): ${inWords(outcome)}\n`);
    },
  };
}
