import { readFileSync } from 'node:fs';
import { instance } from '@viz-js/viz';
import { parseDefinition } from '../lab/asl/index.ts';
import { dotOf } from '../lab/html/diagram.ts';
import { mergedConfiguration, synthesize } from '../lab/stack/synthesize.ts';
import { DeployedTemplate } from '../lab/stack/template.ts';
import { architectureDot } from './architecture-picture.ts';

const PLACE = { account: '111122223333', region: 'us-east-1' };
const STYLE = ['palette.css', 'flows.css']
  .map((name) => readFileSync(new URL(`../lab/html/${name}`, import.meta.url), 'utf8'))
  .join('');

/** The pictures of the docs by their file names, all drawn from the template. */
export async function pictures(): Promise<Readonly<Record<string, string>>> {
  const template = synthesize(mergedConfiguration({ mode: 'rerun', clusters: ['batch'], families: ['report'] }), PLACE);
  const machines = new DeployedTemplate(template, PLACE).all('AWS::StepFunctions::StateMachine');
  const drawn = await Promise.all(
    machines.map(async ({ logicalId, properties }) => {
      const { flow } = parseDefinition(JSON.parse(properties.DefinitionString));
      const [name = ''] = /^[A-Z][a-z]+/.exec(logicalId) ?? [];
      return [`${name.toLowerCase()}-workflow.svg`, await draw(dotOf(flow), `The workflow ${name}`)] as const;
    }),
  );
  return {
    'architecture.svg': await draw(architectureDot(template), 'The parts and who feeds whom'),
    ...Object.fromEntries(drawn),
  };
}

/** A file of its own, light or dark as its reader's page is. */
async function draw(dot: string, title: string): Promise<string> {
  const svg = (await instance()).renderString(dot, { format: 'svg', engine: 'dot' });
  return svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->|<title>[\s\S]*?<\/title>/g, '')
    .replace(/ font-(family|size)="[^"]*"/g, '')
    .replace(/(<svg [^>]*?)>/, `$1 class="flow"><title>${title}</title><style>${STYLE}</style>`);
}
