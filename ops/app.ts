import { buildApplication, buildRouteMap, type InputCompletion, proposeCompletions, run, text_en } from '@stricli/core';
import { auditCommand } from './audit/command.ts';
import { completionCommand } from './completion.ts';
import { EXIT, type OpsContext } from './context.ts';
import { drillCommand } from './drill/command.ts';
import { explainCommand } from './explain/command.ts';
import { withRepeatedFlags } from './flags.ts';
import { pauseCommand, redriveCommand, resumeCommand, sweepCommand } from './operate/commands.ts';
import { probeCommand } from './probe/command.ts';
import { statusCommand } from './status/command.ts';

const root = buildRouteMap<string, OpsContext>({
  routes: {
    explain: explainCommand,
    probe: probeCommand,
    audit: auditCommand,
    status: statusCommand,
    pause: pauseCommand,
    resume: resumeCommand,
    sweep: sweepCommand,
    redrive: redriveCommand,
    drill: drillCommand,
    completion: completionCommand,
  },
  docs: { brief: 'Commands for whoever operates the remediation of throttled ECS calls' },
});

const HINT = 'How to use it: npm run --silent ops -- --help, or ops -- COMMAND --help';

export const application = buildApplication(root, {
  name: 'ops',
  localization: {
    text: {
      ...text_en,
      exceptionWhileParsingArguments: (error, colour) =>
        `${text_en.exceptionWhileParsingArguments(error, colour)}\n${HINT}`,
      noCommandRegisteredForInput: (found) => `${text_en.noCommandRegisteredForInput(found)}\n${HINT}`,
      // A message that people can act on needs no stack; any other error does.
      exceptionWhileRunningCommand: (error, colour) =>
        error instanceof Error && error.name === 'BadInputError'
          ? error.message
          : text_en.exceptionWhileRunningCommand(error, colour),
    },
  },
  scanner: { caseStyle: 'allow-kebab-for-camel' },
  documentation: { disableAnsiColor: true },
  determineExitCode: () => EXIT.badInput,
});

/** Runs one command. Returns its exit code: the library's own, all negative, are of bad usage. */
export async function runOps(inputs: readonly string[], context: OpsContext): Promise<number> {
  if (inputs.length === 0) {
    await run(application, ['--help'], context);
    return EXIT.badInput;
  }
  await run(application, withRepeatedFlags(inputs), context);
  const code = Number(context.process.exitCode ?? EXIT.done);
  return code < 0 ? EXIT.badInput : code;
}

/** What the last of these words may be completed to. */
export function completionsFor(words: readonly string[], context: OpsContext): Promise<readonly InputCompletion[]> {
  return proposeCompletions(application, words, context);
}
