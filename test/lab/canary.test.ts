import { expect, test } from 'vitest';
import type { Json } from '../../lab/kernel/json.ts';
import { HOME } from '../support/records.ts';
import { type Aftermath, type Attacked, attacked, attackText, type Mode, sendMessage } from './attack.fixture.ts';

/** Stands in every place of a request, and of what AWS says of it, that may hold somebody's secret. */
const CANARY = 'canary-4f1d';
const REQUEST = {
  startedBy: CANARY,
  group: CANARY,
  referenceId: CANARY,
  tags: [{ key: CANARY, value: CANARY }],
  placementConstraints: [{ type: 'memberOf', expression: CANARY }],
  overrides: {
    containerOverrides: [
      {
        name: 'app',
        command: [CANARY],
        environment: [{ name: CANARY, value: CANARY }],
        environmentFiles: [{ value: CANARY, type: 's3' }],
      },
    ],
  },
};
const THROTTLED = { errorCode: 'InvalidParameterException', errorMessage: `${CANARY}: Rate exceeded` };
const STRANGER = { arn: `arn:aws:iam::${HOME.account}:role/stranger` };

/** Calls that end in every way: run, failed to start and run again, rejected by ECS, refused, ignored, unreadable. */
function everyWay({ world, arnOf, put, start }: Attacked): void {
  const call = (id: string, request: object = {}, detail: object = {}) =>
    put(attackText(id, { request: { ...REQUEST, ...request }, detail: { ...THROTTLED, ...detail } }));
  for (let n = 0; n < 12; n++) call(`run-${n}`);
  call('rejected', { overrides: { containerOverrides: [{ name: CANARY, command: [CANARY] }] } });
  call('refused', { overrides: { taskRoleArn: CANARY } });
  call('unreadable request', { overrides: CANARY });
  call('hidden', {
    overrides: { containerOverrides: [{ command: [CANARY], environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] },
  });
  call('ignored', {}, { userIdentity: STRANGER });
  call('not a throttle', {}, { errorCode: 'AccessDenied' });
  sendMessage(world.sqs, arnOf('AWS::SQS::Queue', 'IntakeQueue'), `{"${CANARY}":"${CANARY}"}`);
  start('by-hand', { settleUntil: '2026-01-15T03:00:00Z', [CANARY]: CANARY });
}

const has = (value: unknown) => JSON.stringify(value).includes(CANARY);

async function played(mode: Mode) {
  const stoppedReason = `Timeout waiting for network interface provisioning to complete. ${CANARY}`;
  const startFailures = [{ family: 'report', probability: 0.4, stoppedReason }];
  const aftermath = await attacked(everyWay, { mode, account: { startFailures } });
  const { arnOf, world } = aftermath;
  const [, tableName = ''] = arnOf('AWS::DynamoDB::Table', '').split('/');
  return { ...aftermath, items: world.dynamoDb.items(tableName) };
}

/** What a test finds in no place that is open to more people than the caller's own data are. */
function expectSilence({ readable, world, executions }: Aftermath, others: readonly unknown[]): void {
  expect(readable.filter(has)).toEqual([]);
  expect(world.sns.published.filter(has)).toEqual([]);
  // Outputs, errors and causes: what a failed execution shows to everybody who looks at the list.
  expect(executions.map(({ name, result }) => [name, result]).filter(has)).toEqual([]);
  expect(others.filter(has)).toEqual([]);
}

test('what is in a request is nowhere but in execution inputs, launch records and the dead-letter queue', async () => {
  const aftermath = await played('rerun');
  const { endOf, executions, inputs, items, launched, world, arnOf } = aftermath;
  const of = (machine: string) => executions.filter(({ stateMachine }) => stateMachine.arn.includes(machine));
  const inputsOf = (machine: string): Json[] => of(machine).map(({ name }) => inputs.get(name) ?? null);
  const isLaunchRecord = ({ id }: (typeof items)[number]) => JSON.stringify(id).includes('launch#');
  expectSilence(aftermath, [inputsOf('Digest'), ...items.filter((item) => !isLaunchRecord(item))]);

  // Every way was gone, and the request is where it has to be.
  expect(endOf('rejected')).toBe('refused rejectedByEcs: InvalidParameterException');
  expect(endOf('refused')).toBe('refuse roleOverride');
  expect(endOf('hidden')).toBe('refuse hiddenEnvironment');
  expect(endOf('ignored')).toBe('ignore callerNotListed');
  expect(endOf('by-hand')).toBe('refused malformed');
  expect(world.sns.published.length).toBeGreaterThan(4);
  const rerun = inputsOf('Rerun');
  expect(rerun.filter((input) => (input as { failedTask?: Json }).failedTask).length).toBeGreaterThan(3);
  expect(rerun.every(has)).toBe(true);
  expect(items.filter(isLaunchRecord).filter(has).length).toBeGreaterThan(10);
  expect(launched.every(has)).toBe(true);
  expect(world.sqs.receive(arnOf('AWS::SQS::Queue', 'IntakeDeadLetterQueue'), 10).filter(has)).toHaveLength(1);
});

test('where calls are only observed, it is in the dead-letter queue alone', async () => {
  const aftermath = await played('observe');
  const { inputs, items, launched } = aftermath;
  const byHand = 'by-hand';
  expectSilence(aftermath, [...items, ...[...inputs].filter(([name]) => name !== byHand)]);
  expect(launched).toEqual([]);
  expect(aftermath.readable.filter((line) => line.includes('observeMode')).length).toBeGreaterThan(10);
});
