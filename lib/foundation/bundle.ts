import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type HandlerName, SETTINGS_FILE } from '../../lambda/core/contract.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const SOURCES = path('../../lambda');
/** Where the package has its handlers, bundled when it was built. A clone has none. */
export const BUILT_HANDLERS = path('../../handlers');

/**
 * A handler as one minified ES module with just the clients it uses, and its settings beside it. The SDK goes in as well:
 * what was tested is what runs.
 */
export function bundledHandler(handler: HandlerName, settings: string): Code {
  const isBuilt = existsSync(BUILT_HANDLERS);
  const bundling: BundlingOptions = {
    image: DockerImage.fromRegistry('not-used'),
    // The command is not run. It makes the assets different, as they share their source folder.
    command: [handler, settings],
    local: {
      tryBundle(outputDirectory) {
        if (isBuilt) cpSync(join(BUILT_HANDLERS, handler), outputDirectory, { recursive: true });
        else buildHandler(handler, outputDirectory);
        writeFileSync(join(outputDirectory, SETTINGS_FILE), settings);
        return true;
      },
    },
  };
  return Code.fromAsset(isBuilt ? BUILT_HANDLERS : SOURCES, { assetHashType: AssetHashType.OUTPUT, bundling });
}

/**
 * Bundles a handler into a folder, and says what it is made of.
 * esbuild is called in this process; the library's NodejsFunction starts npx for each function and takes twice as long.
 */
export function buildHandler(handler: HandlerName, outputDirectory: string): { readonly inputs: readonly string[] } {
  // Only where it is needed: who installs the package has no esbuild.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: path('../..'),
    entryPoints: [`lambda/${handler}.ts`],
    // Not where it is written to: the source map's paths are relative to it, and are to be the same in each build.
    outfile: `handlers/${handler}/index.mjs`,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    // CommonJS parts of the bundle call require.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  for (const file of outputFiles) {
    writeFileSync(join(outputDirectory, file.path.endsWith('.map') ? 'index.mjs.map' : 'index.mjs'), file.contents);
  }
  return { inputs: Object.keys(metafile.inputs) };
}
