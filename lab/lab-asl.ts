import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ExecutionResult, execute, InvalidDefinitionError, MAX_DATA_BYTES, parseDefinition } from './asl/index.ts';
import { UnsupportedError } from './kernel/aws-service.ts';
import { VirtualClock } from './kernel/clock.ts';
import type { Json, JsonObject } from './kernel/json.ts';
import { randomStream } from './kernel/random.ts';

/** Something about the command line or a file that the person who typed it must mend. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

const ACCOUNT = 'arn:aws:states:us-east-1:111122223333';

/** Runs one definition on a virtual clock. Throws for what is invalid or unsupported. */
export async function runAsl(definition: Json, input: Json): Promise<ExecutionResult> {
  const clock = new VirtualClock();
  const host = { clock, random: randomStream(0, 'lab-asl') };
  const result = execute(parseDefinition(definition), input, host, describeExecution(input, clock.now()));
  await Promise.race([result, clock.run()]);
  return result;
}

function describeExecution(input: Json, now: number): JsonObject {
  return {
    Execution: {
      Id: `${ACCOUNT}:execution:lab:lab`,
      Input: input,
      Name: 'lab',
      RoleArn: 'arn:aws:iam::111122223333:role/lab',
      StartTime: new Date(now).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: `${ACCOUNT}:stateMachine:lab`, Name: 'lab' },
  };
}

/** npm runs scripts in the project's folder; paths are meant from where the command was typed. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(resolve(process.env.INIT_CWD ?? process.cwd(), path), 'utf8');
  } catch (error) {
    throw new UsageError(`${path}: found no readable file (${(error as Error).message}), expected JSON`);
  }
}

function parseJson(path: string, text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: found no JSON (${(error as Error).message}), expected JSON`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const [definitionPath, inputPath, ...surplus] = args;
  if (definitionPath === undefined || inputPath === undefined || surplus.length > 0) {
    throw new UsageError(`found ${args.length} arguments, expected: npm run lab:asl -- DEFINITION.json INPUT.json`);
  }
  const definition = parseJson(definitionPath, await readText(definitionPath));
  const inputText = await readText(inputPath);
  const size = Buffer.byteLength(inputText);
  if (size > MAX_DATA_BYTES) {
    throw new UsageError(`${inputPath}: found ${size} bytes, expected at most ${MAX_DATA_BYTES}`);
  }
  const input = parseJson(inputPath, inputText);
  try {
    const { status, output, error, cause } = await runAsl(definition, input);
    console.log(JSON.stringify({ status, output, error, cause }));
  } catch (error) {
    if (error instanceof InvalidDefinitionError || error instanceof UnsupportedError) {
      throw new UsageError(`${definitionPath}: ${error.message}`);
    }
    throw error;
  }
}

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    process.exitCode = 2;
  }
}
