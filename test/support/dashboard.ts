import type { Json, Synthesized } from './stacks.ts';

/** A metric as a widget or an alarm names it; references to resources are their logical ids. */
export interface NamedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** All metrics of a name that have exactly these dimensions, and for some of them one of these values. */
export interface Search {
  readonly namespace: string;
  readonly dimensions: readonly string[];
  readonly name: string;
  readonly values: Readonly<Record<string, readonly string[]>>;
}

export interface Widget {
  readonly title: string;
  readonly unit: string | undefined;
  /** What is drawn, by its label. */
  readonly shown: readonly string[];
  readonly metrics: readonly NamedMetric[];
  readonly searches: readonly Search[];
  readonly expressions: readonly string[];
  /** Lines across. */
  readonly annotations: readonly string[];
}

/** The widgets of the one dashboard in a template. */
export function widgetsOf(self: Synthesized): Widget[] {
  const [{ DashboardBody }] = self.properties('AWS::CloudWatch::Dashboard');
  const [, parts] = DashboardBody['Fn::Join'] as [string, Json[]];
  const text = parts.map((part) => (typeof part === 'string' ? part : idOf(part))).join('');
  const graphs = JSON.parse(text).widgets.filter(({ type }: Json) => type !== 'text');
  return graphs.map(({ properties }: Json): Widget => {
    const rows = (properties.metrics as Json[][]).map((row) => ({
      parts: row.filter((part) => typeof part === 'string'),
      options: row.find((part) => typeof part === 'object') ?? {},
    }));
    const expressions = rows.flatMap(({ options }) => options.expression ?? []);
    return {
      title: properties.title,
      unit: properties.yAxis?.left?.label,
      shown: rows
        .filter(({ options }) => options.visible !== false)
        .map(({ parts: [, name], options }) => lineOf(options.label ?? name)),
      metrics: rows.filter(({ parts: { length } }) => length > 0).map(({ parts: named }) => metricOf(named)),
      searches: expressions.filter((expression) => expression.startsWith('SEARCH')).map(searchOf),
      expressions,
      annotations: (properties.annotations?.horizontal ?? []).map(({ label, value }: Json) => `${label}: ${value}`),
    };
  });
}

/** A label that CloudWatch fills in names what it fills in. */
function lineOf(label: string): string {
  const dimensions = [...label.matchAll(/\$\{PROP\('Dim\.(\w+)'\)\}/g)].map(([, dimension]) => dimension);
  return dimensions.length > 0 ? `one for each ${dimensions.join(', ')}` : label;
}

/** The metrics in an alarm, alone or in an expression. */
export function metricsOfAlarm(alarm: Json): NamedMetric[] {
  const metrics: Json[] = alarm.Metrics
    ? alarm.Metrics.flatMap(({ MetricStat }: Json) => MetricStat?.Metric ?? [])
    : [alarm];
  return metrics.map(({ Namespace, MetricName, Dimensions }) => ({
    namespace: Namespace,
    name: MetricName,
    dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }: Json) => [Name, idOf(Value)])),
  }));
}

function metricOf([namespace = '', name = '', ...rest]: string[]): NamedMetric {
  const pairs = rest.flatMap((key, index) => (index % 2 === 0 ? [[key, rest[index + 1] ?? '']] : []));
  return { namespace, name, dimensions: Object.fromEntries(pairs) };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html */
function searchOf(expression: string): Search {
  const match = /^SEARCH\('\{([^}]+)\} MetricName="(\w+)"([^']*)', '\w+', \d+\)$/.exec(expression);
  if (!match) throw new Error(`expected a search for the metrics of one name, found ${expression}`);
  const [, schema = '', name = '', filter = ''] = match;
  const [namespace = '', ...dimensions] = schema.split(',');
  const values = [...filter.matchAll(/(\w+)=(?:"(\w+)"|\(([^)]+)\))/g)].map(([, key = '', one, several = '']) => [
    key,
    one ? [one] : [...several.matchAll(/"(\w+)"/g)].map(([, value]) => value),
  ]);
  return { namespace, dimensions, name, values: Object.fromEntries(values) };
}

const idOf = (value: Json): string =>
  typeof value === 'string' ? value : (value.Ref ?? value['Fn::GetAtt']?.[0] ?? JSON.stringify(value));
