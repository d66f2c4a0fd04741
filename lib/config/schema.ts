import * as z from 'zod';
import { isRuleArn } from '../../lambda/core/opt-in/senders.ts';
import { rateSettingsSchema, settingsSchema } from '../../lambda/core/settings.ts';
import { isKnownAtDeployment } from './deployment-text.ts';
import { callerHint, familyHint, isServiceLinked, REGIONS } from './hints.ts';
import { WARNING_IDS } from './warning-ids.ts';

/** The context key of the configuration in `cdk.json`. */
export const CONTEXT_KEY = 'ecsThrottleRemediation';

type Expected = string | ((issue: { readonly input: unknown }) => string);

/** A text of this form, or one that only the deployment will know: the ARN of a role of the same app. */
const text = (form: RegExp, error: Expected) =>
  z.string().refine((value) => isKnownAtDeployment(value) || form.test(value), {
    error: typeof error === 'string' ? error : ({ input }) => error({ input }),
  });

const A_CALLER = 'the ARN of an IAM role or user, or "*"';
const principalArn = text(/^(\*|arn:[\w-]+:iam::\d{12}:(role|user)\/[\w+=,.@/-]+)$/, A_CALLER).refine(
  (arn) => !isServiceLinked(arn),
  A_CALLER,
);

/** A rule sends under no role: what it targets sees the rule's own ARN. */
const ruleArn = text(/^arn:[\w-]+:events:[\w-]+:\d{12}:rule\/[\w./-]+$/, 'the ARN of an EventBridge rule').refine(
  isRuleArn,
  'the ARN of an EventBridge rule',
);

