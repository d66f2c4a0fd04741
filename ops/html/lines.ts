import { type Content, html, type Markup } from '../../lab/html/markup.ts';
import { ticks, timeTicks } from '../../lab/html/ticks.ts';

/** Values at the end of each second, drawn as an area or a line in a colour of the palette. */
export interface Series {
  readonly name: string;
  readonly colour: 'callers' | 'ours' | 'throttled';
  readonly values: readonly number[];
  readonly isLine?: boolean;
}

const [WIDTH, HEIGHT] = [878, 230];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, WIDTH - 26, 14, HEIGHT - 24];
/** More points than this are not told apart. */
const MOST_POINTS = 400;

/** Series over seconds, on one pair of axes, each with its name; `level` is worth comparing with. */
export function lines(
  label: string,
  series: readonly Series[],
  level?: { readonly value: number; readonly name: string },
): Markup {
  const seconds = Math.max(1, ...series.map(({ values }) => values.length));
  const most = Math.max(
    level?.value ?? 0,
    ...series.map(({ values }) => values.reduce((max, value) => Math.max(max, value), 0)),
  );
  const yTicks = ticks(most, 4);
  const ceiling = yTicks.at(-1)?.value ?? 1;
  const x = (second: number) => round(LEFT + (second / seconds) * (RIGHT - LEFT));
  const y = (value: number) => round(BOTTOM - (value / ceiling) * (BOTTOM - TOP));
  const step = Math.max(1, Math.ceil(seconds / MOST_POINTS));
  const outline = (values: readonly number[]) =>
    Array.from({ length: Math.ceil(values.length / step) }, (_, point) => {
      const within = values.slice(point * step, (point + 1) * step);
      return `${x(point * step)} ${y(within.reduce((max, value) => Math.max(max, value), 0))}`;
    });
  const drawn: Content = series.map(({ values, colour, isLine }) => {
    const points = outline(values).join('L');
    const style = isLine
      ? `fill:none;stroke:var(--${colour});stroke-width:2`
      : `fill:var(--${colour});fill-opacity:.75`;
    const path = isLine ? `M${points}` : `M${x(0)} ${BOTTOM}L${points}L${x(values.length)} ${BOTTOM}Z`;
    return html`<path style="${style}" d="${path}"/>`;
  });
  return html`<p class="legend">${series.map(({ name, colour }) => html`<span><span class="swatch" style="background:var(--${colour})"></span>${name}</span> `)}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" style="width:100%;height:auto;font:12px system-ui;fill:var(--ink-3)">
${yTicks.map(
  ({ value, text }) =>
    html`<path style="stroke:var(--grid)" d="M${LEFT} ${y(value)}H${RIGHT}"/><text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${text}</text>`,
)}
${timeTicks(seconds, 8).map(({ value, text }) => html`<text x="${x(value)}" y="${BOTTOM + 17}" text-anchor="middle">${text}</text>`)}
${drawn}
${level && html`<path style="stroke:var(--ink-2);stroke-dasharray:4 3" d="M${LEFT} ${y(level.value)}H${RIGHT}"/><text x="${RIGHT}" y="${y(level.value) - 5}" text-anchor="end">${level.name}</text>`}
</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
