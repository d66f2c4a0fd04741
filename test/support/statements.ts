import { type Json, Synthesized } from './stacks.ts';

/** One policy statement of a template, its tokens replaced by names that people can read. */
export interface Statement {
  readonly sid: string | undefined;
  /** The role that has it, or the principal that a resource's policy names. */
  readonly who: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `aws:SourceArn is IntakeRunTaskCalled` */
  readonly conditions: readonly string[];
  readonly conditionKeys: readonly string[];
}

const ROLES = ['arn:aws:iam::111122223333:role/task', 'arn:aws:iam::111122223333:role/volume'] as const;

/** All that a configuration can switch on, named; so that each statement there can be is in it or in the next. */
export const NAMED = {
  mode: 'rerun',
  clusters: ['batch'],
  families: ['report'],
  callers: [
    'arn:aws:iam::111122223333:role/cron',
    { arn: 'arn:aws:iam::111122223333:role/etl', handsOver: true },
    { arn: 'arn:aws:iam::111122223333:user/ops', handsOver: true },
    { arn: 'arn:aws:events:us-east-1:111122223333:rule/nightly', handsOver: true },
  ],
  passRoleArns: [ROLES[0]],
  allowedRoleOverrides: [ROLES[1]],
  cloudTrail: 'create',
  notifications: { emails: ['ops@example.com'] },
};
/** No role may be put in the place of another, so that no volume can be asked for. */
export const NO_ROLES = { ...NAMED, allowedRoleOverrides: [] };
export const ANY = { ...NAMED, clusters: ['*'], families: ['*'], callers: ['*'] };

/** Clusters that have no room beside families: the Deny that binds all of these to them is in no other template. */
export const MANY_CLUSTERS = {
  ...NAMED,
  clusters: Array.from({ length: 40 }, (_, index) => `production-batch-${index}`),
};

/** Every statement of every policy in the template of a configuration: of roles, of resources, of trust. */
export function statementsOf(configuration: object): Statement[] {
  const resources = Object.entries<Json>(new Synthesized(configuration).template.toJSON().Resources);
  return resources.flatMap(([id, { Properties = {} }]) => {
    const { PolicyDocument, AssumeRolePolicyDocument, KeyPolicy, Policies, ManagedPolicyArns, Roles } = Properties;
    if (Policies || ManagedPolicyArns) throw new Error(`${id}: expected its policies to be resources of their own`);
    return [PolicyDocument, AssumeRolePolicyDocument, KeyPolicy].flatMap((document) =>
      (document?.Statement ?? []).map((statement: Json) => readable(statement, Roles?.[0] ?? { Ref: id }, { Ref: id })),
    );
  });
}

function readable(statement: Json, holder: Json, policyOwner: Json): Statement {
  const { Sid, Effect, Principal, Action, Resource, Condition = {} } = statement;
  const conditions = Object.entries<Json>(Condition).flatMap(([operator, keys]) =>
    Object.entries<Json>(keys).map(([key, value]) => ({ key, operator, values: [value].flat().map(text) })),
  );
  return {
    sid: Sid,
    who: Principal ? principal(Principal) : text(holder),
    effect: Effect,
    actions: [Action].flat().toSorted(),
    // A role's trust policy and a key's policy are about the resource that they belong to.
    resources:
      Resource === undefined || policyOwner.Ref.startsWith('Key') ? [text(policyOwner)] : [Resource].flat().map(text),
    conditions: conditions.map(({ key, operator, values }) => `${key} ${VERBS[operator]} ${values.join(' or ')}`),
    conditionKeys: conditions.map(({ key }) => key),
  };
}

const VERBS: Readonly<Record<string, string>> = {
  StringEquals: 'is',
  StringEqualsIfExists: 'is, if it is given,',
  StringNotEquals: 'is not',
  ArnEquals: 'is',
  ArnNotEquals: 'is not',
  Bool: 'is',
  ArnLike: 'is like',
  ArnNotLike: 'is not like',
  'ForAllValues:StringLike': 'is like',
};

function principal(value: Json): string {
  if (value === '*' || value.AWS === '*') return 'everybody';
  return text(value.Service ?? value.AWS);
}

/** Names instead of logical ids; `own:ecs:task/batch/*` is an ARN of the stack's partition, Region and account. */
function text(value: Json): string {
  return flat(value)
    .replace('arn:<AWS::Partition>:iam::<AWS::AccountId>:root', 'this account')
    .replace(/arn:<AWS::Partition>:(\w+):<AWS::Region>:<AWS::AccountId>:/, 'own:$1:')
    .replace('own:dynamodb:table/', '')
    .replace('<AWS::AccountId>', 'this account')
    .replace('<AWS::Region>', 'Region')
    .replace(/[<>]/g, '')
    .replace(/(?<=[a-z])[0-9A-F]{8}/, '');
}

function flat(value: Json): string {
  if (typeof value === 'string') return value;
  const [token] = Object.values<Json>(value);
  if ('Fn::Join' in value) return token[1].map(flat).join('');
  return `<${[token].flat()[0].replace(/[0-9A-F]{8}$/, '')}>`;
}
