import type { Settings } from '../../lambda/core/settings.ts';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, findDeployment, output, resourcesOf, settingsOf } from '../aws/deployment.ts';
import { alarmsNow, eventSources, passableRoles, rules, subscriptions, trails } from './checks.ts';
import { type Counts, executionCounts, rateNow, waiting } from './figures.ts';

/** Something that keeps calls from being brought back, or people from hearing of it. */
export interface Problem {
  readonly what: string;
  readonly found: string;
  readonly fix: string;
}

/** Whether the stack is able to bring calls back now. What cannot be known is null. */
export interface Status {
  readonly stack: string;
  readonly region: string;
  /** Null where a part that it hangs on could not be asked about. */
  readonly able: boolean | null;
  readonly mode: string | null;
  readonly isPaused: boolean;
  readonly listed: { readonly callers: number; readonly families: number; readonly clusters: number } | null;
  readonly rules: readonly { readonly name: string; readonly isEnabled: boolean | null }[];
  readonly eventSources: readonly { readonly name: string; readonly isEnabled: boolean | null }[];
  readonly trails: readonly { readonly name: string; readonly isLogging: boolean }[] | null;
  readonly waiting: Readonly<Record<string, number | null>>;
  readonly rate: {
    readonly perSecond: number;
    readonly bucket: { readonly burst: number; readonly refillPerSecond: number } | null;
  } | null;
  readonly lastResults: Counts | null;
  readonly alarms: readonly string[] | null;
  readonly subscriptions: { readonly confirmed: number; readonly pending: number } | null;
  readonly problems: readonly Problem[];
}

/** Asks about every part that a call goes through, whatever the others answered. */
export async function statusOf(clients: Clients, stack: string | undefined): Promise<Status> {
  const deployment = await findDeployment(clients, stack);
  const table = resourcesOf(deployment, 'AWS::DynamoDB::Table')[0]?.physicalId ?? '';
  const [settings, foundRules, sources, foundTrails, waits, rate, results, alarms, subscribed, roles] =
    await Promise.all([
      settingsOf(clients, deployment),
      rules(clients, deployment),
      eventSources(clients, deployment),
      trails(clients),
      waiting(clients, deployment),
      rateNow(clients, table),
      executionCounts(clients, output(deployment, 'RerunStateMachine')),
      alarmsNow(clients, deployment),
      subscriptions(clients, output(deployment, 'NotificationTopic')),
      passableRoles(clients, deployment),
    ]);
  const problems = [
    ...settingProblems(settings),
    ...(rate.isPaused ? [problem('pause', 'all permits are held', 'ops resume ends the pause')] : []),
    ...foundRules
      .filter(({ isEnabled }) => isEnabled === false)
      .map(({ name }) => problem('rule', `${name} is off`, 'Deploy the stack again, or enable the rule')),
    ...sources
      .filter(({ isEnabled }) => isEnabled === false)
      .map(({ name }) =>
        problem('event source', `${name} is off`, 'Enable the event source mapping, or deploy the stack again'),
      ),
    ...trailProblems(foundTrails),
    ...(subscribed && subscribed.pending > 0
      ? [
          problem(
            'subscription',
            `${subscribed.pending} not confirmed`,
            'Whoever it is has to confirm it by the link in the mail of AWS',
          ),
        ]
      : []),
    ...(subscribed && subscribed.confirmed + subscribed.pending === 0
      ? [
          problem(
            'subscription',
            'nobody is subscribed to the topic',
            'List addresses in notifications.emails, or subscribe somebody',
          ),
        ]
      : []),
    ...roles,
    ...deadLetterProblems(waits),
    ...(alarms ?? []).map((name) => problem('alarm', name, 'docs/runbook.md has a section for each alarm')),
  ];
  const { name, region } = deployment;
  const isKnown = settings !== undefined && [...foundRules, ...sources].every(({ isEnabled }) => isEnabled !== null);
  return {
    stack: name,
    region,
    able: problems.some(({ what }) => BLOCKING.includes(what)) ? false : isKnown ? true : null,
    mode: settings?.mode ?? null,
    isPaused: rate.isPaused,
    listed: settings
      ? { callers: settings.callers.length, families: settings.families.length, clusters: settings.clusters.length }
      : null,
    rules: foundRules,
    eventSources: sources,
    trails: foundTrails,
    waiting: waits,
    rate: rate.known,
    lastResults: results,
    alarms,
    subscriptions: subscribed,
    problems,
  };
}

/** With one of these, calls are not brought back, or not all. */
const BLOCKING: readonly string[] = ['mode', 'lists', 'pause', 'rule', 'event source', 'trail', 'role', 'key'];

export const problem = (what: string, found: string, fix: string): Problem => ({ what, found, fix });

function settingProblems(settings: Settings | undefined): Problem[] {
  if (!settings) return [];
  const { mode, callers, families, clusters } = settings;
  const empty = Object.entries({ callers, families, clusters }).filter(([, list]) => list.length === 0);
  return [
    ...(mode === 'observe' ? [problem('mode', 'the stack only observes', 'Set mode to rerun and deploy')] : []),
    ...empty.map(([name]) =>
      problem('lists', `${name} lists nothing`, `List what may be brought back in ${name} and deploy`),
    ),
  ];
}

function trailProblems(found: Status['trails']): Problem[] {
  if (!found) return [];
  if (found.some(({ isLogging }) => isLogging)) return [];
  const names = found.map(({ name }) => name).join(', ');
  return [
    problem(
      'trail',
      names ? `${names} does not log` : 'no trail is there',
      'Start logging: without it calls are found minutes later, by sweeps in the event history alone',
    ),
  ];
}

function deadLetterProblems(waits: Status['waiting']): Problem[] {
  return Object.entries(waits)
    .filter(([name, count]) => name.startsWith('deadLetters') && (count ?? 0) > 0)
    .map(([name, count]) => problem('dead letters', `${count} in ${name}`, 'docs/runbook.md, Redriving dead letters'));
}

export type { Deployment };
