import type { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ruleOf } from '../../lambda/core/opt-in/senders.ts';
import { startLab } from '../clients/lab.fixture.ts';
import { handOverRule, handOverSchedule } from '../support/examples.ts';
import { findingsIn } from '../support/nag.ts';

const RULE = 'arn:aws:events:us-east-1:111122223333:rule/FileArrived';
const SCHEDULE = 'arn:aws:scheduler:us-east-1:111122223333:schedule/default/Nightly';

function only(stack: Stack, type: string): Record<string, unknown> {
  const [found, ...others] = Object.values(Template.fromStack(stack).findResources(type));
  expect(others).toEqual([]);
  return found?.Properties;
}

/** What Scheduler sends for the run of a time. */
function scheduledMessage(time: string): string {
  const { Target } = only(handOverSchedule.stack, 'AWS::Scheduler::Schedule') as { Target: { Input: string } };
  return Target.Input.replace('<aws.scheduler.schedule-arn>', SCHEDULE).replace('<aws.scheduler.scheduled-time>', time);
}

/** What EventBridge sends for an event. */
function ruleMessage(id: string, file: string): string {
  const { Targets } = only(handOverRule.stack, 'AWS::Events::Rule') as {
    Targets: [{ InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string } }];
  };
  const { InputPathsMap, InputTemplate } = Targets[0].InputTransformer;
  const values: Record<string, string> = { '$.id': id, '$.detail.object.key': file };
  return Object.entries(InputPathsMap)
    .reduce(
      // A variable that stands alone becomes a JSON value, one within quotes text.
      (text, [name, path]) =>
        text.replace(`:<${name}>`, `:${JSON.stringify(values[path])}`).replace(`<${name}>`, String(values[path])),
      InputTemplate,
    )
    .replace('<aws.events.rule-arn>', RULE);
}

describe('a schedule that targets the hand-over queue', () => {
  test('is launched once for each of its runs, however often a run is delivered', async () => {
    const lab = await startLab();
    for (const time of ['2026-01-15T03:00:00Z', '2026-01-15T03:00:00Z', '2026-01-16T03:00:00Z'])
      lab.send('cron', scheduledMessage(time));
    await lab.play();
    expect(lab.refusals).toEqual([]);
    expect(lab.launches.map(({ input }) => input.taskDefinition)).toEqual(['report', 'report']);
  });

  test('sends under a role that may use the queue and its key', () => {
    Template.fromStack(handOverSchedule.stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { Ref: 'HandOverQueueArn' } },
          { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], Resource: { Ref: 'HandOverKeyArn' } },
        ]),
      },
    });
  });
});

describe('a rule that targets the hand-over queue', () => {
  test('has each event’s job launched once, with what the event says', async () => {
    const lab = await startLab();
    for (const id of ['event-1', 'event-1', 'event-2']) lab.send('cron', ruleMessage(id, `a "file" of ${id}`));
    await lab.play();
    expect(lab.refusals).toEqual([]);
    const files = lab.launches.map(({ input }) => JSON.stringify(input.overrides));
    expect(files.toSorted()).toEqual([
      expect.stringContaining('a \\"file\\" of event-1'),
      expect.stringContaining('a \\"file\\" of event-2'),
    ]);
  });

  test('is known by its key, as it has no identity of its own', () => {
    const { key } = JSON.parse(ruleMessage('event-1', 'file')) as { key: string };
    const callers = [RULE.replace('File', 'Other'), RULE].map((arn) => ({ arn, handsOver: true }));
    expect(ruleOf(callers, 'any service', key)).toBe(RULE);
  });
});

/** A queue of dead letters has none itself; the library grants a key's use by a pattern. */
const ACCEPTED = /\/NotSent\/|\[Action::kms:GenerateDataKey\*\]/;

test.each([
  ['schedule', handOverSchedule],
  ['rule', handOverRule],
] as const)('the example of a %s draws no warning', (_, { app, stack }) => {
  expect(app.synth().stacks).toHaveLength(1);
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  expect(findingsIn(stack.node.root as App).filter((finding) => !ACCEPTED.test(finding))).toEqual([]);
});
