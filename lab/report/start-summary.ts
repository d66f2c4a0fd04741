import { count, dollars, duration, percent, plural, ratio } from './format.ts';
import type { LeftAlone, Story } from './story.ts';

/** What a newcomer wants to know of a run, in the order of the questions. */
export function summary({ report, violations, standing, leftAlone }: Story): string {
  const { invariants, ecs, room, drain, others, costUsd, scenario, wallSeconds, virtualSeconds } = report;
  const figures: [string, string, string][] = [
    ['calls made', count(standing.made), scenario],
    ['taken by throttling', count(standing.taken), 'rejected for good, their callers gone'],
    ['brought back', count(standing.broughtBack), 'by the stack that `npm run deploy` would send'],
    ...(leftAlone.calls > 0 ? [leftAloneRow(leftAlone)] : []),
    ['lost', count(invariants.lost), 'owed, never run, and nobody was told'],
    ['duplicated', count(invariants.duplicated), 'tasks that ran beyond what was asked for'],
    ['unreported', count(invariants.unreported), 'throttle events that came to no verdict'],
    ['RunTask calls per re-run', ratio(ecs.callsPerRerun), '1.00 is the least there can be'],
    [
      'time to bring all back',
      duration(drain.seconds),
      `virtual; half of them waited ${duration(drain.waitSeconds.p50)} or less`,
    ],
    [
      'live traffic throttled',
      percent(others.throttledShare),
      `${percent(others.throttledShareWithout)} without the remediation`,
    ],
    ...(room ? [roomRow(room)] : []),
    ['cost per 1,000 re-runs', dollars(costUsd.perThousandReruns), 'us-east-1 list prices'],
  ];
  const widths = [0, 1].map((column) => Math.max(...figures.map((row) => row[column]?.length ?? 0)));
  const rows = figures.map(
    ([name, value, meaning]) => `  ${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${meaning}`,
  );
  const played = `${duration(virtualSeconds)} of virtual time in ${duration(wallSeconds)}`;
  const advice = leftAlone.calls > 0 ? ['', ...wouldBringBack(leftAlone).map((line) => `  ${line}`)] : [];
  return [verdict(violations, standing.broughtBack), '', ...rows, ...advice, '', `  Played ${played}.`].join('\n');
}

function roomRow({ refused, seconds, limitSeconds }: NonNullable<Story['report']['room']>): [string, string, string] {
  const least = `${duration(seconds)} from the first call to the last start, of which ${duration(limitSeconds)} at least`;
  return ['attempts without room', count(refused), least];
}

function leftAloneRow({ calls, callers, areTold }: LeftAlone): [string, string, string] {
  const told = areTold ? 'people were told' : 'nobody was told';
  return ['not handed over', count(calls), `calls of ${callers.join(', ')}: ${told}`];
}

/** What has to change for the calls that nobody could run: where they are made, and in the configuration. */
export function wouldBringBack({ callers, rejectedAttempts }: LeftAlone): string[] {
  return [
    `The records of ${plural(rejectedAttempts, 'rejected attempt')} hold no request, so nobody can run those calls again.`,
    `To bring them back: ${callers.join(', ')} hands over what was throttled, one line where the call is made,`,
    'and its entry in `callers` says "handsOver": true.',
  ];
}

/** What went wrong, one violation a line; or that nothing did. */
export function verdict(violations: readonly string[], broughtBack: number): string {
  if (violations.length === 0) return `✔ ${plural(broughtBack, 'call')} brought back: none lost, none run twice.`;
  return violations.map((violation) => `✘ violated: ${violation}`).join('\n');
}

/** Where to look and what to do next. */
export function nextSteps(reportUrl: string): string {
  return `  See       ${reportUrl}
  Play      npm run lab -- lab/scenarios/duplicates.json
            (copy one of lab/scenarios/, make it your own storm; docs/scenario.schema.json has all keys)
  Try       npm run --silent lab:serve
            (a small account for your own AWS CLI, SDKs and browser: docs/live-lab.md)
  Deploy    README.md, "Deploy it"`;
}
