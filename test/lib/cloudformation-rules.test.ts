import type { App } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addStacks } from '../../lib/app.ts';
import * as examples from '../support/examples.ts';
import { testApp } from '../support/stacks.ts';

/** Every kind of resource is in one of them. */
const CONFIGURATIONS = {
  'a key and a topic of its own': { cloudTrail: 'existing', notifications: { emails: ['ops@example.com'] } },
  'a trail of its own': { cloudTrail: 'create', encryption: 'awsOwned' },
};

const stackOf = (configuration: object) => {
  const app = testApp();
  const [stack] = addStacks(app, { mode: 'rerun', ...configuration });
  return { app, stack };
};

describe('CloudFormation', () => {
  beforeEach(() => {
    vi.stubEnv('CDK_VALIDATION', 'true');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each(Object.entries(CONFIGURATIONS))('finds no fault with a template that has %s', (_, configuration) => {
    const { app } = stackOf(configuration);
    expect(() => app.synth()).not.toThrow();
  });

  test.each<[string, { app: App }]>(Object.entries(examples))('finds no fault with the example %s', (_, { app }) => {
    // Another test may have synthesized it without these rules.
    expect(() => app.synth({ force: true })).not.toThrow();
  });

  test('finds a property of the wrong type', () => {
    const { app, stack } = stackOf(CONFIGURATIONS['a trail of its own']);
    const queue = stack?.node.findAll().find((child): child is CfnQueue => child instanceof CfnQueue);
    queue?.addPropertyOverride('VisibilityTimeout', 'soon');
    expect(() => app.synth()).toThrow("VisibilityTimeout: 'soon' is not of type 'integer'");
  });
});
