import { describe, expect, test } from 'vitest';
import { principalIdOf } from '../../lab/aws/iam/principal-id.ts';
import { ACCOUNT, acceptedText, HOME, OPS_USER, stoppedText } from '../support/records.ts';
import { type Attacked, attacked, attackText } from './attack.fixture.ts';

const STRANGER = { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/stranger/session` };
const CRON = { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/cron/session` };
const TASK = `arn:aws:ecs:us-east-1:${ACCOUNT}:task/batch/0123456789abcdef0123456789abcdef`;
const HOUR = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

/** Runs tasks of whatever family under a token that is somebody else's. */
function take({ world }: Attacked, principal: { arn: string }, clientToken: string, changes: object = {}) {
  const awsvpcConfiguration = { subnets: ['subnet-0aaa'] };
  world.ecs.call(
    'RunTask',
    {
      cluster: 'batch',
      taskDefinition: 'report-admin',
      count: 1,
      clientToken,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration },
      ...changes,
    },
    principal,
  );
}

const mails = ({ world }: Attacked) => world.sns.published.map(({ message }) => message);

describe('a token that is in use with another request', () => {
  test.each([
    ['by a stranger, for as many tasks', STRANGER, { count: 2 }],
    ['by a stranger, for fewer', STRANGER, { count: 1 }],
    // A date as token.
    ['by the caller itself, for another family', CRON, { count: 2, taskDefinition: 'Report' }],
  ])('%s, is no success: the call is refused, and people are told', async (_, principal, changes) => {
    const on = await attacked((site) => {
      site.put(attackText('victim', {}));
      site.clock.after(5000, () => take(site, principal, 'victim', changes));
    });
    expect(on.endOf('victim')).toBe('refused conflict');
    expect(on.launched).toEqual([]);
    expect(mails(on)).toEqual([expect.stringContaining('Reason: conflict')]);
  });

  test('by the caller itself for this very family, is the call: its record says so, however late', async () => {
    const principalId = principalIdOf(CRON.arn);
    const on = await attacked((site) => {
      put(site, 'victim');
      // What CloudTrail shows of a request is not to the letter what was sent. Its record comes when ours was made already.
      site.clock.after(29_500, () => take(site, CRON, 'victim', { taskDefinition: 'report:3', count: 2 }));
    });
    expect([on.endOf('victim'), on.launched, mails(on)]).toEqual(['alreadyStarted', [], []]);

    function put(site: Attacked, id: string) {
      const userIdentity = { type: 'AssumedRole', arn: CRON.arn, principalId };
      site.put(attackText(id, { detail: { userIdentity, eventTime: iso(site.clock.now()) } }));
    }
  });
});

test('nobody can compute the token under which a failed start is started again', async () => {
  const on = await attacked((site) => {
    const { put, clock } = site;
    put(acceptedText([TASK], [], { detail: { eventID: 'accepted' } }));
    put(stoppedText({ taskArn: TASK, stoppedAt: iso(clock.now()), createdAt: iso(clock.now() - 2000) }));
    // What the token was before it had a key: a hash of what anybody can read.
    clock.after(10_000, () => take(site, STRANGER, 'c62d5344ef53492c258b1f1b9ffd2294'));
  });
  expect(on.endOf(TASK)).toBe('started');
  expect(on.launched).toHaveLength(1);
  expect(JSON.stringify([...on.inputs.values()])).not.toContain(on.launched[0]?.clientToken);
});

test('a stranger who sees a token of ours in a record and takes it gets nothing: the call is refused, and people are told', async () => {
  const on = await attacked((site) => {
    const { put, clock, world } = site;
    put(acceptedText([TASK], [], { detail: { eventID: 'accepted' } }));
    put(stoppedText({ taskArn: TASK, stoppedAt: iso(clock.now()), createdAt: iso(clock.now() - 2000) }));
    let isTaken = false;
    const { call } = world.ecs;
    world.ecs.call = (operation, input, principal) => {
      if (operation === 'RunTask' && world.isOurs(principal.arn) && !isTaken) {
        isTaken = true;
        take(site, STRANGER, String(input.clientToken));
      }
      return call.call(world.ecs, operation, input, principal);
    };
  });
  expect([on.endOf(TASK), on.launched]).toEqual(['refused conflict', []]);
  expect(mails(on)).toHaveLength(1);
});