const roleArn = text(/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of an IAM role');

export const name = text(
  /^([A-Za-z0-9_-]{1,255}|[A-Za-z0-9_-]{0,254}\*)$/,
  ({ input }) => `a name of letters, digits, - and _, or its beginning and a trailing "*"${familyHint(input)}`,
);

const clusterReference = text(
  /^(arn:[\w-]+:ecs:[\w-]+:\d{12}:cluster\/)?([A-Za-z0-9_-]{1,255}|[A-Za-z0-9_-]{0,254}\*)$/,
  'a cluster name, the ARN of a cluster, or the beginning of one and a trailing "*"',
);

/** Retention periods that CloudWatch Logs knows, https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const rate = rateSettingsSchema.refine(
  ({ minPerSecond, initialPerSecond, maxPerSecond }) =>
    minPerSecond <= initialPerSecond && initialPerSecond <= maxPerSecond,
  'minPerSecond <= initialPerSecond <= maxPerSecond',
);

/** With a grace beyond the deadline, every re-run would give up before it began. */
export const configurationSchema = () =>
  baseSchema.refine(({ graceSeconds, deadlineSeconds }) => graceSeconds < deadlineSeconds, {
    path: ['graceSeconds'],
    error: 'less than deadlineSeconds',
  });

/** Where an existing trail keeps its records. It may belong to another account, so each part is optional. */
const existingTrail = z
  .strictObject({
    logGroupName: text(/^[\w./#-]{1,512}$/, 'the name of a log group').optional(),
    bucketName: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket').optional(),
    keyPrefix: z
      .string()
      .regex(/^[^/\s][^\s]{0,198}[^/\s]$|^[^/\s]$/, 'a prefix without slashes at its ends')
      .optional(),
    organizationId: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'the id of an organization such as "o-exampleorgid"')
      .optional(),
  })
  .refine(
    ({ bucketName, keyPrefix, organizationId }) => bucketName || !(keyPrefix || organizationId),
    'bucketName beside keyPrefix and organizationId, which say where in it the records are',
  );

export type ExistingTrail = z.infer<typeof existingTrail>;

/** Has no default on purpose: only the owner knows whether there is a trail, and a second trail is billed. */
const cloudTrail = z.union(
  [z.enum(['none', 'create', 'existing']), existingTrail],
  'one of "none"|"create"|"existing", or { "logGroupName": ..., "bucketName": ... } of an existing trail',
);

/** Tools to find out who causes throttling. */
const investigation = z.strictObject({
  savedQueries: z.boolean().default(true),
  athena: z.boolean().default(true),
});

/** What is monitored besides the re-runs. Each part can be switched off. */
const monitoring = z.strictObject({
  dashboard: z.boolean().default(true),
  usageAlarms: z.boolean().default(true),
  /** Sustained rate of RunTask's bucket: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
  clusterModifyPerSecond: z.number().positive().default(40),
  shareOfQuota: z.number().positive().max(1).default(0.8),
  alarmsStartSweeps: z.boolean().default(true),
  incidentReports: z.boolean().default(true),
});

/** The CLI shows an id with where it is from: both forms acknowledge it. */
const bareId = (id: unknown) =>
  typeof id === 'string' ? id.replace(/^(Annotation::)?ecs-throttle-remediation:/, '') : id;

/** Who is told, and where they find what to do. */
const notifications = z
  .strictObject({
    emails: z.array(z.email()).default([]),
    topicArn: text(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]{1,256}$/, 'the ARN of a standard SNS topic').optional(),
    runbookUrl: z.url({ protocol: /^https$/, error: 'an https address' }).optional(),
  })
  .refine(
    ({ emails, topicArn }) => emails.length === 0 || topicArn === undefined,
    'emails, which subscribe to a topic of the stack’s own, or topicArn, whose subscribers you look after yourself',
  );

/** All keys except `environments`. The README explains each. */
const baseSchema = settingsSchema.extend({
  clusters: z.array(clusterReference).default([]),
  families: z.array(name).default([]),
  callers: z
    .array(
      z.union(
        [
          principalArn.transform((arn) => ({ arn })),
          z.strictObject({
            arn: principalArn,
            retriesItself: z.boolean().optional(),
            handsOver: z.boolean().optional(),
          }),
          z.strictObject({ arn: ruleArn, handsOver: z.literal(true) }),
        ],
        {
          error: ({ input }) =>
            `the ARN of an IAM role or user, "*", { "arn": ..., "retriesItself": true }, or { "arn": ..., "handsOver": true }, where the ARN may also be that of an EventBridge rule${callerHint(input)}`,
        },
      ),
    )
    .default([]),
  rate: rate.default(() => rate.parse({})),
  passRoleArns: z.array(roleArn).default([]),
  allowedRoleOverrides: z.array(roleArn).default([]),
  cloudTrail,
  investigation: investigation.default(() => investigation.parse({})),
  monitoring: monitoring.default(() => monitoring.parse({})),
  notifications: notifications.default(() => notifications.parse({})),
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  acknowledgedWarnings: z.array(z.preprocess(bareId, z.enum(WARNING_IDS))).default([]),
  encryption: z.enum(['customerManaged', 'awsOwned']).default('customerManaged'),
  retentionDays: z
    .literal(RETENTION_DAYS, `a retention that CloudWatch Logs knows: ${RETENTION_DAYS.join(', ')}`)
    .default(30),
});

/** The place of a stack, and the keys that are different there. */
const environmentSchema = z.looseObject({
  account: z.string().regex(/^\d{12}$/, 'an account id of 12 digits'),
  region: z.enum(REGIONS, 'a Region such as "us-east-1" that this version of aws-cdk-lib knows'),
});

export const environmentsSchema = z
  .array(environmentSchema)
  .min(1)
  .refine(
    (places) => new Set(places.map(({ account, region }) => `${account}/${region}`)).size === places.length,
    'each account and Region once',
  );

/** The configuration of one stack. */
export type Configuration = z.infer<typeof baseSchema>;

/** All keys there are, at whatever depth: what a misspelled one may mean. */
export const KNOWN_KEYS: readonly string[] = [
  ...[
    baseSchema,
    environmentSchema,
    rateSettingsSchema,
    settingsSchema.shape.sweep.unwrap(),
    settingsSchema.shape.capacity.unwrap(),
    existingTrail,
    investigation,
    monitoring,
    notifications,
  ].flatMap(({ shape }) => Object.keys(shape)),
  ...['arn', 'retriesItself', 'handsOver', 'environments'],
];
