import { count, duration, stopwatch } from '../report/format.ts';
import type { Story } from '../report/story.ts';
import { type Bins, binWidth, cumulative, histogram, maxOf, percentile, perSecond, sumOf } from './bins.ts';
import { area, bars, between, chart, hints, level, line, marker } from './chart.ts';
import { html, type Markup } from './markup.ts';
import { timeTicks } from './ticks.ts';

/** The widths of the page's columns, so that letters keep their size. */
const WIDE = 878;
const HALF = 404;
/** More would be narrower than a line. */
const MOST_BINS = 120;

/** The plots of a run, on one axis of time that ends when nobody calls any more. */
export function plotsOf({ counts, owed, refillPerSecond }: Story) {
  const backAt = owed.flatMap((call) => call.backAt ?? []);
  const instants = [...owed.map(({ lostAt }) => lostAt), ...backAt];
  // What happens at a second's very beginning belongs to that second.
  const ends = [...Object.values(counts).map((bins) => bins.length), ...instants.map((at) => Math.floor(at) + 1)];
  const latest = ends.reduce((max, end) => Math.max(max, end), 1);
  const seconds = binWidth(latest, MOST_BINS);
  const end = Math.ceil(latest / seconds) * seconds;
  const rate = (perVirtualSecond: readonly number[]) => perSecond(perVirtualSecond, seconds, end);
  const when = (bin: number) => stopwatch(bin * seconds);

  const accepted = (): Markup => {
    const [callers, ours] = [rate(counts.callersAccepted), rate(counts.oursAccepted)];
    const all = sumOf(callers, ours);
    return chart({
      ...time(WIDE, 230, end),
      label: 'RunTask calls that ECS accepted per second: the callers’ own and our re-runs',
      most: Math.max(maxOf(all), refillPerSecond),
      marks: (place) => [
        area(callers, place, 'callers'),
        area(all, place, 'ours', callers),
        level(refillPerSecond, `bucket refills ${refillPerSecond} per second`, place),
        hints(
          all.values.length,
          seconds,
          place,
          (bin) => `${when(bin)}: callers ${at(callers, bin)}, re-runs ${at(ours, bin)} per second`,
        ),
      ],
    });
  };

  const throttled = (): Markup => {
    const [callers, ours] = [rate(counts.callersThrottled), rate(counts.oursThrottled)];
    const all = sumOf(callers, ours);
    return chart({
      ...time(WIDE, 150, end),
      label: 'RunTask calls that ECS throttled per second',
      most: maxOf(all),
      marks: (place) => [
        area(callers, place, 'throttled'),
        area(all, place, 'ours-throttled', callers),
        hints(
          all.values.length,
          seconds,
          place,
          (bin) => `${when(bin)}: callers ${at(callers, bin)}, re-runs ${at(ours, bin)} throttled per second`,
        ),
      ],
    });
  };

  const recovery = (): Markup => {
    const lost = cumulative(
      owed.map(({ lostAt }) => lostAt),
      seconds,
      end,
    );
    const back = cumulative(backAt, seconds, end);
    return chart({
      ...time(WIDE, 260, end),
      label: 'Calls lost to throttling and calls brought back, summed up over time',
      most: owed.length,
      marks: (place) => [
        between(lost, back, place, 'gap'),
        line(lost, place, 'throttled'),
        line(back, place, 'ours'),
        hints(lost.values.length, seconds, place, (bin) => {
          const [gone, returned] = [lost.values[bin] ?? 0, back.values[bin] ?? 0];
          return `${when(bin)}: ${count(gone)} lost, ${count(returned)} brought back, ${count(gone - returned)} waiting`;
        }),
      ],
    });
  };

  const waits = (): Markup => {
    const delays = owed.flatMap(({ lostAt, backAt: at }) => (at === undefined ? [] : at - lostAt));
    const bins = histogram(delays, 24);
    const [median, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
    return chart({
      ...time(HALF, 220, bins.values.length * bins.seconds),
      label: 'How long the calls were delayed',
      most: maxOf(bins),
      marks: (place) => [
        bars(bins, place, 'ours'),
        marker(median, `half: ${duration(median)}`, place),
        // On top of each other they would tell nothing.
        p99 - median > bins.seconds ? marker(p99, `99 %: ${duration(p99)}`, place) : undefined,
        hints(
          bins.values.length,
          bins.seconds,
          place,
          (bin) =>
            `${stopwatch(bin * bins.seconds)} to ${stopwatch((bin + 1) * bins.seconds)}: ${count(bins.values[bin] ?? 0)} calls`,
        ),
      ],
    });
  };

  const permitRate = (): Markup => {
    // The rate limiter counts permits once per batch: over a single second they would seem to come in bursts.
    const wide = Math.max(seconds, binWidth(end, 60));
    const permits = perSecond(counts.permits, wide, Math.ceil(end / wide) * wide);
    return chart({
      ...time(HALF, 220, end),
      label: 'Permits handed out per second',
      most: Math.max(maxOf(permits), refillPerSecond),
      marks: (place) => [
        area(permits, place, 'ours'),
        level(refillPerSecond, `bucket refills ${refillPerSecond} per second`, place),
        hints(
          permits.values.length,
          wide,
          place,
          (bin) => `${stopwatch(bin * wide)}: ${at(permits, bin)} permits per second`,
        ),
      ],
    });
  };

  return { accepted: accepted(), throttled: throttled(), recovery: recovery(), waits: waits(), rate: permitRate() };
}

const time = (width: number, height: number, end: number) => ({
  width,
  height,
  end,
  xTicks: timeTicks(end, width / 90),
});

const at = ({ values }: Bins, bin: number): string => count(Math.round((values[bin] ?? 0) * 10) / 10);

/** The swatches that say which colour is which. */
export function legend(entries: Readonly<Record<string, string>>): Markup {
  const items = Object.entries(entries).map(
    ([className, name]) => html`<span><i class="swatch ${className}"></i>${name}</span>`,
  );
  return html`<p class="legend">${items}</p>`;
}
