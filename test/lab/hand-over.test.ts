import { describe, expect, test } from 'vitest';
import { AwsError } from '../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
import type { Site } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { deploy } from '../../lab/world/deployment.ts';

/**
 * What the lab makes of calls that are handed over: a queue stands at the end of the stack's output, and somebody who takes
 * over at once stands behind it.
 */

const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const caller = (name: string, keys: JsonObject = {}): JsonObject => ({
  name,
  principalArn: `arn:aws:sts::111122223333:assumed-role/${name}/session`,
  calls: 10,
  maxAttempts: 1,
  request: {
    cluster: 'batch',
    taskDefinition: 'report:3',
    overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'DAY', value: 'monday' }] }] },
  },
  ...keys,
});
const scenario = (callers: JsonObject[], handsOver: readonly string[] = ['cron']) =>
  readScenario(
    JSON.stringify({
      name: 'handed over',
      seed: 4,
      remediation: {
        config: {
          mode: 'rerun',
          clusters: ['batch'],
          families: ['report'],
          callers: [...handsOver.map((name) => ({ arn: role(name), handsOver: true })), role('web')],
        },
      },
      account: {
        clusters: ['batch'],
        taskDefinitions: [{ family: 'report', revision: 3 }],
        buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 2 } },
        taskSeconds: [5, 20],
      },
      callers,
    }),
    'test.json',
  );

const DOOR = 'arn:aws:sqs:us-east-1:111122223333:Door';
const template = (admitted: readonly string[]) => ({
  Resources: {
    taker: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        },
      },
    },
    TakerPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        Roles: [{ Ref: 'taker' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'ecs:RunTask', Resource: '*' }],
        },
      },
    },
    Door: { Type: 'AWS::SQS::Queue', Properties: {} },
    DoorPolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Door' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Deny',
              Principal: '*',
              Action: 'sqs:SendMessage',
              Resource: DOOR,
              Condition: { ArnNotEquals: { 'aws:PrincipalArn': admitted.map(role) } },
            },
          ],
        },
      },
    },
  },
  Outputs: { HandOverQueueUrl: { Value: { Ref: 'Door' } } },
});

/** Launches what is handed over, once for each key or token, two a second; refuses what `refuses` says. */
function takeOver(site: Site, senders: Set<string>, refuses: (request: JsonObject) => boolean): void {
  const { world, clock, records, oracle } = site;
  const principal = { arn: 'arn:aws:sts::111122223333:assumed-role/taker/session' };
  world.standIn(principal, { source: ['nobody'] }, () => {});
  world.sqs.onArrival(DOOR, () =>
    // The message is known to the lab when its sender has been answered.
    clock.after(10, () => {
      for (const { id, body, system, receiptHandle } of world.sqs.receive(DOOR, 10)) {
        senders.add(String(system.SenderId));
        const { request, key } = JSON.parse(body) as { request: JsonObject; key?: string };
        const fate = oracle.fates.of(String(request.referenceId));
        if (!fate) throw new Error('expected a call of the scenario');
        const token = key ?? request.clientToken ?? '';
        const start = (): void => {
          try {
            world.ecs.call('RunTask', { ...request, clientToken: token }, principal);
            records.rerunEnded(id, fate);
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            clock.after(500, start);
          }
        };
        const line = { handler: 'intake', level: 'info', message: 'verdict' } as const;
        if (refuses(request)) records.log({ ...line, fields: { kind: 'refuse', reason: 'malformed', messageId: id } });
        else clock.after(500, start);
        world.sqs.delete(DOOR, receiptHandle);
      }
    }),
  );
}

async function play(
  callers: JsonObject[],
  options: { admitted?: string[]; refuses?: (r: JsonObject) => boolean } = {},
) {
  const { admitted = ['cron'], refuses = () => false } = options;
  const senders = new Set<string>();
  const result = await report(scenario(callers), {
    deploy: (site) => {
      deploy(site.world, template(admitted));
      takeOver(site, senders, refuses);
    },
  });
  return { ...result, senders };
}

