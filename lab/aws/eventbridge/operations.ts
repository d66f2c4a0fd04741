import { AwsError, type Principal } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import { principalParts } from '../iam/principal-id.ts';
import type { RuleOptions, ScheduleOptions } from './rules.ts';

/** What clients ask of the bus. */

type AnyRule = RuleOptions | ScheduleOptions;
type IsEnabled = (ruleArn: string) => boolean;

/** The role that stands for the services of AWS itself: it alone may put events in their names. */
const AWS_ITSELF = 'aws';

const nameOf = ({ arn }: AnyRule): string => arn.slice(arn.lastIndexOf('/') + 1);

function shown(rule: AnyRule, isEnabled: IsEnabled): JsonObject {
  return {
    Name: nameOf(rule),
    Arn: rule.arn,
    State: isEnabled(rule.arn) ? 'ENABLED' : 'DISABLED',
    EventBusName: 'default',
    ...(rule.description !== undefined && { Description: rule.description }),
    ...('pattern' in rule ? { EventPattern: JSON.stringify(rule.pattern) } : { ScheduleExpression: rule.schedule }),
  };
}

export function listRules(
  rules: readonly AnyRule[],
  isEnabled: IsEnabled,
  { NamePrefix: prefix = '' }: JsonObject,
): JsonObject {
  const named = rules.filter((rule) => nameOf(rule).startsWith(String(prefix)));
  return { Rules: named.map((rule) => shown(rule, isEnabled)) };
}

export const describeRule = (rules: readonly AnyRule[], isEnabled: IsEnabled, { Name: name }: JsonObject): JsonObject =>
  shown(ruleOf(rules, name), isEnabled);

export const listTargets = (rules: readonly AnyRule[], { Rule: name }: JsonObject): JsonObject => ({
  Targets: (ruleOf(rules, name).targetArns ?? []).map((Arn, index) => ({ Id: `Target${index}`, Arn })),
});

export function ruleOf(rules: readonly AnyRule[], name: unknown): AnyRule {
  const found = rules.find((rule) => nameOf(rule) === name);
  if (found) return found;
  throw new AwsError('ResourceNotFoundException', `Rule ${String(name)} does not exist on EventBus default.`);
}

interface Putting {
  readonly principal: Principal;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly region: string;
  readonly put: (event: JsonObject) => void;
}

/** Answers for each entry. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
export function putEvents({ Entries }: JsonObject, putting: Putting): JsonObject {
  const { principal, random, put } = putting;
  const entries = (Array.isArray(Entries) ? Entries : []) as JsonObject[];
  if (entries.length === 0 || entries.length > 10) {
    const found = `found ${entries.length} entries`;
    throw new AwsError('ValidationException', `Entries: ${found}, expected 1 to 10`);
  }
  const answers = entries.map((entry): JsonObject => {
    const problem = problemOf(entry, principal);
    if (problem) return problem;
    const id = uuid(random);
    put(eventOf(entry, id, putting));
    return { EventId: id };
  });
  const failed = answers.filter(({ ErrorCode }) => ErrorCode !== undefined).length;
  return { FailedEntryCount: failed, Entries: answers };
}

function problemOf({ Source, DetailType, Detail }: JsonObject, { arn }: Principal): JsonObject | undefined {
  const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => !value);
  if (missing)
    return refusal(
      'InvalidArgument',
      `Parameter ${missing[0]} is not valid. Reason: ${missing[0]} is a required argument.`,
    );
  if (String(Source).startsWith('aws.') && principalParts(arn).role !== AWS_ITSELF) {
    const inTheLab = `In the lab only the access key "${AWS_ITSELF}" is, which stands for the services of AWS.`;
    return refusal('NotAuthorizedForSourceException', `Not authorized for the source. ${inTheLab}`);
  }
  return holdsObject(Detail) ? undefined : refusal('MalformedDetail', 'Detail is malformed.');
}

const refusal = (code: string, message: string): JsonObject => ({ ErrorCode: code, ErrorMessage: message });

function holdsObject(detail: unknown): boolean {
  try {
    return isObject(JSON.parse(String(detail)));
  } catch {
    return false;
  }
}

function eventOf(entry: JsonObject, id: string, { principal, clock, region }: Putting): JsonObject {
  const { Source, DetailType, Detail, Resources, Time } = entry;
  const time = new Date(Time === undefined ? clock.now() : Number(Time) * 1000).toISOString();
  return {
    version: '0',
    id,
    'detail-type': DetailType ?? '',
    source: Source ?? '',
    account: principalParts(principal.arn).accountId,
    time: `${time.slice(0, 19)}Z`,
    region,
    resources: Resources ?? [],
    detail: JSON.parse(String(Detail)),
  };
}
