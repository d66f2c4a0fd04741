import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lostTo } from '../../../../lambda/core/events/classify-event.ts';
import { settingsSchema } from '../../../../lambda/core/settings.ts';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import { CONTEXT, decoded } from '../../../support/records.ts';

const FOLDER = new URL('../../../fixtures/reported/', import.meta.url);
const CASES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) }));

describe('an event from a public report, with everything listed', () => {
  test.each(CASES)('$file: $expect', ({ expect: expected, event, settings = {} }) => {
    const everything = { mode: 'rerun', clusters: ['*'], families: ['*'], callers: ['*'] };
    const verdict = decide(decoded(JSON.stringify(event)), {
      ...CONTEXT,
      settings: settingsSchema.parse({ ...everything, ...settings }),
      nowMs: Date.parse(event.time),
    });
    const found = 'reason' in verdict ? `${verdict.kind}:${verdict.reason}` : verdict.kind;
    expect(found).toBe(expected);
  });

  test.each(CASES)('$file tells of what took it', ({ file, expect: expected, event }) => {
    const isRoom = ['provisioning-quota.json', 'fargate-spot-task-quota.json'].includes(file);
    const took = expected === 'ignore:notAThrottle' ? 'none' : isRoom ? 'capacity' : 'throttle';
    expect(lostTo(decoded(JSON.stringify(event)))).toBe(took);
  });
});
