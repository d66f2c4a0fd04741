import { z } from 'zod';
import { AwsError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { TaskDefinition } from './catalog.ts';

const text = z.string().nullish();

/** The members of RunTask's input that the fake reads; the others travel along unread. */
const runTaskSchema = z.looseObject({
  cluster: text,
  taskDefinition: z.string(),
  count: z.number().nullish(),
  clientToken: text,
  launchType: z.enum(['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES']).nullish(),
  capacityProviderStrategy: z.array(z.looseObject({ capacityProvider: z.string() })).nullish(),
  platformVersion: text,
  group: text,
  startedBy: text,
  enableExecuteCommand: z.boolean().nullish(),
  tags: z.array(z.record(z.string(), z.string())).nullish(),
  networkConfiguration: z
    .looseObject({
      awsvpcConfiguration: z
        .looseObject({ subnets: z.array(z.string()).nullish(), securityGroups: z.array(z.string()).nullish() })
        .nullish(),
    })
    .nullish(),
  overrides: z
    .looseObject({
      containerOverrides: z.array(z.looseObject({ name: text })).nullish(),
      cpu: text,
      memory: text,
    })
    .nullish(),
});

export type RunTaskRequest = z.output<typeof runTaskSchema>;

/** Decodes the input; what ECS's JSON protocol could not read is a SerializationException. */
export function decodeRunTask(input: JsonObject): RunTaskRequest {
  const parsed = runTaskSchema.safeParse(input);
  // Not `parsed.data`, which is a copy: thousands of requests share the parts of one.
  if (parsed.success) return input as RunTaskRequest;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: 'unreadable' };
  throw new AwsError('SerializationException', `${path.join('.')}: ${message}`);
}

/** The capacity provider that the whole call runs on: the fake places every task with the first of the strategy. */
export const capacityProviderOf = (request: RunTaskRequest): string | undefined =>
  request.capacityProviderStrategy?.[0]?.capacityProvider;

/** Without launch type and strategy the cluster's default strategy counts; the lab's clusters have none, so EC2. */
export function launchTypeOf(request: RunTaskRequest): string {
  return request.launchType ?? (capacityProviderOf(request)?.startsWith('FARGATE') ? 'FARGATE' : 'EC2');
}

export const countOf = (request: RunTaskRequest): number => request.count ?? 1;

interface Check {
  readonly broken: (request: RunTaskRequest, definition: TaskDefinition) => boolean;
  readonly message: (request: RunTaskRequest, definition: TaskDefinition) => string;
}

const strangers = ({ overrides }: RunTaskRequest, { containers }: TaskDefinition) =>
  (overrides?.containerOverrides ?? []).filter(
    (override) => Object.keys(override).length > 0 && !(override.name && containers.includes(override.name)),
  );
const awsvpc = ({ networkConfiguration }: RunTaskRequest) => networkConfiguration?.awsvpcConfiguration;

/**
 * What RunTask refuses as InvalidParameterException, in order of checking. Texts with a link are verbatim; AWS
 * publishes none for the others. Not modelled: authorization, of role overrides too, and the existence of subnets.
 */
const CHECKS: readonly Check[] = [
  // https://github.com/DefangLabs/defang/pull/775
  { broken: (_, { status }) => status === 'INACTIVE', message: () => 'TaskDefinition is inactive' },
  {
    broken: (request) => !Number.isInteger(countOf(request)) || countOf(request) < 1 || countOf(request) > 10,
    message: () => 'Count must be between 1 and 10.',
  },
  {
    broken: ({ clientToken }) => clientToken != null && !/^[!-~]{1,64}$/.test(clientToken),
    message: () => 'ClientToken must be 1 to 64 ASCII characters in the range 33-126.',
  },
  // https://github.com/convox/rack/issues/1727 (the limit was 36 then)
  { broken: ({ startedBy }) => (startedBy?.length ?? 0) > 128, message: () => 'startedBy longer than 128.' },
  {
    // https://github.com/terraform-linters/tflint-ruleset-aws/issues/349
    broken: ({ launchType, capacityProviderStrategy }) => launchType != null && !!capacityProviderStrategy?.length,
    message: () =>
      'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
  },
  {
    // https://github.com/Netflix/metaflow/issues/1482; JSON's own characters count too, says the API reference.
    broken: ({ overrides }) => JSON.stringify(overrides ?? {}).length > 8192,
    message: () => 'Container Overrides length must be at most 8192',
  },
  {
    // https://github.com/azavea/django-ecsmanage/issues/21
    broken: (request, definition) => strangers(request, definition).length > 0,
    message: (request, definition) =>
      `Override for container named ${strangers(request, definition)[0]?.name} is not a container in the TaskDefinition.`,
  },
  {
    // https://github.com/fabfuel/ecs-deploy/issues/133. On EC2 the definition's network mode decides; scenarios have none.
    broken: (request) => launchTypeOf(request) === 'FARGATE' && !awsvpc(request),
    message: () => "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
  },
  {
    broken: (request) => !!awsvpc(request) && !awsvpc(request)?.subnets?.length,
    message: () => 'subnets can not be empty.',
  },
];

/** Throws what the real service would answer to a request that cannot be carried out. */
export function checkRunTask(request: RunTaskRequest, definition: TaskDefinition): void {
  const rule = CHECKS.find(({ broken }) => broken(request, definition));
  if (rule) throw new AwsError('InvalidParameterException', rule.message(request, definition));
}
