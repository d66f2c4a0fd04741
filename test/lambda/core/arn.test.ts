import { describe, expect, test } from 'vitest';
import { clusterName, familyName, parseArn } from '../../../lambda/core/arn.ts';
import { HOME } from '../../support/records.ts';

describe('an ARN', () => {
  test('is taken apart, colons in the resource included', () => {
    expect(parseArn('arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task-definition/report:3')).toEqual({
      partition: 'aws-us-gov',
      service: 'ecs',
      region: 'us-gov-west-1',
      account: '111122223333',
      resource: 'task-definition/report:3',
    });
  });

  test('of IAM has no Region', () => {
    expect(parseArn('arn:aws:iam::111122223333:role/jobs/cron')).toMatchObject({
      region: '',
      resource: 'role/jobs/cron',
    });
  });

  test.each(['', 'report', 'arn:aws:iam::111122223333:', 'xarn:aws:iam::111122223333:role/x', 'arn:aws:iam:role/x'])(
    'is not one: "%s"',
    (text) => {
      expect(parseArn(text)).toBeUndefined();
    },
  );
});

describe('a cluster reference', () => {
  test.each([
    ['a name', 'batch', 'batch'],
    ['nothing', undefined, 'default'],
    ['an ARN', 'arn:aws:ecs:us-east-1:111122223333:cluster/batch', 'batch'],
    ['an ARN of another account', 'arn:aws:ecs:us-east-1:999999999999:cluster/batch', undefined],
    ['an ARN of another Region', 'arn:aws:ecs:eu-west-1:111122223333:cluster/batch', undefined],
    ['an ARN of another service', 'arn:aws:eks:us-east-1:111122223333:cluster/batch', undefined],
    ['an ARN of something else', 'arn:aws:ecs:us-east-1:111122223333:service/batch', undefined],
    ['an ARN whose type only ends alike', 'arn:aws:ecs:us-east-1:111122223333:x-cluster/batch', undefined],
    ['a broken ARN', 'arn:aws:ecs', undefined],
  ])('that is %s', (_, reference, name) => {
    expect(clusterName(reference, HOME)).toBe(name);
  });
});

describe('a task definition reference', () => {
  test.each([
    ['a family', 'report', 'report'],
    ['a family and revision', 'report:3', 'report'],
    ['an ARN with revision', 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:12', 'report'],
    ['an ARN without revision', 'arn:aws:ecs:us-east-1:111122223333:task-definition/report', 'report'],
    ['an ARN of another account', 'arn:aws:ecs:us-east-1:999999999999:task-definition/report:3', undefined],
    ['no name: a revision that is no number', 'report:latest', undefined],
    ['no name: free text', 'report was not re-run\n\nhttps://evil.example', undefined],
  ])('that is %s', (_, reference, family) => {
    expect(familyName(reference, HOME)).toBe(family);
  });
});
