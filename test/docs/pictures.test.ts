import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { architectureDot } from '../../scripts/architecture-picture.ts';
import { pictures } from '../../scripts/pictures.ts';

const FOLDER = new URL('../../docs/pictures/', import.meta.url);

describe('the pictures of the docs', () => {
  test('are those of the template as it is now: npx node scripts/write-pictures.ts draws them anew', async () => {
    const drawn = await pictures();
    expect(
      readdirSync(FOLDER)
        .filter((name) => name.endsWith('.svg'))
        .toSorted(),
    ).toEqual(Object.keys(drawn).toSorted());
    for (const [name, svg] of Object.entries(drawn))
      expect(readFileSync(new URL(name, FOLDER), 'utf8') === svg, name).toBe(true);
  });

  test('show what feeds what, and which services are called', () => {
    const dot = architectureDot({
      Resources: {
        Called12345678: { Type: 'AWS::Events::Rule', Properties: { Targets: [{ Arn: { Ref: 'Queue12345678' } }] } },
        Queue12345678: { Type: 'AWS::SQS::Queue' },
        DeadLetterQueue12345678: { Type: 'AWS::SQS::Queue' },
        Source: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: { Ref: 'Queue12345678' }, FunctionName: { Ref: 'Work12345678' } },
        },
        Work12345678: {
          Type: 'AWS::Lambda::Function',
          Properties: { Role: { 'Fn::GetAtt': ['Role', 'Arn'] } },
          Metadata: { 'ecs-throttle-remediation:handler': 'intake' },
        },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            Roles: [{ Ref: 'Role' }],
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 'ecs:RunTask', Resource: '*' },
                { Effect: 'Deny', Action: 'cloudtrail:LookupEvents', Resource: '*' },
              ],
            },
          },
        },
      },
    });
    expect(dot.split('\n').filter((line) => line.includes('->'))).toEqual([
      '"Work12345678" -> "Amazon ECS" [label=" RunTask "]',
      '"Queue12345678" -> "Work12345678"',
      '"Called12345678" -> "Queue12345678"',
    ]);
    expect(dot).not.toContain('DeadLetter');
  });
});
