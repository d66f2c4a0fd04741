import { expect, test } from 'vitest';
import { parseDefinition } from '../../../lab/asl/index.ts';
import { dotOf, drawFlow, drawWay, wayDotOf } from '../../../lab/html/diagram.ts';

const { flow } = parseDefinition({
  QueryLanguage: 'JSONata',
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage',
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 8 }],
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }],
      Next: 'Which "way"?',
    },
    'Which "way"?': {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.n > 1 %}', Next: 'Work' }],
      Default: 'Done',
    },
    Late: { Type: 'Fail', Error: 'Late' },
    Done: { Type: 'Succeed' },
  },
});

test.each([
  ['the start', '"start" -> "Work"'],
  ['what a Task does when it fails', 'Task, retried up to 8×'],
  ['a Catch as a dashed line', '"Work" -> "Late" [label=" States.Timeout " style=dashed]'],
  ['a condition', '"Which \\"way\\"?" -> "Work" [label=" $states.input.n > 1 "'],
  ['the way where none holds', '"Which \\"way\\"?" -> "Done" [label=" otherwise "'],
])('the graph shows %s', (_, part) => {
  expect(dotOf(flow)).toContain(part);
});

test('the drawing has every state and leaves size and colours to the page', async () => {
  const { text } = await drawFlow(flow);
  for (const name of ['Work', 'Late', 'Done']) expect(text).toContain(`>${name}<`);
  expect(text).toMatch(/^<svg class="flow"/);
  expect(text).not.toMatch(/font-family|<!--|<\?xml/);
});

test('the way of an execution is drawn small: names in short lines, states and edges marked by their places', async () => {
  expect(wayDotOf(flow)).toContain('"Work" [label="Work" class="task s0"]');
  expect(wayDotOf(flow)).toContain('"Work" -> "Late" [class="e0-2"]');
  expect(wayDotOf(flow)).not.toContain('otherwise');
  expect((await drawWay(flow)).text).toContain('aria-label="State machine: Work, Which  way ?, Late, Done"');
});
