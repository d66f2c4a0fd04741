import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HANDLERS } from '../../../lambda/core/contract.ts';
import { addStacks } from '../../../lib/app.ts';
import { HANDLER_METADATA_KEY } from '../../../lib/foundation/handler-function.ts';
import type { Json } from '../../support/stacks.ts';

/** Far more than an environment of Lambda's could hold. */
const FAMILIES = Array.from({ length: 300 }, (_, index) => `a-family-with-a-long-name-${index}`);

/** The one test that really bundles. */
describe('the handlers as they are deployed', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'bundle-'));
  const folders = new Map<string, string>();
  let handlersInOrder: string[] = [];

  beforeAll(() => {
    const app = new App({ outdir });
    const [stack] = addStacks(app, { cloudTrail: 'existing', families: FAMILIES });
    const { template } = app.synth().getStackByName(stack?.stackName ?? '');
    for (const { Type, Properties, Metadata } of Object.values<Json>(template.Resources)) {
      if (Type !== 'AWS::Lambda::Function' || !Metadata?.[HANDLER_METADATA_KEY]) continue;
      const folder = `asset.${Properties.Code.S3Key.replace('.zip', '')}`;
      folders.set(Metadata[HANDLER_METADATA_KEY], join(outdir, folder));
    }
    handlersInOrder = [...folders.keys()].sort();
  });
  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  const source = (handler: string) => readFileSync(join(folders.get(handler) ?? '', 'index.mjs'), 'utf8');

  test('are all there, each with code of its own', () => {
    expect(handlersInOrder).toEqual([...HANDLERS].sort());
    expect(new Set(folders.values()).size).toBe(HANDLERS.length);
    expect(new Set(HANDLERS.map(source)).size).toBe(HANDLERS.length);
  });

  test.each(HANDLERS)('%s is one module with its source map, and can be loaded', async (handler) => {
    expect(readdirSync(folders.get(handler) ?? '').sort()).toEqual(['index.mjs', 'index.mjs.map', 'settings.json']);
    const module = await import(/* @vite-ignore */ join(folders.get(handler) ?? '', 'index.mjs'));
    expect(module.handler).toBeTypeOf('function');
  });

  test.each(HANDLERS)('%s has its settings beside its code, however long they are', (handler) => {
    const settings = JSON.parse(readFileSync(join(folders.get(handler) ?? '', 'settings.json'), 'utf8'));
    expect(settings).toMatchObject({ mode: 'observe', families: FAMILIES });
  });

  test.each([
    ['intake', false],
    ['rate-limiter', false],
    ['run-task', true],
    ['sweep', true],
  ])('%s carries the ECS client: %s', (handler, carries) => {
    expect(source(handler).includes('AmazonEC2ContainerServiceV20141113')).toBe(carries);
  });
});
