import { principalParts } from '../aws/iam/principal-id.ts';
import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { type Identity, resolve, type Scope } from './intrinsics.ts';
import { INERT, isOfCustomResources, type Properties, RUNNING, type RunningType } from './resources.ts';
import type { Template, TemplateResource } from './synthesize.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** One resource that the lab runs, its properties resolved and checked. */
export interface Resource<Type extends RunningType> {
  readonly logicalId: string;
  readonly arn: string;
  readonly properties: Properties<Type>;
  readonly metadata: JsonObject;
}

/** What a stack tells of itself under a key. */
export interface Output {
  readonly key: string;
  readonly value: string;
  readonly description: string | undefined;
}

/** Any resource of a stack, also one that the lab does not run, by the name that it was given. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** A template in which every reference has its value, as after a deployment. */
export class DeployedTemplate {
  readonly #template: Template;
  readonly #scope: Scope;

  /** Throws an `UnsupportedError` for resource types that the lab does not know. */
  constructor(template: Template, place: Place) {
    this.#template = template;
    for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
      if (!(Type in RUNNING) && !INERT.has(Type)) throw new UnsupportedError(`${logicalId}: the resource type ${Type}`);
    }
    this.#scope = {
      pseudoParameters: {
        'AWS::AccountId': place.account,
        'AWS::Region': place.region,
        'AWS::Partition': 'aws',
        'AWS::URLSuffix': 'amazonaws.com',
        'AWS::StackName': 'lab',
      },
      identity: (logicalId) => {
        const resource = template.Resources[logicalId];
        return resource && identityOf(resource.Type, nameOf(resource) ?? logicalId, place);
      },
    };
  }

  /** What the stack tells of itself, as after a deployment. */
  get outputs(): Output[] {
    return Object.entries(this.#template.Outputs ?? {}).map(([key, { Value, Description: description }]) => ({
      key,
      value: String(resolve(Value, this.#scope)),
      description,
    }));
  }

  /** What it tells under a key; undefined where it has no such output. */
  output(key: string): string | undefined {
    return this.outputs.find((output) => output.key === key)?.value;
  }

  get description(): string | undefined {
    return this.#template.Description;
  }

  get resources(): DeployedResource[] {
    return Object.entries(this.#template.Resources).map(([logicalId, { Type: type }]) => ({
      logicalId,
      physicalId: this.#scope.identity(logicalId)?.ref ?? logicalId,
      type,
    }));
  }

  /** All resources of one type. */
  all<Type extends RunningType>(type: Type): Resource<Type>[] {
    return Object.entries(this.#template.Resources)
      .filter(([logicalId, resource]) => resource.Type === type && !isOfCustomResources(logicalId))
      .map(([logicalId, { Properties: given = {}, Metadata: metadata = {} }]) => {
        const parsed = RUNNING[type].safeParse(resolve(given as Json, this.#scope));
        if (!parsed.success) {
          const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
          throw new UnsupportedError(`${logicalId} (${type}): ${problems.join('; ')}`);
        }
        const arn = this.#scope.identity(logicalId)?.attributes.Arn ?? '';
        return { logicalId, arn, properties: parsed.data as Properties<Type>, metadata };
      });
  }
}

/** A name that the template itself gives. */
function nameOf({ Type, Properties }: TemplateResource): string | undefined {
  const name = Type === 'AWS::StepFunctions::StateMachine' ? Properties?.StateMachineName : undefined;
  if (name !== undefined && typeof name !== 'string')
    throw new UnsupportedError(`a name that is ${JSON.stringify(name)}`);
  return name;
}

/** Names and ARNs as CloudFormation would return them; physical names are the logical ones where none is given. */
function identityOf(type: string, name: string, { account, region }: Place): Identity {
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
  const byName = (value: string): Identity => ({ ref: name, attributes: { Arn: value } });
  const byArn = (value: string): Identity => ({ ref: value, attributes: { Arn: value, Name: name } });
  switch (type) {
    case 'AWS::SQS::Queue':
      return {
        ref: queueUrl(name, { account, region }),
        attributes: { Arn: arn('sqs', name), QueueName: name },
      };
    case 'AWS::Lambda::Function':
      return byName(arn('lambda', `function:${name}`));
    case 'AWS::StepFunctions::StateMachine':
      return byArn(arn('states', `stateMachine:${name}`));
    case 'AWS::DynamoDB::Table':
      return byName(arn('dynamodb', `table/${name}`));
    case 'AWS::SNS::Topic':
      return {
        ref: arn('sns', name),
        attributes: { TopicArn: arn('sns', name), TopicName: name, Arn: arn('sns', name) },
      };
    case 'AWS::Events::Rule':
      return byName(arn('events', `rule/${name}`));
    case 'AWS::IAM::Role': {
      const role = `arn:aws:iam::${account}:role/${name}`;
      return { ref: name, attributes: { Arn: role, RoleId: principalParts(role).uniqueId } };
    }
    case 'AWS::IAM::ManagedPolicy':
      return byArn(`arn:aws:iam::${account}:policy/${name}`);
    case 'AWS::KMS::Key':
      return byName(arn('kms', `key/${name}`));
    case 'AWS::CloudWatch::Alarm':
      return byName(arn('cloudwatch', `alarm:${name}`));
    case 'AWS::Logs::LogGroup':
      return byName(arn('logs', `log-group:${name}:*`));
    default:
      return byName(arn('lab', name));
  }
}

export function queueUrl(name: string, { account, region }: Place): string {
  return `https://sqs.${region}.amazonaws.com/${account}/${name}`;
}
