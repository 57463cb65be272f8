import type { Outcome } from './contest.ts';
import { median } from './ranking.ts';
import type { Point } from './workload.ts';

/** The times of one entrant along an axis: `[x, seconds]`. */
interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/** Maps a value to a coordinate on a logarithmic scale. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

const COLORS = ['#d6336c', '#1971c2', '#2f9e44', '#e8590c', '#7048e8', '#0c8599', '#868e96', '#495057'];
const PANEL = { width: 400, height: 300, left: 60, top: 40, bottom: 60 };
const LEGEND = 170;
const STEP = 10;

/** Draws an SVG of seconds against bytes and against images. Returns undefined if no contest has a point. */
export function chart(outcomes: readonly Outcome[]): string | undefined {
  const panels = (['bytes', 'images'] as const)
    .map(axis => ({ axis, series: seriesOf(outcomes, axis) }))
    .filter(({ series }) => series.length > 0);
  if (panels.length === 0) return undefined;
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const color = (name: string) => COLORS[names.indexOf(name) % COLORS.length] ?? '';
  const width = panels.length * (PANEL.width + PANEL.left) + LEGEND;
  const height = PANEL.top + PANEL.height + PANEL.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Time of airgap and its peers against bytes and against images</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels.flatMap(({ axis, series }, at) =>
      panel(axis, series, at * (PANEL.width + PANEL.left) + PANEL.left, color),
    ),
    ...legend(names, width - LEGEND + 20, color),
    '</svg>',
    '',
  ].join('\n');
}

function seriesOf(outcomes: readonly Outcome[], axis: Point['axis']): Series[] {
  const series = new Map<string, [number, number][]>();
  for (const { point, scores } of outcomes) {
    if (point?.axis !== axis) continue;
    for (const score of scores.filter(({ measures }) => measures.length > 0)) {
      const points = series.get(score.entrant.name) ?? [];
      series.set(score.entrant.name, [...points, [point.at, median(score, 'seconds')]]);
    }
  }
  return [...series].map(([name, points]) => ({ name, points }));
}

function panel(
  axis: Point['axis'],
  series: readonly Series[],
  left: number,
  color: (name: string) => string,
): string[] {
  const points = series.flatMap(({ points }) => points);
  const bottom = PANEL.top + PANEL.height;
  const x = logScale(
    points.map(([value]) => value),
    left,
    left + PANEL.width - 20,
  );
  const y = logScale(
    points.map(([, value]) => value),
    bottom,
    PANEL.top,
  );
  const label = axis === 'bytes' ? (value: number) => `${value / 1e6} MB` : String;
  return [
    `<text x="${left}" y="${PANEL.top - 15}" font-weight="bold">seconds against ${axis}</text>`,
    ...x.ticks.map(
      tick =>
        `<path d="M${x.at(tick)} ${PANEL.top}V${bottom}" stroke="#dee2e6"/><text x="${x.at(tick)}" y="${bottom + 18}" text-anchor="middle">${label(tick)}</text>`,
    ),
    ...y.ticks.map(
      tick =>
        `<path d="M${left} ${y.at(tick)}h${PANEL.width - 20}" stroke="#dee2e6"/><text x="${left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
    ...series.map(entry => line(entry, x, y, color(entry.name))),
  ];
}

function line({ name, points }: Series, x: Scale, y: Scale, color: string): string {
  const coordinates = points.map(([value, seconds]) => ({
    cx: x.at(value).toFixed(1),
    cy: y.at(seconds).toFixed(1),
  }));
  const path = coordinates.map(({ cx, cy }) => `${cx},${cy}`).join(' ');
  const width = name === 'airgap' ? 3 : 1.5;
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="${width}"/>`,
    ...coordinates.map(({ cx, cy }) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`),
  ].join('');
}

function legend(names: readonly string[], left: number, color: (name: string) => string): string[] {
  return names.map((name, at) => {
    const y = PANEL.top + 10 + at * 20;
    return `<circle cx="${left}" cy="${y}" r="5" fill="${color(name)}"/><text x="${left + 12}" y="${y + 4}">${name}</text>`;
  });
}

/** Creates a scale from the power of ten below the smallest value to the one above the largest. */
function logScale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, at) => Number((STEP ** (low + at)).toPrecision(1))),
    at: value => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}
