import { parseDefinition } from '../asl/index.ts';
import type { Json } from '../kernel/json.ts';
import { policiesOf } from '../stack/policies.ts';
import type { Template } from '../stack/synthesize.ts';
import { DeployedTemplate } from '../stack/template.ts';
import type { World } from './world.ts';

/** What is changed in place. Queues, tables and rules stay as they are, with all that is in them. */
const CHANGED = ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine'] as const;

/**
 * Deploys another version of a template over the one that runs: first its policies, then one function or workflow after the other,
 * as CloudFormation goes by what they refer to. What a function has underway it ends; executions keep the definition that
 * they began with. Returns the logical ids in the order of their change.
 */
export function upgrade(world: World, template: Template, spacingMs: number): string[] {
  const { clock, scenario } = world.options;
  const deployed = new DeployedTemplate(template, { account: scenario.account.id, region: scenario.account.region });
  world.enforce(policiesOf(deployed));
  const changes = new Map<string, () => void>();
  for (const resource of deployed.all('AWS::Lambda::Function')) {
    changes.set(resource.logicalId, () => world.createFunction(resource));
  }
  for (const { logicalId, arn, properties } of deployed.all('AWS::StepFunctions::StateMachine')) {
    const name = arn.split(':').at(-1) ?? '';
    const definition = parseDefinition(JSON.parse(properties.DefinitionString));
    changes.set(logicalId, () => {
      world.states.createStateMachine({ arn, name, roleArn: properties.RoleArn, definition });
    });
  }
  const order = updateOrder(template).filter((id) => changes.has(id));
  order.forEach((id, index) => {
    clock.after(index * spacingMs, () => changes.get(id)?.());
  });
  return order;
}

/** Functions and workflows in the order in which CloudFormation changes them: each after all that it refers to, by whatever way. */
export function updateOrder({ Resources }: Template): string[] {
  const order = new Set<string>();
  const visit = (id: string, path: readonly string[]): void => {
    if (order.has(id) || path.includes(id)) return;
    for (const needed of referencesOf(Resources[id] as unknown as Json)) {
      if (needed in Resources) visit(needed, [...path, id]);
    }
    order.add(id);
  };
  for (const id of Object.keys(Resources)) visit(id, []);
  return [...order].filter((id) => CHANGED.some((type) => type === Resources[id]?.Type));
}

/** Logical ids that a part of a template names. */
function referencesOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' || key === 'DependsOn') return [inner].flat().map(String);
    if (key === 'Fn::GetAtt') return [String(Array.isArray(inner) ? inner[0] : inner).split('.')[0] ?? ''];
    return inner === undefined ? [] : referencesOf(inner);
  });
}
