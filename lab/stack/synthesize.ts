import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { addStacks } from '../../lib/app.ts';
import { CONTEXT_KEY } from '../../lib/config/schema.ts';
import { WARNING_IDS } from '../../lib/config/warning-ids.ts';
import { acknowledgeWarnings } from '../../lib/throttle-remediation.ts';
import { isObject, type Json, type JsonObject } from '../kernel/json.ts';

/** A synthesized CloudFormation template. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Description?: string;
  readonly Outputs?: Readonly<Record<string, { readonly Value: Json; readonly Description?: string }>>;
}
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: JsonObject;
  readonly Metadata?: JsonObject;
}

/** Takes far longer than a small run, which changes nothing in it. */
const templates = new Map<string, Template>();

const CDK_JSON = new URL('../../cdk.json', import.meta.url);

function readContext(): JsonObject {
  return (JSON.parse(readFileSync(CDK_JSON, 'utf8')) as { context: JsonObject }).context;
}

/** The configuration of `cdk.json` with `config` merged over it. */
export function mergedConfiguration(config: JsonObject): JsonObject {
  const { environments, ...common } = readContext()[CONTEXT_KEY] as JsonObject;
  return merge(common, config);
}

/**
 * Synthesizes the app for one account and Region. Handlers are not bundled: the lab runs their sources. Throws a
 * ConfigurationError for what the product does not accept.
 */
export function synthesize(configuration: JsonObject, env: { account: string; region: string }): Template {
  const key = JSON.stringify([configuration, env]);
  const template = templates.get(key) ?? synthesizeAnew(configuration, env);
  templates.set(key, template);
  return template;
}

function synthesizeAnew(configuration: JsonObject, env: { account: string; region: string }): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'lab-'));
  try {
    return assemble(configuration, env, outdir, { 'aws:cdk:bundling-stacks': [] }).template as Template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Synthesizes the app for one account and Region into `outdir`, under `context` and that of `cdk.json`. */
export function assemble(
  configuration: JsonObject,
  env: { account: string; region: string },
  outdir: string,
  context: JsonObject = {},
): CloudFormationStackArtifact {
  const app = new App({
    outdir,
    analyticsReporting: false,
    // Nothing of these is in the template.
    treeMetadata: false,
    stackTraces: false,
    // It takes longer than all the rest. `npm run synth` does it.
    builtinCloudFormationValidation: false,
    context: { ...readContext(), ...context },
  });
  const [stack] = addStacks(app, { ...configuration, environments: [env] });
  if (!stack) throw new Error('expected one stack');
  // They are for whoever deploys; who plays a scenario wrote no configuration.
  acknowledgeWarnings(stack, WARNING_IDS);
  return app.synth().getStackByName(stack.stackName);
}

/** Deeply; arrays replace. */
function merge(below: JsonObject, above: JsonObject): JsonObject {
  const merged: JsonObject = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const base = merged[key];
    merged[key] = isObject(base) && isObject(value) ? merge(base, value) : value;
  }
  return merged;
}
