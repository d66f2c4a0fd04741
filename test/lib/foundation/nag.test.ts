import { Validations } from 'aws-cdk-lib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addStacks } from '../../../lib/app.ts';
import { findingsIn } from '../../support/nag.ts';
import { testApp } from '../../support/stacks.ts';
import { ANY, NAMED } from '../../support/statements.ts';

const PLACES = { environments: [{ account: '111122223333', region: 'us-east-1' }] };
const CONFIGURATIONS: readonly [string, object][] = [
  ['everything is named', NAMED],
  ['everything is named, in a known place', { ...NAMED, ...PLACES }],
  ['anything is listed', ANY],
  ['the keys are those of AWS', { ...NAMED, encryption: 'awsOwned', sweep: { everyMinutes: 0 } }],
  ['nothing is configured', {}],
];

function findings(configuration: object): string[] {
  const app = testApp();
  addStacks(app, { cloudTrail: 'existing', ...configuration });
  return findingsIn(app);
}

describe('cdk-nag (AwsSolutions, Serverless)', () => {
  afterEach(() => vi.restoreAllMocks());

  test.each(CONFIGURATIONS)('finds nothing that is not acknowledged where %s', (_, configuration) => {
    expect(findings(configuration)).toEqual([]);
  });

  test('finds all that is acknowledged', () => {
    const acknowledged: string[] = [];
    vi.spyOn(Validations, 'of').mockImplementation(
      ({ node }) =>
        ({
          acknowledge: (...rules: { id: string }[]) =>
            acknowledged.push(...rules.map(({ id }) => `${id} ${node.path}`)),
        }) as unknown as Validations,
    );
    const found = findings(NAMED);
    const stale = acknowledged.filter((one) => !found.some((finding) => finding.startsWith(one)));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(stale).toEqual([]);
  });
});
