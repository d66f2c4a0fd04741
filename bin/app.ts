import { App } from 'aws-cdk-lib';
import { addStacks } from '../lib/app.ts';
import { ConfigurationError } from '../lib/config/read-config.ts';
import { CONTEXT_KEY } from '../lib/config/schema.ts';

const app = new App();
try {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  addStacks(app, app.node.tryGetContext(CONTEXT_KEY), account && region ? { account, region } : undefined);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  // The message is for the person who wrote cdk.json; a stack trace would only hide it.
  console.error(error.message);
  process.exitCode = 1;
}
