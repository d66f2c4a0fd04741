import { describe, expect, test } from 'vitest';
import { ENVIRONMENT } from '../../../lambda/core/contract.ts';
import { readEnvironment } from '../../../lambda/runtime/environment.ts';
import { HOME, SETTINGS } from '../../support/records.ts';

const SETTINGS_TEXT = JSON.stringify(SETTINGS);
const VARIABLES = {
  ACCOUNT_ID: HOME.account,
  AWS_REGION: HOME.region,
  TABLE_NAME: 'state',
};

describe('the environment of a handler', () => {
  test('holds the settings, the awsEnvironment, and names', () => {
    const environment = readEnvironment(VARIABLES, SETTINGS_TEXT);
    expect(environment).toMatchObject({ settings: SETTINGS, awsEnvironment: HOME });
    expect(environment.variable('tableName')).toBe('state');
  });

  test.each(['ACCOUNT_ID', 'AWS_REGION'])('without %s is an error that names it', (name) => {
    expect(() => readEnvironment({ ...VARIABLES, [name]: undefined }, SETTINGS_TEXT)).toThrow(
      `environment variable ${name}: found nothing`,
    );
    expect(() => readEnvironment({ ...VARIABLES, [name]: '' }, SETTINGS_TEXT)).toThrow(
      `environment variable ${name}: found nothing`,
    );
  });

  test('asked for what its construct did not set says so', () => {
    expect(() => readEnvironment(VARIABLES, SETTINGS_TEXT).variable('deadLetterQueueUrl')).toThrow(
      `environment variable ${ENVIRONMENT.deadLetterQueueUrl}`,
    );
  });

  test.each(['{', '{"mode":"dry"}', '[]', '{"brandNew":1}'])(
    'with settings that are none (%s) is an error',
    (settings) => {
      expect(() => readEnvironment(VARIABLES, settings)).toThrow();
    },
  );
});
