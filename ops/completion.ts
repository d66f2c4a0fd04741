import { fileURLToPath } from 'node:url';
import { buildCommand } from '@stricli/core';
import type { OpsContext } from './context.ts';

/** What the shell's completion calls the program with, before the words so far. */
export const COMPLETE = '__complete';

const PROGRAM = fileURLToPath(new URL('./ops.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** `ops` as a word of the shell, completed by the program itself; where it has nothing to say, by file names. */
const bashScript = (
  program: string,
  root: string,
): string => `ops() { npm --prefix '${root}' run --silent ops -- "$@"; }
_ops() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(PATH='${root}node_modules/.bin':"$PATH" node '${program}' ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ops ops
`;

export const completionCommand = buildCommand<object, [], OpsContext>({
  docs: {
    brief: 'Print what makes bash know and complete the word ops',
    fullDescription: 'Use it with: source <(npm run --silent ops -- completion)',
  },
  parameters: {},
  func() {
    this.process.stdout.write(bashScript(PROGRAM, ROOT));
  },
});
