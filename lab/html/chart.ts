import type { Bins } from './bins.ts';
import { type Content, html, type Markup } from './markup.ts';
import { type Tick, ticks } from './ticks.ts';

/** Where values lie in a drawing. */
export interface Place {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  readonly end: number;
  readonly most: number;
  readonly xTicks: readonly Tick[];
  readonly marks: (place: Place) => Content;
}

/** Room for the numbers at the axes; the right one for half a label. */
const MARGIN = { left: 44, right: 26, top: 14, bottom: 24 } as const;

/** Axes, grid and what is drawn on them. */
export function chart({ width, height, label, end, most, xTicks, marks }: ChartOptions): Markup {
  const yTicks = ticks(most, 4);
  const ceiling = yTicks.at(-1)?.value ?? 1;
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const place: Place = {
    x: (value) => round(left + (value / end) * (right - left)),
    y: (value) => round(bottom - (value / ceiling) * (bottom - top)),
    left,
    right,
    top,
    bottom,
  };
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${yTicks.map(
  ({ value, text }) => html`<path class="${value === 0 ? 'axis' : 'grid'}" d="M${left} ${place.y(value)}H${right}"/>
<text class="tick" x="${left - 8}" y="${place.y(value) + 4}" text-anchor="end">${text}</text>`,
)}
${xTicks.map(
  ({ value, text }) =>
    html`<text class="tick" x="${place.x(value)}" y="${bottom + 17}" text-anchor="middle">${text}</text>`,
)}
${marks(place)}</svg>`;
}

/** The outline of bins as steps, from the left edge to the right. */
function steps({ seconds, values }: Bins, { x, y }: Place): string {
  return values
    .map(
      (value, bin) =>
        `${bin === 0 ? 'M' : 'V'}${bin === 0 ? `${x(0)} ${y(value)}` : y(value)}H${x((bin + 1) * seconds)}`,
    )
    .join('');
}

/** Bins as a filled area above `floor`, or above the axis. */
export function area(bins: Bins, place: Place, className: string, floor?: Bins): Markup {
  const down = floor
    ? floor.values
        .map((value, bin) => `V${place.y(value)}H${place.x(bin * bins.seconds)}`)
        .reverse()
        .join('')
    : `V${place.bottom}H${place.x(0)}`;
  return html`<path class="area ${className}" d="${steps(bins, place)}${down}Z"/>`;
}

/** A sum that grows from 0 at the start to each bin's value at the bin's end. */
const slope = ({ seconds, values }: Bins, { x, y }: Place): string[] => [
  `${x(0)} ${y(0)}`,
  ...values.map((value, bin) => `${x((bin + 1) * seconds)} ${y(value)}`),
];

/** A growing sum as a line. */
export function line(sums: Bins, place: Place, className: string): Markup {
  return html`<path class="line ${className}" d="M${slope(sums, place).join('L')}"/>`;
}

/** What lies between two growing sums. */
export function between(above: Bins, below: Bins, place: Place, className: string): Markup {
  const outline = [...slope(above, place), ...slope(below, place).reverse()];
  return html`<path class="area ${className}" d="M${outline.join('L')}Z"/>`;
}

/** Bins as bars with a gap between them. */
export function bars({ seconds, values }: Bins, { x, y, bottom }: Place, className: string): Markup[] {
  return values.flatMap((value, bin) => {
    const [from, to] = [x(bin * seconds) + 1, x((bin + 1) * seconds) - 1];
    return value === 0
      ? []
      : html`<rect class="area ${className}" x="${from}" y="${y(value)}" width="${round(to - from)}" height="${round(bottom - y(value))}" rx="2"/>`;
  });
}

/** A level that is worth comparing with, and its name. */
export function level(value: number, name: string, { left, right, y }: Place): Markup {
  return html`<path class="level" d="M${left} ${y(value)}H${right}"/>
<text class="note" x="${right}" y="${y(value) - 5}" text-anchor="end">${name}</text>`;
}

/** An instant or a value on the x axis that is worth comparing with, and its name. */
export function marker(value: number, name: string, { left, right, top, bottom, x }: Place): Markup {
  const isRight = x(value) > (left + right) / 2;
  return html`<path class="level" d="M${x(value)} ${top}V${bottom}"/>
<text class="note" x="${x(value) + (isRight ? -5 : 5)}" y="${top + 9}" text-anchor="${isRight ? 'end' : 'start'}">${name}</text>`;
}

/** A strip over each bin that says its figures where the pointer rests: no script is needed. */
export function hints(count: number, seconds: number, { x, top, bottom }: Place, say: (bin: number) => string): Markup {
  const strips = Array.from({ length: count }, (_, bin) => {
    const [from, to] = [x(bin * seconds), x((bin + 1) * seconds)];
    return html`<rect x="${from}" y="${top}" width="${round(to - from)}" height="${bottom - top}"><title>${say(bin)}</title></rect>`;
  });
  return html`<g class="hints">${strips}</g>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
