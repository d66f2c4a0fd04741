import { count, duration, stopwatch } from '../report/format.ts';
import type { RoomOverTime } from '../report/room-series.ts';
import type { Counts } from '../report/series.ts';
import type { OwedCall } from '../report/story.ts';
import { type Bins, binWidth, cumulative, histogram, maxOf, percentile, perSecond, sumOf } from './bins.ts';
import { area, asTable, bars, between, chart, hints, line } from './chart.ts';
import { html, type Markup } from './markup.ts';
import { timeTicks } from './ticks.ts';

/** More would be narrower than a line on a phone. */
const MOST_BINS = 120;
const MOST_ROWS = 24;
/** More names of instants would run into each other on a phone. */
const MOST_TICKS = 9;

export interface OverTime {
  readonly counts: Counts;
  readonly refillPerSecond: number;
  readonly room: readonly RoomOverTime[];
  /** Seconds since the run began that the plots have to reach at least. */
  readonly until?: number;
}

/** The axis of time of all plots of a run. */
interface Axis {
  readonly seconds: number;
  readonly end: number;
}

function axisOf({ counts, until = 1 }: OverTime, instants: readonly number[]): Axis {
  // What happens at a second's very beginning belongs to that second.
  const ends = [...Object.values(counts).map((bins) => bins.length), ...instants.map((at) => Math.floor(at) + 1)];
  const latest = ends.reduce((max, end) => Math.max(max, end), Math.max(1, Math.ceil(until)));
  const seconds = binWidth(latest, MOST_BINS);
  return { seconds, end: Math.ceil(latest / seconds) * seconds };
}

/** The plots of a finished run, on one axis of time that ends when nobody calls any more. */
export function plotsOf(story: OverTime & { readonly owed: readonly OwedCall[] }) {
  const { owed } = story;
  const backAt = owed.flatMap((call) => call.backAt ?? []);
  const axis = axisOf(story, [...owed.map(({ lostAt }) => lostAt), ...backAt]);
  return {
    ...requestPlots(story, axis),
    recovery: recovery(owed, backAt, axis),
    waits: waits(owed.flatMap(({ lostAt, backAt: at }) => (at === undefined ? [] : at - lostAt))),
  };
}

/** The plots of a run that goes on. */
export const livePlots = (run: OverTime) => requestPlots(run, axisOf(run, []));

function requestPlots({ counts, refillPerSecond, room }: OverTime, axis: Axis) {
  return {
    accepted: stacked(axis, [counts.callersAccepted, counts.oursAccepted], {
      height: 230,
      label: 'RunTask calls that ECS accepted per second: the callers’ own and our re-runs',
      classes: ['callers', 'ours'],
      least: refillPerSecond,
      levels: [{ value: refillPerSecond, name: refills(refillPerSecond) }],
      what: 'per second',
    }),
    throttled: stacked(axis, [counts.callersThrottled, counts.oursThrottled], {
      height: 160,
      label: 'RunTask calls that ECS throttled per second',
      classes: ['throttled', 'ours-throttled'],
      least: 0,
      levels: [],
      what: 'throttled per second',
    }),
    rate: permitRate(counts.permits, refillPerSecond, axis),
    room: room.map((limit) => roomPlot(limit, axis)),
  };
}

const refills = (perSecondRefilled: number) => `bucket refills ${perSecondRefilled} per second`;

const time = ({ end }: Axis) => ({ end, xTicks: timeTicks(end, MOST_TICKS) });

interface Stacked {
  readonly height: number;
  readonly label: string;
  readonly classes: readonly [string, string];
  /** What the scale reaches at least. */
  readonly least: number;
  readonly levels: Parameters<typeof chart>[0]['levels'];
  readonly what: string;
}

/** A chart, and its figures for those who read them. */
const both = (drawn: Markup, table: Markup): Markup => html`${drawn}${table}`;

/** What callers did and what we did, one on top of the other. */
function stacked(
  axis: Axis,
  [ofCallers, ofOurs]: readonly [readonly number[], readonly number[]],
  { classes, least, levels = [], what, ...shown }: Stacked,
): Markup {
  const at = (seconds: number) => [ofCallers, ofOurs].map((counts) => perSecond(counts, seconds, axis.end));
  const [callers, ours] = at(axis.seconds) as [Bins, Bins];
  const all = sumOf(callers, ours);
  const wide = binWidth(axis.end, MOST_ROWS);
  const [rowCallers, rowOurs] = at(wide) as [Bins, Bins];
  return both(
    chart({
      ...shown,
      ...time(axis),
      most: Math.max(maxOf(all), least),
      levels,
      marks: (place) => [
        area(callers, place, classes[0]),
        area(all, place, classes[1], callers),
        hints(
          all.values.length,
          axis.seconds,
          place,
          (bin) =>
            `${stopwatch(bin * axis.seconds)}: callers ${rate(callers, bin)}, re-runs ${rate(ours, bin)} ${what}`,
        ),
      ],
    }),
    asTable(
      ['from', 'callers / s', 're-runs / s'],
      rowCallers.values.map((_, bin) => [stopwatch(bin * wide), rate(rowCallers, bin), rate(rowOurs, bin)]),
    ),
  );
}

