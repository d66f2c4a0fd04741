import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { type HandlerName, SETTINGS_FILE } from '../../lambda/core/contract.ts';

const SOURCES = fileURLToPath(new URL('../../lambda', import.meta.url));

/**
 * A handler as one minified ES module with just the clients it uses, and its settings beside it. The SDK goes in as well:
 * what was tested is what runs.
 * esbuild is called in this process; the library's NodejsFunction starts npx for each function and takes twice as long.
 */
export function bundledHandler(handler: HandlerName, settings: string): Code {
  const bundling: BundlingOptions = {
    image: DockerImage.fromRegistry('not-used'),
    // The command is not run. It makes the assets different, as they share their source folder.
    command: [handler, settings],
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
        writeFileSync(join(outputDirectory, SETTINGS_FILE), settings);
        return true;
      },
    },
  };
  return Code.fromAsset(SOURCES, { assetHashType: AssetHashType.OUTPUT, bundling });
}
