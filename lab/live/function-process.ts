import { type ChildProcess, fork } from 'node:child_process';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../aws/lambda/fake-lambda.ts';
import type { Json } from '../kernel/json.ts';
import type { SandboxOptions } from '../world/sandbox.ts';
import type { FunctionCode } from './assembly.ts';
import type { Answer } from './bootstrap.ts';
import { type Endpoint, serve, sqsOrigin } from './endpoint.ts';
import { readLine } from './output.ts';

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.ts', import.meta.url));

/** Its time and its chance are real, nobody breaks it on purpose, and its settings are a file beside its code. */
export type ProcessOptions = Omit<SandboxOptions, 'settings' | 'clock' | 'skewMs' | 'crashAtCall' | 'random'>;

/** A sandbox that is a process of its own, in which a function's deployed code runs on real time. */
export class FunctionProcess implements Sandbox {
  readonly #options: ProcessOptions;
  readonly #code: FunctionCode;
  readonly #process: Promise<ChildProcess>;
  /** What ends it: the process, its endpoint. */
  readonly #ends: (() => void)[] = [];
  #isKilled = false;
  #settle: ((answer: Answer) => void) | undefined;
  /** What it printed beside log lines and metrics: what Node says of its end, above all. */
  readonly #unread: string[] = [];

  constructor(options: ProcessOptions, code: FunctionCode) {
    this.#options = options;
    this.#code = code;
    this.#process = serve({
      ...options,
      services: Object.values(options.services),
      principalOf: () => options.principal,
      clientsRetry: false,
    }).then((endpoint) => this.#start(endpoint));
  }

  async invoke(payload: Json): Promise<Json> {
    const child = await this.#process;
    const answer = await new Promise<Answer>((resolve) => {
      this.#settle = resolve;
      child.send({ payload });
    });
    if ('reply' in answer) return answer.reply as Json;
    throw Object.assign(new Error(answer.errorMessage), { name: answer.errorType });
  }

  /** What it printed so far that neither a query nor a metric can read. */
  get strayLines(): readonly string[] {
    return this.#unread.map((line) => `${this.#options.handler}: ${line}`);
  }

  kill(): void {
    this.#isKilled = true;
    for (const end of this.#ends) end();
  }

  #start(endpoint: Endpoint): ChildProcess {
    const child = fork(BOOTSTRAP, {
      env: this.#environment(endpoint),
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#ends.push(endpoint.close, () => child.kill('SIGKILL'));
    if (this.#isKilled) this.kill();
    child.on('message', (answer: Answer) => this.#settle?.(answer));
    // Both end up in the function's log: Powertools writes errors to the second.
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.#print(line));
    }
    const { handler, hooks } = this.#options;
    child.on('error', hooks.onUnsupported);
    child.on('close', (code) => {
      if (this.#isKilled) return;
      // Nobody breaks anything on purpose here: code that cannot be loaded, or ends its process, fails the run.
      hooks.onUnsupported(
        new Error(`${handler}: its process ended by itself with ${code}:\n${this.#unread.join('\n')}`),
      );
    });
    return child;
  }

  /** All that Lambda sets and this code may look at, and no variable of ours. */
  #environment({ url }: Endpoint): Record<string, string> {
    const { variables, region, handler } = this.#options;
    const own = Object.entries(variables).map(([name, value]) => [name, value.replaceAll(sqsOrigin(region), url)]);
    return {
      ...Object.fromEntries(own),
      AWS_REGION: region,
      AWS_LAMBDA_FUNCTION_NAME: handler,
      LAMBDA_TASK_ROOT: this.#code.taskRoot,
      _HANDLER: this.#code.handler,
      AWS_ACCESS_KEY_ID: 'LAB',
      AWS_SECRET_ACCESS_KEY: 'LAB',
      AWS_SESSION_TOKEN: 'LAB',
      AWS_ENDPOINT_URL: url,
      // Not those of whoever runs the lab.
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    };
  }

  #print(line: string): void {
    const { handler, onLog, onMetric } = this.#options;
    const { log, metrics } = readLine(line) ?? {};
    if (log) onLog({ handler, ...log });
    else if (metrics) for (const metric of metrics) onMetric({ handler, ...metric });
    else this.#unread.push(line);
  }
}
