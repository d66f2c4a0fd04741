/**
 * The process of one Lambda sandbox: loads what `_HANDLER` names out of `LAMBDA_TASK_ROOT`, as Lambda's runtime for Node does
 * (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html), then answers invocations, which come one at a time.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Answer = { readonly reply: unknown } | { readonly errorType: string; readonly errorMessage: string };

const { LAMBDA_TASK_ROOT = '', _HANDLER = '' } = process.env;
const [module = '', name = ''] = _HANDLER.split('.');
const file = ['js', 'mjs', 'cjs'].map((extension) => join(LAMBDA_TASK_ROOT, `${module}.${extension}`)).find(existsSync);
if (file === undefined) throw new Error(`Cannot find module '${module}' in ${LAMBDA_TASK_ROOT}`);
const { [name]: handler } = await import(pathToFileURL(file).href);
if (typeof handler !== 'function') throw new Error(`${_HANDLER}: found ${typeof handler}, expected a function`);

process.on('message', async ({ payload }: { payload: unknown }) => {
  process.send?.(await invoke(payload));
});
// The lab is gone: nobody would end this process.
process.on('disconnect', () => process.exit());

async function invoke(payload: unknown): Promise<Answer> {
  try {
    return { reply: (await handler(payload)) ?? null };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { errorType: name, errorMessage: message };
  }
}