function recovery(owed: readonly OwedCall[], backAt: readonly number[], axis: Axis): Markup {
  const lostAt = owed.map((call) => call.lostAt);
  const at = (seconds: number) => [lostAt, backAt].map((instants) => cumulative(instants, seconds, axis.end));
  const [lost, back] = at(axis.seconds) as [Bins, Bins];
  const wide = binWidth(axis.end, MOST_ROWS);
  const [rowLost, rowBack] = at(wide) as [Bins, Bins];
  return both(
    chart({
      ...time(axis),
      height: 260,
      label: 'Calls lost to throttling and calls brought back, summed up over time',
      most: owed.length,
      marks: (place) => [
        between(lost, back, place, 'gap'),
        line(lost, place, 'throttled'),
        line(back, place, 'ours'),
        hints(lost.values.length, axis.seconds, place, (bin) => {
          const [gone, returned] = [lost.values[bin] ?? 0, back.values[bin] ?? 0];
          return `${stopwatch(bin * axis.seconds)}: ${count(gone)} lost, ${count(returned)} brought back, ${count(gone - returned)} waiting`;
        }),
      ],
    }),
    asTable(
      ['until', 'lost', 'brought back'],
      rowLost.values.map((gone, bin) => [stopwatch((bin + 1) * wide), count(gone), count(rowBack.values[bin] ?? 0)]),
    ),
  );
}

/** How long calls waited, for a finished run and for one that goes on. */
export function waits(delays: readonly number[]): Markup {
  const bins = histogram(delays, MOST_ROWS);
  const [median, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
  const end = bins.values.length * bins.seconds;
  const span = (bin: number) => `${stopwatch(bin * bins.seconds)} to ${stopwatch((bin + 1) * bins.seconds)}`;
  return both(
    chart({
      height: 220,
      end,
      xTicks: timeTicks(end, 5),
      label: `How long the calls were delayed: half of them ${duration(median)} or less, 99 % ${duration(p99)} or less`,
      most: maxOf(bins),
      markers: [
        { value: median, name: `half: ${duration(median)}` },
        // On top of each other they would tell nothing.
        ...(p99 - median > bins.seconds ? [{ value: p99, name: `99 %: ${duration(p99)}` }] : []),
      ],
      marks: (place) => [
        bars(bins, place, 'ours'),
        hints(bins.values.length, bins.seconds, place, (bin) => `${span(bin)}: ${count(bins.values[bin] ?? 0)} calls`),
      ],
    }),
    asTable(
      ['delay', 'calls'],
      bins.values.map((value, bin) => [span(bin), count(value)]),
    ),
  );
}

function permitRate(permitCounts: readonly number[], refillPerSecond: number, axis: Axis): Markup {
  // The rate limiter counts permits once per batch: over a single second they would seem to come in bursts.
  const wide = Math.max(axis.seconds, binWidth(axis.end, 60));
  const permits = perSecond(permitCounts, wide, Math.ceil(axis.end / wide) * wide);
  const rows = binWidth(axis.end, MOST_ROWS);
  const rowPermits = perSecond(permitCounts, rows, axis.end);
  return both(
    chart({
      ...time(axis),
      xTicks: timeTicks(axis.end, 5),
      height: 220,
      label: 'Permits handed out per second',
      most: Math.max(maxOf(permits), refillPerSecond),
      levels: [{ value: refillPerSecond, name: refills(refillPerSecond) }],
      marks: (place) => [
        area(permits, place, 'ours'),
        hints(
          permits.values.length,
          wide,
          place,
          (bin) => `${stopwatch(bin * wide)}: ${rate(permits, bin)} permits per second`,
        ),
      ],
    }),
    asTable(
      ['from', 'permits / s'],
      rowPermits.values.map((_, bin) => [stopwatch(bin * rows), rate(rowPermits, bin)]),
    ),
  );
}

/** How many tasks held room of one kind, beside how many may. */
function roomPlot({ name, limit, held }: RoomOverTime, axis: Axis): Markup {
  const at = (seconds: number): Bins => ({
    seconds,
    values: Array.from({ length: Math.ceil(axis.end / seconds) }, (_, bin) =>
      held.slice(bin * seconds, (bin + 1) * seconds).reduce((most, value) => Math.max(most, value), 0),
    ),
  });
  const [bins, wide] = [at(axis.seconds), binWidth(axis.end, MOST_ROWS)];
  return both(
    chart({
      ...time(axis),
      height: 180,
      label: `Tasks that held room at the same time: ${name}`,
      most: Math.max(limit, maxOf(bins)),
      levels: [{ value: limit, name: `${name}: ${count(limit)} tasks at most` }],
      marks: (place) => [
        area(bins, place, 'callers'),
        hints(
          bins.values.length,
          axis.seconds,
          place,
          (bin) => `${stopwatch(bin * axis.seconds)}: ${count(bins.values[bin] ?? 0)} tasks`,
        ),
      ],
    }),
    asTable(
      ['from', 'tasks at most'],
      at(wide).values.map((value, bin) => [stopwatch(bin * wide), count(value)]),
    ),
  );
}

const rate = ({ values }: Bins, bin: number): string => count(Math.round((values[bin] ?? 0) * 10) / 10);

/** The swatches that say which colour is which. */
export function legend(entries: Readonly<Record<string, string>>): Markup {
  const items = Object.entries(entries).map(
    ([className, name]) => html`<span><i class="swatch ${className}"></i>${name}</span>`,
  );
  return html`<p class="legend">${items}</p>`;
}
