import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetManifestArtifact } from 'aws-cdk-lib/cx-api';
import { HANDLER_METADATA_KEY } from '../../lib/foundation/handler-function.ts';
import type { JsonObject } from '../kernel/json.ts';
import { isOfCustomResources } from '../stack/resources.ts';
import { assemble, type Template } from '../stack/synthesize.ts';

/** What Lambda would unpack and run. */
export interface FunctionCode {
  readonly taskRoot: string;
  /** File and export: `index.handler`. */
  readonly handler: string;
}

export interface Assembly {
  readonly template: Template;
  /** By the handler's name in the product's contract. */
  readonly code: ReadonlyMap<string, FunctionCode>;
}

/** The part of an asset manifest that says which folder is uploaded under which key. */
interface AssetManifest {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

/** Synthesizes the app as for a deployment, handlers bundled, and finds each function's code in the assembly. */
export function bundle(configuration: JsonObject, env: { account: string; region: string }, outdir: string): Assembly {
  const stack = assemble(configuration, env, outdir);
  const manifest = stack.dependencies.find((artifact) => artifact instanceof AssetManifestArtifact);
  if (!manifest) throw new Error('expected the stack to have an asset manifest');
  const { files } = JSON.parse(readFileSync(manifest.file, 'utf8')) as AssetManifest;
  const folders = new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }) => [objectKey, join(outdir, source.path)] as const),
    ),
  );

  const template = stack.template as Template;
  const code = new Map<string, FunctionCode>();
  for (const [logicalId, { Type, Properties = {}, Metadata = {} }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::Lambda::Function' || isOfCustomResources(logicalId)) continue;
    const key = String((Properties.Code as JsonObject).S3Key);
    const taskRoot = folders.get(key);
    if (taskRoot === undefined) throw new Error(`${logicalId}: found the code ${key}, expected one of the assets`);
    code.set(String(Metadata[HANDLER_METADATA_KEY]), { taskRoot, handler: String(Properties.Handler) });
  }
  return { template, code };
}
