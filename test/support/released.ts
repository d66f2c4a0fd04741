import { readdirSync, readFileSync } from 'node:fs';
import type { Json } from '../../lab/kernel/json.ts';
import type { Template } from '../../lab/stack/synthesize.ts';

/** What versions left behind, a folder for each. */
export const RELEASED = new URL('../fixtures/released/', import.meta.url);
export const RELEASED_VERSIONS: readonly string[] = readdirSync(RELEASED);

/** The definitions of a template's workflows, by logical id, references to other resources as they stand there. */
export function workflowsOf({ Resources }: Template): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
      .map(([id, { Properties }]) => [id, Properties?.DefinitionString ?? null]),
  );
}

/** A template whose workflows are those of a released version. */
export function withReleasedWorkflows(template: Template, version: string): Template {
  const released = JSON.parse(readFileSync(new URL(`${version}/workflows.json`, RELEASED), 'utf8'));
  const Resources = Object.entries(template.Resources).map(([id, resource]) => {
    const DefinitionString = released[id];
    return [
      id,
      DefinitionString ? { ...resource, Properties: { ...resource.Properties, DefinitionString } } : resource,
    ];
  });
  return { ...template, Resources: Object.fromEntries(Resources) };
}

type Payload = Record<string, Json>;

/** A template whose re-run workflow says its function none of these members. */
export function withoutMembers(template: Template, members: readonly string[]): Template {
  const [id = ''] = Object.keys(workflowsOf(template)).filter((name) => name.startsWith('Rerun'));
  const resource = template.Resources[id];
  const DefinitionString = edited(resource?.Properties?.DefinitionString, (definition) => {
    for (const { Arguments } of Object.values(
      definition.States as Record<string, { Arguments?: { Payload?: Payload } }>,
    )) {
      if (Arguments?.Payload) Arguments.Payload = without(Arguments.Payload, members);
    }
  });
  const changed = { ...resource, Properties: { ...resource?.Properties, DefinitionString } };
  return { ...template, Resources: { ...template.Resources, [id]: changed as never } };
}

const without = (payload: Payload, members: readonly string[]): Payload =>
  Object.fromEntries(Object.entries(payload).filter(([key]) => !members.includes(key)));

/** JSON text of which references to other resources are a part. */
function edited(text: Json | undefined, edit: (definition: Record<string, Json>) => void): Json {
  const { 'Fn::Join': join } = text as { 'Fn::Join': [string, Json[]] };
  const tokens = join[1].filter((part) => typeof part !== 'string');
  let next = 0;
  const definition = JSON.parse(join[1].map((part) => (typeof part === 'string' ? part : `<<${next++}>>`)).join(''));
  edit(definition);
  const parts = JSON.stringify(definition).split(/<<(\d+)>>/);
  return { 'Fn::Join': ['', parts.map((part, index) => (index % 2 === 0 ? part : (tokens[Number(part)] ?? '')))] };
}
