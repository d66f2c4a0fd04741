import { ANY, type CallerEntry } from '../../lambda/core/opt-in/opt-in.ts';
import { CONTEXT_KEY, type Configuration } from './schema.ts';
import type { WarningId } from './warning-ids.ts';

/** One warning, by the id that acknowledges it. */
export interface ConfigurationWarning {
  readonly id: WarningId;
  readonly text: string;
}
type Row = readonly [id: WarningId, text: string];

/** Warnings at synth: what a configuration does not do although it looks as if it did, and what it does at a risk. */
export function warningsOf(configuration: Configuration): ConfigurationWarning[] {
  return [...listWarnings(configuration), ...handOverWarnings(configuration), ...choiceWarnings(configuration)].map(
    ([id, text]) => ({ id, text: `${CONTEXT_KEY}.${text}` }),
  );
}

function listWarnings({ clusters, families, callers }: Configuration): Row[] {
  const arns = callers.map(({ arn }) => arn);
  const lists = Object.entries({ clusters, families, callers: arns }) as [
    'clusters' | 'families' | 'callers',
    string[],
  ][];
  const twice = [...new Set(arns.filter((arn, index) => arns.indexOf(arn) < index))];
  return [
    ...lists
      .filter(([, list]) => list.length === 0)
      .map(([key]): Row => [`${key}Empty`, `${key} is empty: nothing will be re-run. List what may be, or "*".`]),
    ...lists
      .filter(([, list]) => list.includes(ANY))
      .map(([key]): Row => [`${key}Any`, `${key} holds "*": any of them may be re-run. List them if you can.`]),
    ...twice.map((arn): Row => ['callersTwice', `callers holds "${arn}" more than once: only the first entry counts.`]),
  ];
}

function handOverWarnings({ callers }: Configuration): Row[] {
  const entries: readonly CallerEntry[] = callers;
  const handing = entries.filter(({ handsOver }) => handsOver);
  return [
    ...handing
      .filter(({ arn }) => arn === ANY)
      .map(
        (): Row => [
          'anybodyHandsOver',
          'callers holds "*" with "handsOver": whoever IAM lets send to the hand-over queue may have calls made. List them if you can.',
        ],
      ),
    ...handing
      .filter(({ retriesItself }) => retriesItself)
      .map(
        ({ arn }): Row => [
          'retriesAndHandsOver',
          `callers holds "${arn}" with "retriesItself" and "handsOver": a call that it both makes again and hands over may run twice. Let it do one of them.`,
        ],
      ),
  ];
}

function choiceWarnings(configuration: Configuration): Row[] {
  const { mode, passRoleArns, callers, allowWithoutClientToken, cloudTrail, sweep, monitoring, investigation } =
    configuration;
  const { emails, topicArn } = configuration.notifications;
  const isRerun = mode === 'rerun';
  const entries: readonly CallerEntry[] = callers;
  const leftAlone = entries.filter(({ retriesItself, handsOver }) => retriesItself && !handsOver);
  const hasSchedule = sweep.everyMinutes > 0;
  const warnings: readonly (readonly [boolean, ...Row])[] = [
    [
      !isRerun,
      'observeMode',
      'mode is "observe": calls are looked at and logged, none is re-run. Set it to "rerun" to act.',
    ],
    [
      isRerun && passRoleArns.length === 0,
      'passRoleArnsEmpty',
      'passRoleArns is empty: IAM will refuse re-runs of task definitions that have a task or execution role. List these roles.',
    ],
    [
      allowWithoutClientToken,
      'withoutClientToken',
      'allowWithoutClientToken is true: each attempt of a caller’s SDK is then a call of its own, and the call may run more than once.',
    ],
    [
      callers.length > 0 && leftAlone.length === callers.length,
      'callersRetryThemselves',
      'callers holds only entries with "retriesItself": their rejected calls are left alone, only tasks that fail to start are re-run.',
    ],
    [
      cloudTrail === 'none' && hasSchedule,
      'noTrail',
      'cloudTrail is "none": rejected calls are seen by sweeps alone, minutes later. If a trail logs in this Region, set it to "existing".',
    ],
    [
      cloudTrail === 'none' && !hasSchedule,
      'noTrailNoSchedule',
      'cloudTrail is "none" and sweep.everyMinutes is 0: rejected calls are found only after a service was throttled too.',
    ],
    [
      emails.length === 0 && topicArn === undefined,
      'noSubscriber',
      'notifications has neither emails nor topicArn: nobody hears of calls that were not brought back, nor of alarms.',
    ],
    [
      !monitoring.dashboard,
      'noDashboard',
      'monitoring.dashboard is false: there is no picture of what was throttled and brought back.',
    ],
    [
      !monitoring.usageAlarms,
      'noUsageAlarms',
      'monitoring.usageAlarms is false: nobody is told when calls come near the quota, and no alarm starts a sweep.',
    ],
    [
      !monitoring.incidentReports,
      'noIncidentReports',
      'monitoring.incidentReports is false: nobody is told when an incident is over, nor what came of it.',
    ],
    [
      !investigation.savedQueries,
      'noSavedQueries',
      'investigation.savedQueries is false: there are no saved queries on the logs.',
    ],
    [
      !investigation.athena,
      'noAthena',
      'investigation.athena is false: there are no Athena queries on the trail’s records.',
    ],
  ];
  return warnings.flatMap(([applies, ...row]) => (applies ? [row] : []));
}
