import { withAws } from '../aws/command.ts';
import type { AwsFlags } from '../aws/flags.ts';
import type { OpsContext, Terminal } from '../context.ts';
import { indented, printable } from '../terminal/table.ts';
import type { Status } from './report.ts';
import { statusOf } from './status.ts';

export default function run(this: OpsContext, flags: AwsFlags): Promise<void> {
  return withAws(this, 'status', flags, async (clients, messages) => {
    messages.progress('asking');
    const status = await statusOf(clients, flags.stack);
    return { lines: [...lines(status, this.terminal)], json: status, needsPerson: status.problems.length > 0 };
  });
}

function* lines(status: Status, { columns }: Terminal): Generator<string> {
  const { stack, region, able, mode, isPaused, listed, rate, lastResults, subscriptions, alarms, problems } = status;
  yield `${stack} in ${region}: ${able === null ? 'not known whether it is able to bring calls back' : `${able ? 'able' : 'NOT able'} to bring calls back`}`;
  yield row('mode', mode);
  yield row('paused', isPaused ? 'yes' : 'no');
  yield row('lists', listed && `${listed.callers} callers, ${listed.families} families, ${listed.clusters} clusters`);
  yield row('rules', states(status.rules));
  yield row('event sources', states(status.eventSources));
  yield row(
    'trails',
    status.trails &&
      (status.trails.map(({ name, isLogging }) => `${name} ${isLogging ? 'logs' : 'OFF'}`).join(', ') || 'none'),
  );
  const isDead = ([name]: readonly [string, unknown]) => name.startsWith('deadLetters');
  const queues = Object.entries(status.waiting);
  yield row(
    'waiting',
    queues
      .filter((queue) => !isDead(queue))
      .map(shownCount)
      .join(', '),
  );
  yield row(
    'dead letters',
    queues
      .filter((queue) => isDead(queue) && queue[1] !== 0)
      .map(shownCount)
      .join(', ') || 'none',
  );
  yield row(
    'rate',
    rate === null
      ? 'none yet'
      : `${rate.perSecond} a second, bucket ${rate.bucket ? `${rate.bucket.burst} at once, ${rate.bucket.refillPerSecond} a second` : 'not seen yet'}`,
  );
  yield row(
    'last results',
    lastResults &&
      Object.entries(lastResults)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
  );
  yield row('alarms', alarms && (alarms.length > 0 ? alarms.join(', ') : 'none raised'));
  yield row('subscriptions', subscriptions && `${subscriptions.confirmed} confirmed, ${subscriptions.pending} not`);
  if (problems.length > 0) yield '';
  for (const { what, found, fix } of problems) yield* indented(`${what}: ${printable(found)}. ${fix}.`, columns);

  function row(name: string, value: string | null): string {
    return indented(`${name.padEnd(15)}${printable(value ?? 'unknown')}`, columns).join('\n');
  }
}

const shownCount = ([name, count]: readonly [string, number | null]) =>
  `${name.replace('deadLetters ', '')} ${count ?? '?'}`;

/** `3 on`, `2 on, 1 OFF (RunTaskCalled)`. */
function states(all: readonly { readonly name: string; readonly isEnabled: boolean | null }[]): string {
  const named = (isEnabled: boolean | null) =>
    all.filter((each) => each.isEnabled === isEnabled).map(({ name }) => name);
  const [off, unknown] = [named(false), named(null)];
  return [
    `${named(true).length} on`,
    ...(off.length > 0 ? [`${off.length} OFF (${off.join(' ')})`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} unknown`] : []),
  ].join(', ');
}