describe('a throttled call', () => {
  test('is owed where it was handed over, whatever its record hides, and waits from its message on', async () => {
    const { report: figures, violations, senders } = await play([caller('cron', { handsOver: true }), caller('web')]);
    expect(violations).toEqual([]);
    const { cron, web } = figures.byCaller;
    expect(cron?.owed).toBeGreaterThan(0);
    expect(cron).toMatchObject({ started: cron?.owed, waitSeconds: { p50: expect.any(Number) } });
    expect(cron?.waitSeconds?.p50).toBeLessThan(10);
    expect(web).toEqual({ owed: 0, started: 0, waitSeconds: null });
    expect(figures.calls).toMatchObject({ owed: cron?.owed, owedRefused: 0 });
    expect(figures.ecs.callsPerOwed).toBe(Math.round((figures.ecs.runTaskCalls / (cron?.owed ?? 0)) * 1e6) / 1e6);
    expect([...senders]).toEqual([expect.stringMatching(/^AROA[A-Z2-9]{16}:session$/)]);
  });

  test('comes as often as its caller says', async () => {
    const { report: figures, violations } = await play([caller('cron', { handsOver: true, copies: 3 })]);
    expect(violations).toEqual([]);
    expect(figures.reruns.started).toBe(3 * figures.calls.owed);
  });

  test('that was never attempted is owed, and whoever sends it has called nobody', async () => {
    const { report: figures, violations, run } = await play([caller('cron', { handsOver: true, neverAttempts: true })]);
    expect(violations).toEqual([]);
    expect(figures.calls).toMatchObject({ made: 10, throttled: 0, owed: 10 });
    expect(run.ledger.calls.flatMap(({ attempts }) => attempts)).toEqual([]);
  });

  test('is its caller’s loss where the queue shuts the caller out', async () => {
    const { report: figures } = await play([caller('cron', { handsOver: true })], { admitted: ['web'] });
    expect(figures.calls).toMatchObject({ owed: 0 });
    expect(figures.calls.throttled).toBeGreaterThan(0);
    expect(figures.ecs.callsPerOwed).toBeNull();
  });

  test('is owed as long as the queue took it, whatever its caller was told', async () => {
    const {
      report: figures,
      violations,
      run,
    } = await play([caller('cron', { calls: 60, handsOver: true, callerErrors: 0.7 })]);
    const taken = run.ledger.calls.filter(({ messageIds }) => messageIds.length > 0).length;
    expect(violations).toEqual([]);
    expect(figures.calls.owed).toBe(taken);
    expect(taken).toBeLessThan(figures.calls.throttled);
  });

  test('that is refused although it is owed breaks the promise', async () => {
    const refuses = ({ referenceId }: JsonObject) => referenceId === 'cron/9';
    const { report: figures, violations } = await play([caller('cron', { handsOver: true })], { refuses });
    expect(figures.calls.owedRefused).toBe(1);
    expect(figures.reruns.refused).toEqual({ malformed: 1 });
    expect(violations).toEqual(['owedRefused: 1']);
  });
});

test('the same scenario and seed give the same report, whatever the sends of callers come to', async () => {
  const once = () =>
    play([caller('cron', { calls: 40, handsOver: true, copies: 2, callerErrors: 0.3 }), caller('web')]);
  const [one, other] = [await once(), await once()].map((result) =>
    JSON.stringify({ ...result.report, wallSeconds: 0 }),
  );
  expect(one).toBe(other);
});

test('a message that nobody answers is unreported, and its call is lost', async () => {
  const { violations } = await report(scenario([caller('cron', { handsOver: true, calls: 2 })]), {
    deploy: ({ world }) => deploy(world, template(['cron'])),
  });
  expect(violations).toEqual(['lost: 1', 'unreported: 1']);
});

test('where the stack has no queue for it nothing can be handed over', async () => {
  const { report: figures } = await report(scenario([caller('cron', { handsOver: true })]), { deploy: () => {} });
  expect(figures.calls).toMatchObject({ owed: 0, throttled: 9 });
});

test('a launched call that is handed over with the tasks it has is owed the rest', async () => {
  const partly = caller('cron', { handsOver: true, calls: 1 });
  const text = JSON.stringify({
    ...scenario([{ ...partly, request: { ...(partly.request as JsonObject), count: 10 } }]),
  });
  const parsed = JSON.parse(text) as { account: JsonObject };
  parsed.account.placementFailures = [{ family: 'report', probability: 0.5, reason: 'RESOURCE:MEMORY' }];
  const { run } = await report(readScenario(JSON.stringify(parsed), 'test.json'), {
    deploy: ({ world }) => deploy(world, template(['cron'])),
  });
  const [fate] = [...run.oracle.fates.finite()];
  expect(fate?.call.taskArns.length).toBeGreaterThan(0);
  expect(fate?.call.taskArns.length).toBeLessThan(10);
  expect(fate && run.oracle.owesRejected(fate)).toBe(true);
});
