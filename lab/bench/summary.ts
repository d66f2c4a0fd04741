import type { Figures } from './measure.ts';

/** What several seeds have in common: medians, but the worst of what must never happen. */
export function summarize(runs: readonly Figures[]): Figures {
  const medianOf = (key: NumberKey) => median(runs.map((run) => run[key]).filter((value) => value !== null));
  return {
    drainRatio: medianOf('drainRatio'),
    roomRatio: medianOf('roomRatio'),
    callsPerOwed: medianOf('callsPerOwed'),
    pointsAdded: medianOf('pointsAdded'),
    roomPointsAdded: medianOf('roomPointsAdded'),
    lost: Math.max(...runs.map(({ lost }) => lost)),
    waitP50: medianOf('waitP50'),
    waitP99: medianOf('waitP99'),
    transitionsPerOwed: medianOf('transitionsPerOwed'),
    dollarsPerThousand: medianOf('dollarsPerThousand'),
    hasEnded: runs.every(({ hasEnded }) => hasEnded),
  };
}

type NumberKey = Exclude<keyof Figures, 'hasEnded'>;

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}
