import type { App } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addStacks } from '../../lib/app.ts';
import * as examples from '../support/examples.ts';
import { testApp } from '../support/stacks.ts';

/** With every kind of resource: a key, a topic and a trail of its own. */
const stackWithAll = () => {
  const app = testApp();
  const [stack] = addStacks(app, {
    mode: 'rerun',
    cloudTrail: 'create',
    notifications: { emails: ['ops@example.com'] },
  });
  return { app, stack };
};

describe('CloudFormation', () => {
  beforeEach(() => {
    vi.stubEnv('CDK_VALIDATION', 'true');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('finds no fault with a template that has every kind of resource', () => {
    expect(() => stackWithAll().app.synth()).not.toThrow();
  });

  test.each<[string, { app: App }]>(Object.entries(examples))('finds no fault with the example %s', (_, { app }) => {
    // Another test may have synthesized it without these rules.
    expect(() => app.synth({ force: true })).not.toThrow();
  });

  test('finds a property of the wrong type', () => {
    const { app, stack } = stackWithAll();
    const queue = stack?.node.findAll().find((child): child is CfnQueue => child instanceof CfnQueue);
    queue?.addPropertyOverride('VisibilityTimeout', 'soon');
    expect(() => app.synth()).toThrow("VisibilityTimeout: 'soon' is not of type 'integer'");
  });
});
