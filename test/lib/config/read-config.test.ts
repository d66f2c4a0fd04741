import { describe, expect, test } from 'vitest';
import { ConfigurationError, readConfiguration as read } from '../../../lib/config/read-config.ts';
import { warningsOf } from '../../../lib/config/warnings.ts';

const ROLE = 'arn:aws:iam::111122223333:role/jobs/cron';
const PLACE = { account: '111122223333', region: 'us-east-1' };

/** `cloudTrail`, which has no default, is `existing` where a test says nothing. */
const readConfiguration = (context: object = {}) => read({ cloudTrail: 'existing', ...context });

const DEFAULTS = {
  mode: 'observe',
  clusters: [],
  families: [],
  callers: [],
  passRoleArns: [],
  allowedRoleOverrides: [],
  allowExecuteCommand: false,
  allowWithoutClientToken: false,
  graceSeconds: 30,
  maxAttempts: 8,
  maxGenerations: 3,
  deadlineSeconds: 3300,
  sweep: { everyMinutes: 15 },
  capacity: { rerun: true, deadlineSeconds: 7200 },
  rate: { initialPerSecond: 10, minPerSecond: 0.5, maxPerSecond: 500 },
  cloudTrail: 'existing',
  investigation: { savedQueries: true, athena: true },
  monitoring: {
    dashboard: true,
    usageAlarms: true,
    incidentReports: true,
    clusterModifyPerSecond: 40,
    shareOfQuota: 0.8,
    alarmsStartSweeps: true,
  },
  notifications: { emails: [] },
  architecture: 'arm64',
  acknowledgedWarnings: [],
  encryption: 'customerManaged',
  retentionDays: 30,
};

/** Every key, with a value of its own. */
const EVERY_KEY = {
  mode: 'rerun',
  clusters: ['batch', 'arn:aws:ecs:us-east-1:111122223333:cluster/other', '*'],
  families: ['report', '*'],
  callers: [{ arn: ROLE }, { arn: '*', retriesItself: true }],
  passRoleArns: [ROLE],
  allowedRoleOverrides: [ROLE],
  allowExecuteCommand: true,
  allowWithoutClientToken: true,
  graceSeconds: 10,
  maxAttempts: 3,
  maxGenerations: 1,
  deadlineSeconds: 600,
  maxTasksPerHour: 100,
  sweep: { everyMinutes: 0 },
  capacity: { rerun: false, deadlineSeconds: 82_800 },
  rate: { initialPerSecond: 5, minPerSecond: 1, maxPerSecond: 20 },
  cloudTrail: 'create',
  investigation: { savedQueries: false, athena: false },
  monitoring: {
    dashboard: false,
    usageAlarms: false,
    incidentReports: false,
    clusterModifyPerSecond: 100,
    shareOfQuota: 0.5,
    alarmsStartSweeps: false,
  },
  notifications: { emails: ['ops@example.com'], runbookUrl: 'https://wiki.example.com/ecs' },
  architecture: 'x86_64',
  acknowledgedWarnings: ['observeMode', 'clustersEmpty'],
  encryption: 'awsOwned',
  retentionDays: 365,
};

describe('a configuration', () => {
  test('has its defaults, and one stack wherever the CLI is', () => {
    expect(readConfiguration()).toEqual([{ configuration: DEFAULTS }]);
  });

  test.each([undefined, null, {}])('of %j lacks what only the owner knows: whether there is a trail', (context) => {
    expect(() => read(context)).toThrow('cloudTrail: found nothing, expected one of "none"|"create"|"existing"');
  });

  test('names what of an existing trail may be read', () => {
    const cloudTrail = {
      logGroupName: 'trail',
      bucketName: 'records',
      keyPrefix: 'a/b',
      organizationId: 'o-abcdefghij',
    };
    expect(readConfiguration({ cloudTrail })[0]?.configuration.cloudTrail).toEqual(cloudTrail);
  });

  test('may set every key', () => {
    expect(readConfiguration(EVERY_KEY)).toEqual([{ configuration: EVERY_KEY }]);
    expect(Object.keys(EVERY_KEY)).toEqual(expect.arrayContaining(Object.keys(DEFAULTS)));
  });

  test('names a caller by ARN alone, too', () => {
    expect(readConfiguration({ callers: [ROLE, '*'] })[0]?.configuration.callers).toEqual([
      { arn: ROLE },
      { arn: '*' },
    ]);
  });

  test('has one stack for each environment, whose own keys go before the common ones', () => {
    const environments = [
      PLACE,
      { account: '999999999999', region: 'eu-west-1', mode: 'rerun', rate: { minPerSecond: 1 } },
    ];
    const [first, second, ...others] = readConfiguration({ graceSeconds: 5, rate: { maxPerSecond: 20 }, environments });
    expect(first).toMatchObject({
      env: PLACE,
      configuration: { mode: 'observe', graceSeconds: 5, rate: { maxPerSecond: 20 } },
    });
    expect(second).toMatchObject({
      env: { account: '999999999999', region: 'eu-west-1' },
      // Objects are merged, however deep: what the entry does not say stays common.
      configuration: { mode: 'rerun', graceSeconds: 5, rate: { minPerSecond: 1, maxPerSecond: 20 } },
    });
    expect(others).toEqual([]);
  });
});

