import { rank, ratio } from './ranking.ts';
import type { Result } from './report.ts';

/** A bar: the time of the fastest peer divided by ours. */
interface Bar {
  readonly label: string;
  readonly peer: string;
  readonly ratio: number;
}

const ROW = 24;
/** Where the axis begins and ends, in pixels and as powers of ten. */
const AXIS = { left: 500, right: 880, top: 40, low: -1, high: 1 };
const WIDTH = 1080;
const COLORS = { ahead: '#2f9e44', behind: '#868e96' };
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Draws an SVG with a bar for each contest that has a peer: to the right where airgap is faster, on a logarithmic scale. */
export function chart(results: readonly Result[]): string {
  const bars = results.flatMap(barsOf);
  const bottom = AXIS.top + bars.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" font-family="sans-serif" font-size="12">`,
    '<title>Time of the fastest peer divided by the time of airgap</title>',
    `<rect width="${WIDTH}" height="${bottom + 30}" fill="white"/>`,
    `<text x="${AXIS.left}" y="20" font-weight="bold">fastest peer's time / airgap's time</text>`,
    ...TICKS.map(value => tick(value, bottom)),
    ...bars.map((bar, row) => drawn(bar, AXIS.top + row * ROW)),
    '</svg>',
    '',
  ].join('\n');
}

function barsOf({ workload, outcomes }: Result): Bar[] {
  return outcomes.flatMap(outcome => {
    const { ours, fastest } = rank(outcome);
    const value = ratio(fastest, ours);
    if (value === undefined || fastest === undefined) return [];
    const title = workload.title.replace(', memory disk', '');
    const label = outcomes.length === 1 ? title : `${title}: ${outcome.title}`;
    return [{ label: `${workload.number} ${label}`, peer: fastest.entrant.name, ratio: value }];
  });
}

function tick(value: number, bottom: number): string {
  const at = x(value).toFixed(1);
  const stroke = value === 1 ? '#212529' : '#dee2e6';
  return `<path d="M${at} ${AXIS.top}V${bottom}" stroke="${stroke}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${value}</text>`;
}

function drawn({ label, peer, ratio }: Bar, y: number): string {
  const [from, to] = [x(1), x(ratio)].sort((a, b) => a - b) as [number, number];
  const color = ratio >= 1 ? COLORS.ahead : COLORS.behind;
  return [
    `<text x="${AXIS.left - 10}" y="${y + 16}" text-anchor="end">${label}</text>`,
    `<rect x="${from.toFixed(1)}" y="${y + 4}" width="${(to - from).toFixed(1)}" height="${ROW - 8}" fill="${color}"/>`,
    `<text x="${AXIS.right + 10}" y="${y + 16}">${ratio.toFixed(2)} (${peer})</text>`,
  ].join('');
}

/** Maps a ratio to a coordinate. Beyond the axis, the bar ends there and its number says more. */
function x(ratio: number): number {
  const power = Math.min(AXIS.high, Math.max(AXIS.low, Math.log10(ratio)));
  const share = (power - AXIS.low) / (AXIS.high - AXIS.low);
  return AXIS.left + share * (AXIS.right - AXIS.left);
}
