import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One command of a page, and what the page says that it prints. */
export interface Step {
  readonly command: string;
  readonly expected: string;
}

/** The commands of a page's `console` blocks, in their order. */
export function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.split('\n');
        return { command, expected: lines.join('\n').trimEnd() };
      }),
  );
}

/** What a page says that a command prints: `…` stands for any text. */
export function pattern(expected: string): RegExp {
  const parts = expected.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`);
}

const END = 'end-of-a-step';

/** One shell that runs commands in turn, in a folder and an environment; what they print to stdout and stderr is one text. */
export class Shell {
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: string[] = [];
  #onEnd: (output: string) => void = () => {};

  constructor(options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) {
    this.#child = spawn('/bin/bash', ['--norc'], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin?.write('exec 2>&1\n');
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line !== END) this.#lines.push(line);
      else this.#onEnd(this.#lines.splice(0).join('\n').trimEnd());
    });
  }

  run(command: string): Promise<string> {
    return new Promise((resolve) => {
      this.#onEnd = resolve;
      this.#child.stdin?.write(`${command}\necho; echo ${END}\n`);
    });
  }

  end(): void {
    this.#child.kill();
  }
}
