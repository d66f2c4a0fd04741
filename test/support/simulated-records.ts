import type { VirtualClock } from '../../lab/kernel/clock.ts';
import type { Call } from '../../lambda/core/rate/counted-call.ts';
import { type Records, type SecondOfTraffic, TRAFFIC_WINDOW_SECONDS } from '../../lambda/core/rate/traffic.ts';

/** Counts others' calls as the table does. */
export function makeRecords(clock: VirtualClock) {
  const calls = new Map<number, { accepted: number; throttled: number }>();
  const minutes = new Map<number, Map<number, number>>();
  let cache: { readonly atMs: number; readonly records: Records } | undefined;
  return {
    count({ atMs, kind }: Call): void {
      const lag = Math.max(0, Math.round((clock.now() - Math.floor(atMs / 1000) * 1000) / 1000));
      if (lag >= TRAFFIC_WINDOW_SECONDS) return;
      const second = Math.floor(atMs / 1000);
      const counts = calls.get(second) ?? { accepted: 0, throttled: 0 };
      counts[kind] += 1;
      calls.set(second, counts);
      const minute = Math.floor(clock.now() / 60_000);
      const lags = minutes.get(minute) ?? new Map<number, number>();
      lags.set(lag, (lags.get(lag) ?? 0) + 1);
      minutes.set(minute, lags);
    },

    read(): Records {
      const now = clock.now();
      if (cache && now - cache.atMs < 1000) return cache.records;
      const first = Math.floor(now / 1000 - TRAFFIC_WINDOW_SECONDS);
      const seconds = new Map<number, SecondOfTraffic>();
      for (const [second, counts] of calls) {
        if (second >= first) seconds.set(second, { ...counts });
        else calls.delete(second);
      }
      const lags = new Map<number, number>();
      for (const [minute, counts] of minutes) {
        if (minute < Math.floor(first / 60)) continue;
        for (const [lag, count] of counts) lags.set(lag, (lags.get(lag) ?? 0) + count);
      }
      const all = [...lags.keys()];
      const lagSeconds = { least: Math.min(...all, Math.max(0, ...all)), most: Math.max(0, ...all) };
      const records = { seconds: { calls: seconds, tasks: seconds }, lagSeconds, lags };
      cache = { atMs: now, records };
      return records;
    },
  };
}
