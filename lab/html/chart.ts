import type { Bins } from './bins.ts';
import { type Content, html, type Markup } from './markup.ts';
import { type Tick, ticks } from './ticks.ts';

/** Where values lie in a drawing. */
export interface Place {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** A value that is worth comparing with, and its name. */
export interface Level {
  readonly value: number;
  readonly name: string;
}

export interface ChartOptions {
  /** In pixels; it is as wide as there is room. */
  readonly height: number;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
  readonly end: number;
  readonly most: number;
  readonly xTicks: readonly Tick[];
  readonly marks: (place: Place) => Content;
  /** Levels that lie across, and instants or values on the x axis. */
  readonly levels?: readonly Level[];
  readonly markers?: readonly Level[];
}

/** Drawings are stretched to the width that there is; what is written at them is not. */
const [WIDTH, HEIGHT] = [1000, 200];

/** Axes, grid and what is drawn on them. */
export function chart({ height, label, end, most, xTicks, marks, levels = [], markers = [] }: ChartOptions): Markup {
  const yTicks = ticks(most, 4);
  const ceiling = yTicks.at(-1)?.value ?? 1;
  const place: Place = {
    x: (value) => round((value / end) * WIDTH),
    y: (value) => round(HEIGHT - (value / ceiling) * HEIGHT),
  };
  const across = (value: number) => round((value / end) * 100);
  const up = (value: number) => round((value / ceiling) * 100);
  return html`<div class="chart" role="img" aria-label="${label}" style="height:${height}px"><div class="plot">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
${yTicks.map(({ value }) => html`<path class="${value === 0 ? 'axis' : 'grid'}" d="M0 ${place.y(value)}H${WIDTH}"/>`)}
${marks(place)}
${levels.map(({ value }) => html`<path class="level" d="M0 ${place.y(value)}H${WIDTH}"/>`)}
${markers.map(({ value }) => html`<path class="level" d="M${place.x(value)} 0V${HEIGHT}"/>`)}</svg>
<div class="ys">${yTicks.map(({ value, text }) => html`<span style="bottom:${up(value)}%">${text}</span>`)}</div>
<div class="xs">${xTicks.map(({ value, text }) => html`<span style="left:${across(value)}%">${text}</span>`)}</div>
${levels.map(({ value, name }) => html`<span class="note level-note" style="bottom:${up(value)}%">${name}</span>`)}
${markers.map(({ value, name }, index) => {
  const isRight = across(value) > 50;
  return html`<span class="note marker-note" style="${isRight ? 'right' : 'left'}:${isRight ? round(100 - across(value)) : across(value)}%;top:${index * 18}px">${name}</span>`;
})}
</div></div>`;
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
    : `V${HEIGHT}H0`;
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
export function bars({ seconds, values }: Bins, { x, y }: Place, className: string): Markup[] {
  return values.flatMap((value, bin) => {
    const [from, to] = [x(bin * seconds), x((bin + 1) * seconds)];
    const gap = Math.min(3, (to - from) / 5);
    return value === 0
      ? []
      : html`<rect class="area ${className}" x="${round(from + gap)}" y="${y(value)}" width="${round(to - from - 2 * gap)}" height="${round(HEIGHT - y(value))}"/>`;
  });
}

/** A strip over each bin that says its figures where the pointer rests: no script is needed. */
export function hints(count: number, seconds: number, { x }: Place, say: (bin: number) => string): Markup {
  const strips = Array.from({ length: count }, (_, bin) => {
    const [from, to] = [x(bin * seconds), x((bin + 1) * seconds)];
    return html`<rect x="${from}" y="0" width="${round(to - from)}" height="${HEIGHT}"><title>${say(bin)}</title></rect>`;
  });
  return html`<g class="hints">${strips}</g>`;
}

/** The figures of a chart for those who read them. */
export function asTable(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): Markup {
  const [first = '', ...others] = columns;
  return html`<details class="as-table"><summary>As a table</summary><table><thead><tr><th scope="col">${first}</th>${others.map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead><tbody>
${rows.map(([name = '', ...values]) => html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td class="number">${value}</td>`)}</tr>`)}</tbody></table></details>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
