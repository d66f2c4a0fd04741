import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addStacks } from '../../lib/app.ts';
import { HANDLER_METADATA_KEY } from '../../lib/foundation/handler-function.ts';
import type { ThrottleRemediationStack } from '../../lib/throttle-remediation-stack.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into templates
export type Json = any;

/** What `cdk.json` says beside the configuration: the library's feature flags, without which templates come out differently. */
const { ecsThrottleRemediation: _, ...FLAGS } = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
).context;

/** Nothing of these is in a template, and they take a third of its time. */
const TEMPLATE_ONLY = { treeMetadata: false, stackTraces: false, analyticsReporting: false };

/** An app without what `cdk.json` says. */
export const plainApp = () => new App(TEMPLATE_ONLY);

/** An app as `cdk synth` makes it, without bundling the handlers. */
export function testApp(): App {
  return new App({ ...TEMPLATE_ONLY, context: { ...FLAGS, 'aws:cdk:bundling-stacks': [] } });
}

/** The stacks of a configuration; `cloudTrail`, which has no default, is `existing` where it says nothing. */
export function stacksOf(configuration: object): ThrottleRemediationStack[] {
  return addStacks(testApp(), { cloudTrail: 'existing', ...configuration });
}

/** Many tests look into the templates of the same few configurations, and none changes one. */
const synthesized = new Map<string, Pick<Synthesized, 'stack' | 'template'>>();

function synthesize(configuration: object): Pick<Synthesized, 'stack' | 'template'> {
  const key = JSON.stringify(configuration);
  const known = synthesized.get(key);
  if (known) return known;
  const [stack] = stacksOf(configuration);
  if (!stack) throw new Error('expected a stack');
  const made = { stack, template: Template.fromStack(stack) };
  synthesized.set(key, made);
  return made;
}

/** A synthesized template, with what tests ask of it. */
export class Synthesized {
  readonly stack: ThrottleRemediationStack;
  readonly template: Template;

  constructor(configuration: object) {
    const { stack, template } = synthesize(configuration);
    this.stack = stack;
    this.template = template;
  }

  /** Properties of the resources of a type whose logical id begins so. */
  properties(type: string, idPrefix = ''): Json[] {
    return Object.entries(this.template.findResources(type))
      .filter(([id]) => id.startsWith(idPrefix))
      .map(([, resource]) => resource.Properties);
  }

  /** Our handlers, by logical id: the CDK's own functions name no handler. */
  handlers(): Record<string, Json> {
    const functions = Object.entries<Json>(this.template.findResources('AWS::Lambda::Function'));
    return Object.fromEntries(functions.filter(([, { Metadata }]) => Metadata?.[HANDLER_METADATA_KEY] !== undefined));
  }

  /** The logical id of the one resource of a type that begins so. */
  idOf(type: string, idPrefix: string): string {
    const [id, ...others] = Object.keys(this.template.findResources(type)).filter((name) => name.startsWith(idPrefix));
    if (!id || others.length > 0) throw new Error(`expected one ${type} ${idPrefix}, found ${[id, ...others].join()}`);
    return id;
  }

  /** All statements of the policies of the roles whose logical ids begin so. */
  statements(idPrefix: string): Json[] {
    return ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
      .flatMap((type) => this.properties(type))
      .filter(({ Roles = [] }) => Roles.some(({ Ref }: Json) => Ref.startsWith(idPrefix)))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  }

  /** What the roles whose logical ids begin so may do with the stack's key. */
  keyActions(idPrefix: string): string[] {
    return this.statements(idPrefix)
      .filter(({ Condition }) => Condition === undefined)
      .flatMap(({ Action }) => Action)
      .filter((action: string) => action.startsWith('kms:'));
  }

  /** The definition of a state machine, its tokens replaced by plausible values. */
  definition(idPrefix: string): Json {
    const [{ DefinitionString }] = this.properties('AWS::StepFunctions::StateMachine', idPrefix);
    const parts = DefinitionString['Fn::Join'][1] as (string | Json)[];
    return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : plausible(part))).join(''));
  }
}

function plausible(token: Json): string {
  if (token.Ref === 'AWS::Partition') return 'aws';
  const id: string = token.Ref ?? token['Fn::GetAtt'][0];
  return id.includes('Queue')
    ? `https://sqs.us-east-1.amazonaws.com/111122223333/${id}`
    : `arn:aws:x:us-east-1:111122223333:${id}`;
}
