import { fileURLToPath } from 'node:url';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import type { HandlerName } from '../../lambda/core/contract.ts';

const SOURCES = fileURLToPath(new URL('../../lambda', import.meta.url));

/**
 * Bundles a handler into one minified ES module with only the clients that it uses. The SDK is bundled too, so the version
 * that was tested is the one that runs. esbuild runs in this process: the library's NodejsFunction starts npx for each
 * function and takes twice as long.
 */
export function bundledHandler(handler: HandlerName): Code {
  const bundling: BundlingOptions = {
    image: DockerImage.fromRegistry('not-used'),
    // The command is not run. It makes the assets different, as they share their source folder.
    command: [handler],
    local: {
      tryBundle(outputDirectory) {
        buildSync({
          entryPoints: [`${SOURCES}/${handler}.ts`],
          outfile: `${outputDirectory}/index.mjs`,
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
        return true;
      },
    },
  };
  return Code.fromAsset(SOURCES, { assetHashType: AssetHashType.OUTPUT, bundling });
}