describe('a configuration that cannot be used names key, found and expected', () => {
  const KEY = 'ecsThrottleRemediation';
  test.each<[object, string]>([
    [{ brandNew: 1 }, `${KEY}.brandNew: found an unknown key, expected one that the README lists`],
    [{ sweep: { every: 1 } }, `${KEY}.sweep.every: found an unknown key`],
    [{ rate: { burst: 1 } }, `${KEY}.rate.burst: found an unknown key`],
    [{ notifications: { sms: [] } }, `${KEY}.notifications.sms: found an unknown key`],
    [{ mode: 'dry' }, `${KEY}.mode: found "dry", expected one of "observe"|"rerun"`],
    [{ clusters: 'batch' }, `${KEY}.clusters: found "batch", expected a list`],
    [
      { clusters: ['batch', 'a b'] },
      `${KEY}.clusters[1]: found "a b", expected a cluster name, the ARN of a cluster, or the beginning of one and a trailing "*"`,
    ],
    [{ clusters: ['*-nightly'] }, `${KEY}.clusters[0]: found`],
    [{ clusters: ['arn:aws:ecs:us-east-1:111122223333:service/*'] }, `${KEY}.clusters[0]: found`],
    [
      { families: ['report:3'] },
      `${KEY}.families[0]: found "report:3", expected a name of letters, digits, - and _, or its beginning and a trailing "*": "report", which stands for all its revisions`,
    ],
    [
      { families: ['arn:aws:ecs:us-east-1:111122223333:task-definition/report:3'] },
      'trailing "*": "report", which stands for all its revisions',
    ],
    [{ families: ['night*ly'] }, `${KEY}.families[0]: found "night*ly", expected a name`],
    [{ callers: ['cron'] }, `${KEY}.callers[0]: found "cron", expected the ARN of an IAM role or user, "*", {`],
    [
      { callers: ['arn:aws:sts::111122223333:assumed-role/cron/x'] },
      ': of a session its role, "arn:aws:iam::111122223333:role/cron" (with the role\'s path, if it has one)',
    ],
    [
      { callers: ['arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS'] },
      'and no service-linked role: a service makes its lost calls again by itself',
    ],
    [{ callers: ['arn:aws:iam::111122223333:role/*'] }, `${KEY}.callers[0]: found`],
    [{ callers: [{ arn: ROLE, retries: true }] }, `${KEY}.callers[0].retries: found an unknown key`],
    [{ passRoleArns: ['*'] }, `${KEY}.passRoleArns[0]: found "*", expected the ARN of an IAM role`],
    [{ allowedRoleOverrides: ['*'] }, `${KEY}.allowedRoleOverrides[0]: found "*", expected the ARN of an IAM role`],
    [{ allowExecuteCommand: 'yes' }, `${KEY}.allowExecuteCommand: found "yes", expected true or false`],
    [{ allowWithoutClientToken: 1 }, `${KEY}.allowWithoutClientToken: found 1, expected true or false`],
    [{ graceSeconds: -1 }, `${KEY}.graceSeconds: found -1, expected a number, at least 0`],
    [{ maxAttempts: 0 }, `${KEY}.maxAttempts: found 0, expected a number, at least 1`],
    [{ maxGenerations: 11 }, `${KEY}.maxGenerations: found 11, expected`],
    [{ deadlineSeconds: 3301 }, `${KEY}.deadlineSeconds: found 3301, expected a number, at most 3300`],
    [{ maxTasksPerHour: 0 }, `${KEY}.maxTasksPerHour: found 0, expected`],
    [{ sweep: { passEveryMinutes: 5 } }, `${KEY}.sweep.passEveryMinutes: found an unknown key`],
    [{ sweep: { everyMinutes: 1.5 } }, `${KEY}.sweep.everyMinutes: found 1.5, expected a whole number`],
    [
      { rate: { initialPerSecond: 600 } },
      `${KEY}.rate: found {"initialPerSecond":600}, expected minPerSecond <= initialPerSecond <= maxPerSecond`,
    ],
    [{ rate: { minPerSecond: 20 } }, `${KEY}.rate: found {"minPerSecond":20}, expected minPerSecond <=`],
    [{ cloudTrail: true }, `${KEY}.cloudTrail: found true, expected one of "none"|"create"|"existing"`],
    [{ monitoring: { shareOfQuota: 80 } }, `${KEY}.monitoring.shareOfQuota: found 80, expected`],
    [{ monitoring: { clusterModifyPerSecond: 0 } }, `${KEY}.monitoring.clusterModifyPerSecond: found 0, expected`],
    [{ monitoring: { alarm: true } }, `${KEY}.monitoring.alarm: found an unknown key`],
    [{ cloudTrail: { bucket: 'b' } }, `${KEY}.cloudTrail.bucket: found an unknown key`],
    [{ cloudTrail: { bucketName: 'B' } }, `${KEY}.cloudTrail.bucketName: found "B", expected the name of a bucket`],
    [{ cloudTrail: { keyPrefix: 'a' } }, `${KEY}.cloudTrail: found {"keyPrefix":"a"}, expected bucketName beside`],
    [
      { cloudTrail: { bucketName: 'bbb', keyPrefix: '/a' } },
      `${KEY}.cloudTrail.keyPrefix: found "/a", expected a prefix`,
    ],
    [
      { cloudTrail: { bucketName: 'bbb', organizationId: 'x' } },
      `${KEY}.cloudTrail.organizationId: found "x", expected`,
    ],
    [{ investigation: { glue: true } }, `${KEY}.investigation.glue: found an unknown key`],
    [{ notifications: { emails: ['ops'] } }, `${KEY}.notifications.emails[0]: found "ops", expected an e-mail address`],
    [
      { notifications: { topicArn: 'ops' } },
      `${KEY}.notifications.topicArn: found "ops", expected the ARN of a standard SNS topic`,
    ],
    [
      { notifications: { runbookUrl: 'wiki' } },
      `${KEY}.notifications.runbookUrl: found "wiki", expected an https address`,
    ],
    [
      { notifications: { emails: ['a@example.com'], topicArn: 'arn:aws:sns:us-east-1:111122223333:ops' } },
      `${KEY}.notifications: found`,
    ],
    [
      { architecture: 'arm' },
      `${KEY}.architecture: found "arm", expected one of "arm64"|"x86_64", did you mean "arm64"?`,
    ],
    [{ acknowledgedWarnings: ['observMode'] }, 'did you mean "observeMode"?'],
    [
      { modes: 'rerun' },
      `${KEY}.modes: found an unknown key, expected one that the README lists, did you mean "mode"?`,
    ],
    [{ rate: { maxPerSeconds: 1 } }, 'did you mean "maxPerSecond"?'],
    [{ mode: 'rerunn' }, 'did you mean "rerun"?'],
    [{ passRoleArns: ['arn:aws-chn:iam::111122223333:role/a'] }, 'did you mean "aws-cn"?'],
    [
      { environments: [{ ...PLACE, region: 'us-esat-1' }] },
      'that this version of aws-cdk-lib knows, did you mean "us-east-1"?',
    ],
    [{ encryption: 'none' }, `${KEY}.encryption: found "none", expected one of "customerManaged"|"awsOwned"`],
    [{ retentionDays: 31 }, `${KEY}.retentionDays: found 31, expected a retention that CloudWatch Logs knows: 1, 3, 5`],
    [{ environments: [] }, `${KEY}.environments: found []`],
    [{ environments: [{ region: 'us-east-1' }] }, `${KEY}.environments[0].account: found nothing, expected`],
    [
      { environments: [{ account: '1', region: 'mars' }] },
      `${KEY}.environments[0].account: found "1", expected an account id of 12 digits`,
    ],
    [
      { environments: [{ ...PLACE, region: 'mars' }] },
      `${KEY}.environments[0].region: found "mars", expected a Region such as "us-east-1"`,
    ],
    [
      { environments: [PLACE, { ...PLACE, region: 'eu-west-1', brandNew: 1 }] },
      `${KEY}.environments[1].brandNew: found an unknown key`,
    ],
    [{ environments: [{ ...PLACE, environments: [] }] }, `${KEY}.environments[0].environments: found an unknown key`],
  ])('%j', (context, message) => {
    expect(() => readConfiguration(context)).toThrow(ConfigurationError);
    expect(() => readConfiguration(context)).toThrow(message);
  });

  test('of another type', () => {
    expect(() => read('rerun')).toThrow(`${KEY}: found "rerun", expected an object`);
  });

  const linesOf = (context: object) => {
    try {
      readConfiguration(context);
      return [];
    } catch (error) {
      return (error as Error).message.split('\n');
    }
  };

  test('of a place beside those of its keys, what several have in common once and where it stands', () => {
    const environments = [{ ...PLACE, region: 'us-est-1', sweep: 4 }, PLACE];
    expect(linesOf({ mode: 'dry', environments }).slice(1)).toEqual([
      expect.stringMatching(/environments\[0\]\.region: [^?]*, did you mean "us-east-1"\?$/),
      `- ${KEY}.mode: found "dry", expected one of "observe"|"rerun"`,
      `- ${KEY}.environments[0].sweep: found 4, expected an object`,
    ]);
  });

  test('all at once', () => {
    expect(linesOf({ mode: 'dry', maxAttempts: 0, brandNew: 1 })).toEqual([
      'The configuration in cdk.json cannot be used:',
      expect.stringContaining('.mode: '),
      expect.stringContaining('.maxAttempts: '),
      expect.stringContaining('.brandNew: '),
    ]);
  });

  // Such a stack would wait until after the deadline, and give every call up.
  test('a grace that outlasts the deadline', () => {
    const message = `${KEY}.graceSeconds: found 600, expected less than deadlineSeconds`;
    expect(() => readConfiguration({ graceSeconds: 600, deadlineSeconds: 600 })).toThrow(message);
    expect(() => readConfiguration({ graceSeconds: 599, deadlineSeconds: 600 })).not.toThrow();
  });

  test('one environment twice', () => {
    const message = new RegExp(`${KEY}\\.environments: found .*, expected each account and Region once`);
    expect(() => readConfiguration({ environments: [PLACE, PLACE] })).toThrow(message);
  });
});

