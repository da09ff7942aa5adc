/** The throughput of all systems as bars, with the range over the rounds: a picture without scripts or fonts of its own. */
import type { Results } from '../results.ts';
import { bySpeed, middle } from './markdown.ts';

const WIDTH = 860;
const LABELS = 340;
const BAR = 18;
const ROW = 28;
const TOP = 56;
const COLORS = { floor: '#8a93a0', peer: '#c98b3c', ours: '#2f7d5b' } as const;

export function drawSvg(results: Results): string {
  const systems = bySpeed(results.systems);
  const most = Math.max(...systems.flatMap(({ rounds }) => rounds.map((round) => round.requestsPerSecond)));
  const scale = (WIDTH - LABELS - 90) / most;
  const height = TOP + systems.length * ROW + 30;
  const rows = systems.map((system, index) => {
    const rates = system.rounds.map((round) => round.requestsPerSecond);
    const rate = middle(system, 'requestsPerSecond');
    const y = TOP + index * ROW;
    const x = (value: number): string => (LABELS + value * scale).toFixed(1);
    const center = y + BAR / 2;
    const [low, high] = [x(Math.min(...rates)), x(Math.max(...rates))];
    return [
      `<text x="${LABELS - 8}" y="${center + 4}" text-anchor="end">${escapeXml(system.title.replaceAll('`', ''))}</text>`,
      `<rect x="${LABELS}" y="${y}" width="${(rate * scale).toFixed(1)}" height="${BAR}" fill="${COLORS[system.group]}"/>`,
      `<path d="M${low} ${center}H${high}M${low} ${center - 4}v8M${high} ${center - 4}v8" stroke="#404854" fill="none"/>`,
      `<text x="${Number(high) + 6}" y="${center + 4}">${Math.round(rate).toLocaleString('en-US')}</text>`,
    ].join('\n');
  });
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
    ...rows,
    `<text x="16" y="${height - 10}" font-size="11">Medians; the lines show the range over ${results.setup.rounds} rounds. Compare bars of one picture only.</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
