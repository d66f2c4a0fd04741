import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What was typed, or what is wrong with it. */
export function readOptions<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> | { readonly problem: string } {
  try {
    return parseArgs(config);
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
