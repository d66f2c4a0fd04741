import { BadInputError, EXIT, type OpsContext } from '../context.ts';
import { Messages } from '../terminal/messages.ts';
import type { Clients } from './clients.ts';
import type { AccessFlags } from './flags.ts';
import { policyText } from './policies.ts';

/** What a command found: for people, as JSON, and whether somebody has to look at it. */
export interface Finding {
  readonly lines: readonly string[];
  readonly json: unknown;
  readonly needsPerson?: boolean;
}

/** Runs a command against AWS, or prints the least policy that it needs. */
export async function withAws(
  context: OpsContext,
  name: string,
  { profile, region, endpoint, json, policy }: AccessFlags,
  work: (clients: Clients, messages: Messages) => Promise<Finding>,
): Promise<void> {
  const { stdout } = context.process;
  if (policy) {
    stdout.write(`${policyText(name)}\n`);
    return;
  }
  const messages = new Messages(context);
  const clients = await context.clients({ profile, region, endpoint });
  const finding = await work(clients, messages).catch((error: Error) => {
    throw error.name === 'BadInputError' ? error : new BadInputError(refusalText(error, name));
  });
  messages.clear();
  stdout.write(json ? `${JSON.stringify(finding.json)}\n` : finding.lines.map((line) => `${line}\n`).join(''));
  if (finding.needsPerson) context.process.exitCode = EXIT.needsPerson;
}

/** What AWS, or the way to it, had against it. */
function refusalText({ name, message }: Error, command: string): string {
  if (/Region is missing/.test(message)) return 'found no Region, expected one: give --region, or set AWS_REGION.';
  if (/Credential|credential|token.*(invalid|expired)|SSO/.test(`${name} ${message}`)) {
    return `found no usable credentials (${name}), expected those of the account: give --profile, or sign in.`;
  }
  if (/AccessDenied|UnauthorizedOperation|not authorized/.test(`${name} ${message}`)) {
    return `${message}\nops ${command} --policy prints the least policy that it needs.`;
  }
  return `found ${name} (${message}), expected an answer of AWS. Look at --region and --endpoint.`;
}

/** Says what will happen and asks, unless the answer was given with the command. */
export async function agreed(
  context: OpsContext,
  messages: Messages,
  what: readonly string[],
  yes: boolean,
): Promise<void> {
  for (const line of what) messages.warn(line);
  if (yes) return;
  if (!context.confirm)
    throw new BadInputError('found nobody to ask, expected --yes where no terminal is there to answer.');
  if (!(await context.confirm('Do it?'))) throw new BadInputError('found no yes, so nothing was done.');
}
