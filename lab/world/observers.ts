import type { Observer } from './world.ts';

/** One observer that tells several, in their order. */
export function tee(...observers: readonly Partial<Observer>[]): Observer {
  const hearSteps = observers.filter(({ executionStep }) => executionStep);
  const tell = (hear: (observer: Partial<Observer>) => void) => observers.forEach(hear);
  return {
    request: (...args) => tell((observer) => observer.request?.(...args)),
    emitted: (...args) => tell((observer) => observer.emitted?.(...args)),
    delivered: (...args) => tell((observer) => observer.delivered?.(...args)),
    moved: (...args) => tell((observer) => observer.moved?.(...args)),
    executionStarted: (...args) => tell((observer) => observer.executionStarted?.(...args)),
    executionClosed: (...args) => tell((observer) => observer.executionClosed?.(...args)),
    // Most runs have nobody who hears of each step.
    ...(hearSteps.length > 0 && {
      executionStep: (...args: Parameters<NonNullable<Observer['executionStep']>>) => {
        for (const observer of hearSteps) observer.executionStep?.(...args);
      },
    }),
    executionRedriven: (...args) => tell((observer) => observer.executionRedriven?.(...args)),
    log: (...args) => tell((observer) => observer.log?.(...args)),
    metric: (...args) => tell((observer) => observer.metric?.(...args)),
  };
}