describe('ARNs that a stack could never meet are an error where its place is known', () => {
  const [CLUSTER, ACCOUNT] = ['arn:aws:ecs:us-east-1:111122223333:cluster/batch', '111122223333'];
  const readAt = (configuration: object, region = 'us-east-1') =>
    readConfiguration({ ...configuration, environments: [{ account: ACCOUNT, region }] });
  const other = (arn: string) => arn.replace(ACCOUNT, '999999999999');

  test.each<[object, string]>([
    [{ clusters: ['batch', other(CLUSTER)] }, 'clusters[1]'],
    [{ clusters: [CLUSTER.replace('us-east-1', 'eu-west-1')] }, 'clusters[0]'],
    [{ clusters: [CLUSTER.replace('aws', 'aws-cn')] }, 'clusters[0]'],
    [{ callers: [{ arn: other(ROLE), retriesItself: true }] }, 'callers[0]'],
    [{ callers: ['*', ROLE.replace('aws', 'aws-us-gov')] }, 'callers[1]'],
    [{ passRoleArns: [ROLE, other(ROLE)] }, 'passRoleArns[1]'],
    [{ allowedRoleOverrides: [other(ROLE)] }, 'allowedRoleOverrides[0]'],
  ])('%j', (configuration, key) => {
    expect(() => readAt(configuration)).toThrow(ConfigurationError);
    expect(() => readAt(configuration)).toThrow(`- ecsThrottleRemediation.environments[0].${key}: found "arn:aws`);
    expect(() => readAt(configuration)).toThrow(
      /expected an ARN of account 111122223333( in us-east-1)?, partition aws$/,
    );
    expect(() => readConfiguration(configuration)).not.toThrow();
  });

  test('and those of its own partition, account and Region are not', () => {
    const inChina = (arn: string) => arn.replace('arn:aws:', 'arn:aws-cn:').replace('us-east-1', 'cn-north-1');
    expect(readAt({ clusters: ['batch', '*', CLUSTER], callers: ['*', ROLE], passRoleArns: [ROLE] })).toHaveLength(1);
    expect(readAt({ clusters: [inChina(CLUSTER)], callers: [inChina(ROLE)] }, 'cn-north-1')).toHaveLength(1);
  });

  test('of a topic only in another Region: another account may own it', () => {
    const topicArn = 'arn:aws:sns:us-east-1:999999999999:ops';
    expect(readAt({ notifications: { topicArn } })).toHaveLength(1);
    expect(() => readAt({ notifications: { topicArn } }, 'eu-west-1')).toThrow('notifications.topicArn: found');
  });

  test('the CLI’s, where no environment is named', () => {
    const elsewhere = { cloudTrail: 'existing', clusters: [other(CLUSTER)], callers: [other(ROLE)] };
    expect(() => read(elsewhere, PLACE)).toThrow(/clusters\[0\].*\n.*callers\[0\]/);
    expect(read({ ...elsewhere, clusters: [CLUSTER], callers: [ROLE] }, PLACE)[0]?.env).toBeUndefined();
  });

  test('of all environments at once', () => {
    const environments = [PLACE, { ...PLACE, region: 'eu-west-1' }, { ...PLACE, account: '999999999999', mode: 'dry' }];
    const clusters = [CLUSTER];
    expect(() => readConfiguration({ clusters, environments })).toThrow(
      /environments\[1\]\.clusters\[0\](.|\n)*environments\[2\]\.mode/,
    );
  });

  test('every Region that the library knows is one, that of the European Sovereign Cloud too', () => {
    for (const region of ['eusc-de-east-1', 'us-gov-west-1', 'cn-north-1', 'us-isob-east-1']) {
      expect(readConfiguration({ environments: [{ ...PLACE, region }] })).toHaveLength(1);
    }
  });
});

