/** Shows how far a long command is: a bar on a terminal, otherwise a line every few seconds. */
import { SingleBar } from 'cli-progress';

/** Where the command is. */
export interface ProgressState {
  /** What it does now, one word. */
  readonly doing: string;
  readonly done: number;
  /** Null when nobody knows. */
  readonly total: number | null;
  /** What is counted, such as `sessions`. */
  readonly unit: string;
  /** More figures, such as `12 ended`. */
  readonly more: string;
}

export interface Progress {
  show(state: ProgressState): void;
  /** A line of its own. */
  note(line: string): void;
  end(): void;
}

export interface ProgressOptions {
  /** Default: standard error, so that it does not mix with results. */
  readonly stream?: NodeJS.WriteStream;
  /** Milliseconds. */
  readonly now?: () => number;
}

const EVERY_MS = 3000;
const FORMAT = '{doing} {bar} {percentage}% · {figures}';

export function createProgress({
  stream = process.stderr,
  now = () => performance.now(),
}: ProgressOptions = {}): Progress {
  const rate = rateOf(now);
  return stream.isTTY ? bar(stream, rate) : lines(stream, rate, now);
}

function bar(stream: NodeJS.WriteStream, rate: Rate): Progress {
  const single = new SingleBar({ format: FORMAT, stream, hideCursor: true, gracefulExit: false, barsize: 24, fps: 5 });
  let running = false;
  const stop = (): void => {
    if (running) single.stop();
    running = false;
  };
  return {
    show(state) {
      const total = Math.max(state.total ?? 0, state.done, 1);
      const payload = { doing: state.doing, figures: describe(state, rate(state)) };
      if (running) {
        single.setTotal(total);
        single.update(state.done, payload);
      } else single.start(total, state.done, payload);
      running = true;
    },
    note(line) {
      stop();
      stream.write(`${line}\n`);
    },
    end: stop,
  };
}

function lines(stream: NodeJS.WriteStream, rate: Rate, now: () => number): Progress {
  let next = now() + EVERY_MS;
  return {
    show(state) {
      const perSecond = rate(state);
      if (now() < next) return;
      next = now() + EVERY_MS;
      stream.write(`${state.doing}: ${describe(state, perSecond)}\n`);
    },
    note: (line) => void stream.write(`${line}\n`),
    end: () => {},
  };
}

type Rate = (state: ProgressState) => number;

/** Per second since what is being done began; it begins anew when the count falls back. */
function rateOf(now: () => number): Rate {
  let since = now();
  let from = 0;
  let last = 0;
  return ({ done }) => {
    if (done < last) {
      since = now();
      from = 0;
    }
    last = done;
    const seconds = (now() - since) / 1000;
    return seconds > 0 ? (done - from) / seconds : 0;
  };
}

function describe({ done, total, unit, more }: ProgressState, perSecond: number): string {
  const parts = [`${done}${total === null ? '' : ` of ${Math.max(total, done)}`} ${unit}`];
  if (perSecond > 0) parts.push(`${Math.round(perSecond)}/s`);
  if (perSecond > 0 && total !== null && total > done) parts.push(`${duration((total - done) / perSecond)} left`);
  if (more !== '') parts.push(more);
  return parts.join(' · ');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
