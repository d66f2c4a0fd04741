import type { Settings } from '../../lambda/core/settings.ts';
import type { Clients } from '../aws/clients.ts';
import { findDeployment, output, resourcesOf } from '../aws/deployment.ts';
import { settingsOf } from '../aws/settings.ts';
import { alarmsNow, eventSources, roleProblems, rules, subscriptions, trails } from './checks.ts';
import { executionCounts, rateNow, waiting } from './figures.ts';
import { type Problem, problem, type Status } from './report.ts';

/** Asks about every part that a call goes through, whatever the others answered. */
export async function statusOf(clients: Clients, stack: string | undefined): Promise<Status> {
  const deployment = await findDeployment(clients, stack);
  const table = resourcesOf(deployment, 'AWS::DynamoDB::Table')[0]?.physicalId ?? '';
  const [settings, foundRules, sources, foundTrails, waits, rate, results, alarms, subscribed] = await Promise.all([
    settingsOf(clients, deployment),
    rules(clients, deployment),
    eventSources(clients, deployment),
    trails(clients),
    waiting(clients, deployment),
    rateNow(clients, table),
    executionCounts(clients, output(deployment, 'RerunStateMachine')),
    alarmsNow(clients, deployment),
    subscriptions(clients, output(deployment, 'NotificationTopic')),
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
    ...(await roleProblems(clients, deployment, settings)),
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