describe('at synth people are warned', () => {
  const all = (context: object) => warningsOf(readConfiguration(context)[0]?.configuration as never);
  const warnings = (context: object) => all(context).map(({ text }) => text);
  const LISTED = {
    mode: 'rerun',
    clusters: ['batch'],
    families: ['report'],
    callers: [ROLE],
    passRoleArns: [ROLE],
    notifications: { emails: ['ops@example.com'] },
  };

  test('of nothing where everything is listed and acted on', () => {
    expect(warnings(LISTED)).toEqual([]);
  });

  test.each<[object, string]>([
    [{ clusters: [] }, 'clusters is empty: nothing will be re-run'],
    [{ families: [] }, 'families is empty: nothing will be re-run'],
    [{ callers: [] }, 'callers is empty: nothing will be re-run'],
    [{ clusters: ['batch', '*'] }, 'clusters holds "*"'],
    [{ families: ['*'] }, 'families holds "*"'],
    [{ callers: [ROLE, '*'] }, 'callers holds "*"'],
    [{ callers: [ROLE, { arn: ROLE, retriesItself: true }] }, `callers holds "${ROLE}" more than once`],
    [{ callers: [{ arn: ROLE, retriesItself: true }] }, 'callers holds only entries with "retriesItself"'],
    [
      { callers: [{ arn: ROLE, retriesItself: true, handsOver: true }] },
      `callers holds "${ROLE}" with "retriesItself" and "handsOver"`,
    ],
    [{ mode: 'observe' }, 'mode is "observe"'],
    [{ notifications: {} }, 'notifications has neither emails nor topicArn: nobody hears'],
    [{ passRoleArns: [] }, 'passRoleArns is empty: IAM will refuse'],
    [
      { allowWithoutClientToken: true },
      'allowWithoutClientToken is true: each attempt of a caller’s SDK is then a call',
    ],
    [{ cloudTrail: 'none' }, 'cloudTrail is "none": rejected calls are seen by sweeps alone'],
    [{ cloudTrail: 'none', sweep: { everyMinutes: 0 } }, 'cloudTrail is "none" and sweep.everyMinutes is 0'],
    [{ monitoring: { dashboard: false } }, 'monitoring.dashboard is false'],
    [{ monitoring: { usageAlarms: false } }, 'monitoring.usageAlarms is false'],
    [{ monitoring: { incidentReports: false } }, 'monitoring.incidentReports is false'],
    [{ investigation: { savedQueries: false } }, 'investigation.savedQueries is false'],
    [{ investigation: { athena: false } }, 'investigation.athena is false'],
  ])('of %j', (change, warning) => {
    expect(warnings({ ...LISTED, ...change })).toEqual([expect.stringContaining(warning)]);
  });

  test('by ids that stay the same whatever else there is to warn of', () => {
    const ids = (context: object) => all(context).map(({ id }) => id);
    expect(ids({ ...LISTED, mode: 'observe' })).toEqual(['observeMode']);
    expect(ids({ ...LISTED, families: [], mode: 'observe' })).toEqual(['familiesEmpty', 'observeMode']);
  });

  test('of anybody who hands over, besides of anybody who is listed', () => {
    expect(warnings({ ...LISTED, callers: [{ arn: '*', handsOver: true }] })).toEqual([
      expect.stringContaining('callers holds "*": any of them'),
      expect.stringContaining('callers holds "*" with "handsOver": whoever IAM lets send'),
    ]);
    expect(warnings({ ...LISTED, callers: [{ arn: ROLE, handsOver: true }] })).toEqual([]);
  });
});
