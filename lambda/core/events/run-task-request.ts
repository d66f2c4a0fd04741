import * as z from 'zod';

/**
 * The members of an ECS RunTask request. The schema is strict at every depth: the SDK silently drops members that it does
 * not know, so a request with an unknown member cannot be repeated faithfully and is refused. Values are left to ECS: a
 * launch type that is newer than this file passes. A test compares the members with the SDK's type.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
const tag = z.strictObject({ key: z.string().optional(), value: z.string().optional() });
const propagateTags = z.string();

/**
 * How many tasks a call may ask for. This value is checked, as permits, rate and spend are counted by it. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#ECS-RunTask-request-count
 */
export const taskCountSchema = z.int().min(1).max(10);

/** A union with one member so far. */
const sharingStrategy = z.strictObject({
  nvidiaMps: z.strictObject({ memory: z.int(), maxComputePercent: z.int().optional() }),
});

const containerOverride = z.strictObject({
  name: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.array(z.strictObject({ name: z.string().optional(), value: z.string().optional() })).optional(),
  environmentFiles: z.array(z.strictObject({ value: z.string(), type: z.string() })).optional(),
  cpu: z.int().optional(),
  memory: z.int().optional(),
  memoryReservation: z.int().optional(),
  resourceRequirements: z
    .array(
      z.strictObject({ value: z.string().optional(), type: z.string(), sharingStrategy: sharingStrategy.optional() }),
    )
    .optional(),
});

const managedEbsVolume = z.strictObject({
  encrypted: z.boolean().optional(),
  kmsKeyId: z.string().optional(),
  volumeType: z.string().optional(),
  sizeInGiB: z.int().optional(),
  snapshotId: z.string().optional(),
  volumeInitializationRate: z.int().optional(),
  iops: z.int().optional(),
  throughput: z.int().optional(),
  tagSpecifications: z
    .array(
      z.strictObject({
        resourceType: z.string(),
        tags: z.array(tag).optional(),
        propagateTags: propagateTags.optional(),
      }),
    )
    .optional(),
  roleArn: z.string(),
  terminationPolicy: z.strictObject({ deleteOnTermination: z.boolean() }).optional(),
  filesystemType: z.string().optional(),
});

export const runTaskRequestSchema = z.strictObject({
  capacityProviderStrategy: z
    .array(z.strictObject({ capacityProvider: z.string(), weight: z.int().optional(), base: z.int().optional() }))
    .optional(),
  cluster: z.string().optional(),
  count: taskCountSchema.optional(),
  enableECSManagedTags: z.boolean().optional(),
  enableExecuteCommand: z.boolean().optional(),
  group: z.string().optional(),
  launchType: z.string().optional(),
  networkConfiguration: z
    .strictObject({
      awsvpcConfiguration: z
        .strictObject({
          subnets: z.array(z.string()),
          securityGroups: z.array(z.string()).optional(),
          assignPublicIp: z.string().optional(),
        })
        .optional(),
    })
    .optional(),
  overrides: z
    .strictObject({
      containerOverrides: z.array(containerOverride).optional(),
      cpu: z.string().optional(),
      inferenceAcceleratorOverrides: z
        .array(z.strictObject({ deviceName: z.string().optional(), deviceType: z.string().optional() }))
        .optional(),
      executionRoleArn: z.string().optional(),
      memory: z.string().optional(),
      taskRoleArn: z.string().optional(),
      ephemeralStorage: z.strictObject({ sizeInGiB: z.int() }).optional(),
    })
    .optional(),
  placementConstraints: z
    .array(z.strictObject({ type: z.string().optional(), expression: z.string().optional() }))
    .optional(),
  placementStrategy: z.array(z.strictObject({ type: z.string().optional(), field: z.string().optional() })).optional(),
  platformVersion: z.string().optional(),
  propagateTags: propagateTags.optional(),
  referenceId: z.string().optional(),
  startedBy: z.string().optional(),
  tags: z.array(tag).optional(),
  taskDefinition: z.string(),
  clientToken: z.string().optional(),
  volumeConfigurations: z
    .array(z.strictObject({ name: z.string(), managedEBSVolume: managedEbsVolume.optional() }))
    .optional(),
});

export type RunTaskRequest = z.infer<typeof runTaskRequestSchema>;

/** CloudTrail writes this instead of environment values, since June 2023. */
export const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** Why a recorded request cannot be repeated. It holds names of members, never their values. */
export type RequestProblem =
  | { readonly reason: 'missingParameters' | 'hiddenEnvironment'; readonly members: readonly string[] }
  | { readonly reason: 'unknownParameter' | 'invalidParameter'; readonly members: readonly string[] };

/** Reads `requestParameters` of a CloudTrail record as a RunTask request that can be repeated exactly. */
export function readRunTaskRequest(
  parameters: unknown,
): { readonly request: RunTaskRequest } | { readonly problem: RequestProblem } {
  if (!isObject(parameters)) return { problem: { reason: 'missingParameters', members: [] } };
  const omitted = omittedMembers(parameters);
  if (omitted.length > 0) {
    return { problem: { reason: 'missingParameters', members: omitted.filter((member) => member !== '') } };
  }
  const given = withoutNulls(parameters);
  // An empty token counts as none: ECS cannot use it.
  if (given.clientToken === '') delete given.clientToken;
  const hidden = hiddenMembers(given);
  if (hidden.length > 0) return { problem: { reason: 'hiddenEnvironment', members: hidden } };
  const parsed = runTaskRequestSchema.safeParse(given);
  if (parsed.success) return { request: parsed.data };
  const unknown = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].join('.')) : [],
  );
  if (unknown.length > 0) return { problem: { reason: 'unknownParameter', members: unknown } };
  const invalid = parsed.error.issues.map((issue) => issue.path.join('.'));
  const missing = invalid.includes('taskDefinition') && given.taskDefinition === undefined;
  return { problem: { reason: missing ? 'missingParameters' : 'invalidParameter', members: invalid } };
}

/** Paths of the members whose values CloudTrail hides. */
export const hiddenMembers = (parameters: unknown): string[] => pathsOf(parameters, (value) => value === HIDDEN);

/**
 * Paths of the members that CloudTrail left out because the record grew too large, the empty path where it left out all:
 * `{"reason":…,"omitted":true,"originalSize":…}` stands in their place. ECS knows no member of that name.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export const omittedMembers = (parameters: unknown): string[] =>
  pathsOf(parameters, (value) => isObject(value) && value.omitted === true);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** CloudTrail sometimes writes an absent member as null. ECS accepts no null. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  const clean = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(clean);
    return isObject(inner) ? withoutNulls(inner) : inner;
  };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, clean(inner)]),
  );
}

function pathsOf(value: unknown, isWanted: (value: unknown) => boolean, path: readonly string[] = []): string[] {
  if (isWanted(value)) return [path.join('.')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, isWanted, [...path, key]));
}
