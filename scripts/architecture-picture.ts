import type { Template, TemplateResource } from '../lab/stack/synthesize.ts';

/** What is said of each kind of resource that is drawn. */
const KINDS: Readonly<Record<string, string>> = {
  'AWS::Events::Rule': 'EventBridge rule',
  'AWS::SQS::Queue': 'SQS queue',
  'AWS::Lambda::Function': 'Lambda function',
  'AWS::StepFunctions::StateMachine': 'Step Functions',
  'AWS::DynamoDB::Table': 'DynamoDB table',
  'AWS::SNS::Topic': 'SNS topic',
};

/** Services that functions call and that are no resources of the stack, by the actions that say so. */
const SERVICES: Readonly<Record<string, string>> = {
  'ecs:RunTask': 'Amazon ECS',
  'ecs:DescribeTasks': 'Amazon ECS',
  'ecs:ListTasks': 'Amazon ECS',
  'cloudtrail:LookupEvents': 'CloudTrail’s event history',
};

/** What a permission on another resource of the stack is for. */
const CALLS: Readonly<Record<string, string>> = {
  'states:StartExecution': 'starts',
  'states:SendTaskSuccess': 'permits',
  'sqs:SendMessage': '',
  'sns:Publish': '',
};

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** What of the stack handles an event, in Graphviz's language: resources, who feeds whom, and which services are called. */
export function architectureDot({ Resources }: Template): string {
  const shown = Object.fromEntries(
    Object.entries(Resources).filter(
      // A dead-letter queue beside each would hide the way of what is alive; the library's own function is none of ours.
      ([id, { Type, Metadata }]) =>
        Type in KINDS &&
        !id.includes('DeadLetterQueue') &&
        (Type !== 'AWS::Lambda::Function' || Metadata?.['ecs-throttle-remediation:handler'] !== undefined),
    ),
  );
  const among = (value: unknown) => referencesIn(value).filter((id) => id in shown);
  const edges = [
    ...Object.entries(shown).flatMap(([id, resource]) => edgesOf(id, resource, among)),
    ...Object.values(Resources).flatMap((resource) => edgesOfSource(resource, among)),
    ...permissionEdges(Resources, shown, among),
  ].filter(({ from, to }) => from !== to);
  const unique = new Map(edges.toReversed().map((edge) => [`${edge.from} ${edge.to}`, edge]));
  // The state table is everybody's: lines to it from each function would be all there is to see.
  const services = [...new Set([...unique.values()].map(({ to }) => to))].filter((to) => !(to in shown));
  const connected = new Set([...unique.values()].flatMap(({ from, to }) => [from, to]));
  return [
    'digraph {',
    'graph [bgcolor=transparent rankdir=LR nodesep=0.25 ranksep=0.6 pad=0.1]',
    'node [shape=box style=rounded fontname=Helvetica fontsize=13 margin="0.14,0.08" height=0.45]',
    'edge [fontname=Helvetica fontsize=11 arrowsize=0.7]',
    ...Object.entries(shown)
      .filter(([id]) => connected.has(id))
      .map(([id, { Type }]) => node(id, `${titleOf(id)}\\n${KINDS[Type]}`, Type)),
    ...services.map((name) => node(name, name, 'service')),
    ...[...unique.values()].map(({ from, to, label }) => `"${from}" -> "${to}"${label && ` [label=" ${label} "]`}`),
    '}',
  ].join('\n');
}

function node(id: string, label: string, type: string): string {
  return `"${id}" [label="${label}" class="${type.split('::').at(-1)?.toLowerCase()}"]`;
}

/** `RateLimiterHandler1FA589DB`: Rate limiter handler. */
function titleOf(id: string): string {
  const words = id
    .replace(/[0-9A-F]{8}$/, '')
    .replace(/(StateMachine|Handler)$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return `${words[0] ?? ''}${words.slice(1).toLowerCase()}`
    .replace('runtask', 'RunTask')
    .replace('run task', 'RunTask');
}

function edgesOf(id: string, { Type, Properties }: TemplateResource, among: (value: unknown) => string[]): Edge[] {
  if (Type === 'AWS::Events::Rule') {
    return among(Properties?.Targets).map((to) => ({ from: id, to, label: '' }));
  }
  if (Type === 'AWS::StepFunctions::StateMachine') {
    return among(Properties?.DefinitionString).map((to) => ({ from: id, to, label: '' }));
  }
  return [];
}

function edgesOfSource({ Type, Properties }: TemplateResource, among: (value: unknown) => string[]): Edge[] {
  if (Type !== 'AWS::Lambda::EventSourceMapping') return [];
  const [from, to] = [among(Properties?.EventSourceArn)[0], among(Properties?.FunctionName)[0]];
  return from && to ? [{ from, to, label: '' }] : [];
}

/** What functions may call: other resources of the stack, and services. */
function permissionEdges(
  resources: Template['Resources'],
  shown: Template['Resources'],
  among: (value: unknown) => string[],
): Edge[] {
  const functions = Object.entries(shown).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
  const policies = Object.values(resources).filter(({ Type }) => /^AWS::IAM::(Managed)?Policy$/.test(Type));
  return functions.flatMap(([from, { Properties }]) => {
    const roles = referencesIn(Properties?.Role);
    const own = policies.filter((policy) =>
      referencesIn(policy.Properties?.Roles).some((role) => roles.includes(role)),
    );
    const statements = own.flatMap((policy) => {
      const { Statement } = (policy.Properties?.PolicyDocument ?? { Statement: [] }) as unknown as PolicyDocument;
      return Statement.filter(({ Effect }) => Effect === 'Allow');
    });
    return statements.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [
          ...(action in SERVICES ? [{ from, to: SERVICES[action] ?? '', label: action.split(':')[1] ?? '' }] : []),
          ...(action in CALLS ? among(Resource).map((to) => ({ from, to, label: CALLS[action] ?? '' })) : []),
        ]),
    );
  });
}

interface PolicyDocument {
  readonly Statement: readonly PolicyStatement[];
}

interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Logical ids that a part of a template refers to. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, argument]) => {
    if (key === 'Ref' && typeof argument === 'string') return [argument];
    if (key === 'Fn::GetAtt' && Array.isArray(argument)) return [String(argument[0])];
    return referencesIn(argument);
  });
}
