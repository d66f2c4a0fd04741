import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { addStacks } from '../../lib/app.ts';
import { testApp } from '../support/stacks.ts';

/** Every kind of resource is in one of them. */
const CONFIGURATIONS = {
  'a key and a topic of its own': { cloudTrail: 'existing', notifications: { emails: ['ops@example.com'] } },
  'a trail of its own': { cloudTrail: 'create', encryption: 'awsOwned' },
};

const stackOf = (configuration: object) => {
  const app = testApp({ builtinCloudFormationValidation: true });
  const [stack] = addStacks(app, { mode: 'rerun', ...configuration });
  return { app, stack };
};

describe('CloudFormation', () => {
  test.each(Object.entries(CONFIGURATIONS))('finds no fault with a template that has %s', (_, configuration) => {
    const { app } = stackOf(configuration);
    expect(() => app.synth()).not.toThrow();
  });

  test('finds a property of the wrong type', () => {
    const { app, stack } = stackOf(CONFIGURATIONS['a trail of its own']);
    const queue = stack?.node.findAll().find((child): child is CfnQueue => child instanceof CfnQueue);
    queue?.addPropertyOverride('VisibilityTimeout', 'soon');
    expect(() => app.synth()).toThrow("VisibilityTimeout: 'soon' is not of type 'integer'");
  });
});
