/** The throughput of all systems as bars, with the range over the rounds: a picture without scripts or fonts of its own. */
import type { Results, SystemResult } from '../results.ts';
import type { Section } from '../system.ts';
import { bySpeed, middle } from './markdown.ts';

const WIDTH = 970;
const LABELS = 430;
const BAR = 14;
const ROW = 21;
const HEADING = 26;
const TOP = 56;
const COLORS = { floor: '#8a93a0', peer: '#c98b3c', ours: '#2f7d5b' } as const;

/** Only what finds its sessions in the same place is worth comparing bar by bar. */
const SECTIONS: readonly { readonly section: Section; readonly heading: string }[] = [
  { section: 'none', heading: 'No store: the platform itself, and sessions inside the cookie' },
  { section: 'redis', heading: 'Sessions in Redis' },
  { section: 'postgres', heading: 'Sessions in PostgreSQL, or in Redis over PostgreSQL' },
  { section: 'embedded', heading: 'Sessions in the process or in SQLite' },
];

export function drawSvg(results: Results): string {
  const most = Math.max(...results.systems.flatMap(({ rounds }) => rounds.map((round) => round.requestsPerSecond)));
  const scale = (WIDTH - LABELS - 80) / most;
  const parts: string[] = [];
  let y = TOP;
  for (const { section, heading } of SECTIONS) {
    const systems = bySpeed(results.systems.filter((system) => (system.section ?? 'none') === section));
    if (systems.length === 0) continue;
    parts.push(`<text x="16" y="${y + 14}" font-weight="600">${heading}</text>`);
    y += HEADING;
    for (const system of systems) {
      parts.push(row(system, y, scale));
      y += ROW;
    }
    y += 6;
  }
  const height = y + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
      'font-family="system-ui, sans-serif" font-size="12" fill="#20262e">',
    `<title>Requests per second with the session of a signed-in user</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="24" font-size="15" font-weight="600">Requests per second in one process, each asking who is signed in</text>`,
    ...(['ours', 'peer', 'floor'] as const).map((group, index) => {
      const x = 16 + index * 110;
      const name = { ours: 'Holdfast', peer: 'others', floor: 'floors' }[group];
      return `<rect x="${x}" y="34" width="10" height="10" fill="${COLORS[group]}"/><text x="${x + 15}" y="43">${name}</text>`;
    }),
    ...parts,
    `<text x="16" y="${height - 10}" font-size="11">Medians; the lines show the range over ${results.setup.rounds} rounds. Compare bars of one picture only.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function row(system: SystemResult, y: number, scale: number): string {
  const rates = system.rounds.map((round) => round.requestsPerSecond);
  const rate = middle(system, 'requestsPerSecond');
  const x = (value: number): string => (LABELS + value * scale).toFixed(1);
  const center = y + BAR / 2;
  const [low, high] = [x(Math.min(...rates)), x(Math.max(...rates))];
  // The bar's colour says whose it is; the label only what it is.
  const label = system.title.replaceAll('`', '').replace('POST /unified-auth/validate', 'validate');
  return [
    `<text x="${LABELS - 8}" y="${center + 4}" text-anchor="end">${escapeXml(label)}</text>`,
    `<rect x="${LABELS}" y="${y}" width="${(rate * scale).toFixed(1)}" height="${BAR}" fill="${COLORS[system.group]}"/>`,
    `<path d="M${low} ${center}H${high}M${low} ${center - 3}v6M${high} ${center - 3}v6" stroke="#404854" fill="none"/>`,
    `<text x="${Number(high) + 6}" y="${center + 4}">${Math.round(rate).toLocaleString('en-US')}</text>`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