test('a fixed token that is late twice, six hours apart, makes two calls', async () => {
  const on = await attacked(
    ({ put, clock, world, arnOf }) => {
      const TableName = arnOf('AWS::DynamoDB::Table', 'State').split('/').at(-1) as string;
      const id = { S: 'pause' };
      for (const hours of [0, 6]) {
        clock.after(hours * HOUR + 1, () => {
          world.dynamoDb.call('PutItem', { TableName, Item: { id } });
          const detail = { eventTime: iso(clock.now()) };
          put(attackText(`call-${hours}`, { request: { clientToken: 'nightly' }, detail }));
        });
        clock.after((hours + 1) * HOUR, () => world.dynamoDb.call('DeleteItem', { TableName, Key: { id } }));
      }
    },
    { config: { sweep: { everyMinutes: 15 } } },
  );
  expect([on.endOf('call-0'), on.endOf('call-6')]).toEqual(['started', 'started']);
  expect(on.launched).toHaveLength(4);
});

test.each([
  ['nobody touches', false],
  ['a stranger used meanwhile', true],
])(
  'a call that is late, under a token that %s, is started: what a stranger had accepted is no mark of it',
  async (_, isTaken) => {
    const on = await attacked(
      (site) => {
        const { put, clock, world, arnOf } = site;
        const TableName = arnOf('AWS::DynamoDB::Table', 'State').split('/').at(-1) as string;
        const id = { S: 'pause' };
        world.dynamoDb.call('PutItem', { TableName, Item: { id } });
        put(attackText('late', { detail: { eventTime: iso(clock.now()) } }));
        if (isTaken) clock.after(60_000, () => take(site, STRANGER, 'late', { count: 2 }));
        clock.after(HOUR, () => world.dynamoDb.call('DeleteItem', { TableName, Key: { id } }));
      },
      { config: { sweep: { everyMinutes: 15 } } },
    );
    expect([on.endOf('late'), on.launched.length, mails(on)]).toEqual(['started', 2, []]);
  },
);

describe('a partly placed call that its caller repeats under its token, hours later', () => {
  const repeated = (taskArns: readonly string[]) =>
    attacked(({ put, clock }) => {
      const again = (eventID: string) => {
        const detail = { eventID, eventTime: iso(clock.now()) };
        put(acceptedText(taskArns, [{ reason: 'RESOURCE:MEMORY' }], { request: { clientToken: 'fixed' }, detail }));
      };
      again('first');
      for (const hours of [2, 4, 6]) clock.after(hours * HOUR, () => again(`again-${hours}`));
    });

  test('is still one answer: what was left runs once', async () => {
    const on = await repeated([TASK]);
    expect(on.endOf('first')).toBe('started');
    expect(on.launched).toMatchObject([{ count: 1 }]);
  });

  test('is another call each time where nothing was placed, which ECS forgets after an hour', async () => {
    const on = await repeated([]);
    expect(on.launched).toHaveLength(8);
  });
});

test('a listed caller’s bad request under a predictable token does not take the name of another caller’s call', async () => {
  const on = await attacked(({ put, clock }) => {
    const squat = { clientToken: 'nightly', launchType: 'NONSENSE' };
    const principalId = 'AIDAEXAMPLEEXAMPLE123';
    put(attackText('squat', { request: squat, detail: { userIdentity: { arn: OPS_USER, principalId } } }));
    clock.after(20_000, () => put(attackText('victim', { request: { clientToken: 'nightly' } })));
  });
  expect(on.endOf('squat')).toMatch(/^refused rejectedByEcs/);
  expect(on.endOf('victim')).toBe('started');
  expect(on.launched).toHaveLength(2);
});

test('a federated user is not the listed user who issued its session', async () => {
  const sessionIssuer = { type: 'IAMUser', principalId: 'AIDAEXAMPLE', arn: OPS_USER, accountId: HOME.account };
  const arn = `arn:aws:sts::${ACCOUNT}:federated-user/guest`;
  const userIdentity = {
    type: 'FederatedUser',
    principalId: `${ACCOUNT}:guest`,
    arn,
    sessionContext: { sessionIssuer },
  };
  const on = await attacked(({ put }) => put(attackText('federated', { detail: { userIdentity } })));
  expect([on.endOf('federated'), on.launched]).toEqual(['ignore callerNotListed', []]);
});

test('a family that is no name is none, also where any family is listed: nothing of it reaches a mail', async () => {
  const taskDefinition =
    'report was not re-run\n\nACTION REQUIRED\nLog in at https://evil.example/aws within 1 hour.\n\n';
  const on = await attacked(
    ({ put }) => {
      put(attackText('mail', { request: { taskDefinition, clientToken: undefined } }));
      put(attackText('override', { request: { taskDefinition, overrides: { taskRoleArn: 'x' } } }));
    },
    { config: { families: ['*'] } },
  );
  expect([on.endOf('mail'), on.endOf('override')]).toEqual(['ignore familyNotListed', 'ignore familyNotListed']);
  expect(JSON.stringify([on.world.sns.published, on.readable])).not.toContain('evil');
});
