/** Turns the texts of settings into values: durations, lists, yes or no. */

const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration such as `7d`, `12h`, `30m`, `45s` or `45`; null when the text is none. */
export function readDurationSeconds(text: string): number | null {
  const match = /^([1-9][0-9]{0,9})([smhd])?$/.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * (SECONDS_PER[match[2] ?? 's'] as number);
}

/** The parts of a comma-separated list without the blanks around them; empty parts are dropped. */
export function readList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Whether the text says yes. */
export function readYes(text: string): boolean {
  return ['true', '1', 'yes'].includes(text.trim().toLowerCase());
}

/** Whether an address to listen on, or the host of a URL, stays on this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(name);
}
