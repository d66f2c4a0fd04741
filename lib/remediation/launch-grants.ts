import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Configuration } from '../config/schema.ts';
import { fitsOnePolicy, type SplitGrant, SplitGrants } from '../foundation/split-grants.ts';
import { clusterArns, taskArns } from './cluster-arns.ts';

/** A list of clusters that is longer than this would leave no room for families beside it, where both are in one statement. */
const MAX_CLUSTERS_BESIDE_FAMILIES = 1500;

/** Lets a role run the listed families on the listed clusters and pass the listed roles. Grants nothing in observe mode. */
export function grantLaunch(scope: Construct, role: Role, configuration: Configuration): SplitGrants | undefined {
  const { mode, clusters, families, passRoleArns, allowedRoleOverrides, allowExecuteCommand } = configuration;
  if (mode === 'observe' || clusters.length === 0 || families.length === 0) return undefined;
  const passable = [...new Set([...passRoleArns, ...allowedRoleOverrides])];
  return new SplitGrants(scope, 'Launch', role, [
    ...runGrants(role, families, clusterArns(role, clusters)),
    // The handler refuses both. This holds for whoever gets hold of it, too.
    ...(allowExecuteCommand ? [] : [neverWith('NoExecuteCommand', 'ecs:enable-execute-command')]),
    // A volume cannot do without a role, and no role is allowed.
    ...(allowedRoleOverrides.length > 0 ? [] : [neverWith('NoVolumes', 'ecs:enable-ebs-volumes')]),
    {
      items: taskArns(role, clusters),
      statement: (resources) =>
        new PolicyStatement({
          sid: 'TagWhatIsRun',
          actions: ['ecs:TagResource'],
          resources: [...resources],
          conditions: { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
        }),
      wildcard: 'Tasks of a listed cluster: their ids are known once they run.',
    },
    passGrant('PassToTasks', 'ecs-tasks.amazonaws.com', passable),
    // Only a request can name a role for a volume, and then it has to be an allowed override.
    passGrant('PassToVolumes', 'ecs.amazonaws.com', [...new Set(allowedRoleOverrides)]),
  ]);
}

/** The listed families, on the listed clusters alone. */
function runGrants(role: Role, families: readonly string[], clusters: readonly string[]): SplitGrant[] {
  const isShort = clusters.join().length <= MAX_CLUSTERS_BESIDE_FAMILIES;
  const onListed = { conditions: { ArnLike: { 'ecs:cluster': [...clusters] } } };
  const run: SplitGrant = {
    items: families.map((family) =>
      Stack.of(role).formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${family}:*` }),
    ),
    statement: (resources) =>
      new PolicyStatement({
        sid: isShort ? 'RunListedFamilies' : 'RunBesideDeny',
        actions: ['ecs:RunTask'],
        resources: [...resources],
        ...(isShort && onListed),
      }),
    wildcard: 'All revisions of a listed family: each deployment makes one.',
  };
  return isShort ? [run] : [onlyOn(role, clusters), run];
}

/** Said once for all families: a Deny beats each of the statements that let them run. */
function onlyOn(role: Role, clusters: readonly string[]): SplitGrant {
  const statement = () =>
    new PolicyStatement({
      sid: 'OnListedClusters',
      effect: Effect.DENY,
      actions: ['ecs:RunTask'],
      resources: ['*'],
      conditions: { ArnNotLike: { 'ecs:cluster': [...clusters] } },
    });
  if (!fitsOnePolicy(role, statement())) {
    throw new Error(
      `clusters: found ${clusters.length} that are too long for the one statement that holds them, expected at most 6,144 characters of ARNs. ` +
        'Replace names that begin alike by one pattern with a trailing "*" ("batch-*").',
    );
  }
  return { items: ['*'], statement };
}

/**
 * No task that switches this on. Both keys are `"true"` or `"false"`, and ones of RunTask:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
 */
function neverWith(sid: string, key: string): SplitGrant {
  const conditions = { StringEquals: { [key]: 'true' } };
  const statement = () =>
    new PolicyStatement({ sid, effect: Effect.DENY, actions: ['ecs:RunTask'], resources: ['*'], conditions });
  return { items: ['*'], statement };
}

function passGrant(sid: string, service: string, items: readonly string[]): SplitGrant {
  return {
    items,
    statement: (resources) =>
      new PolicyStatement({
        sid,
        actions: ['iam:PassRole'],
        resources: [...resources],
        conditions: { StringEquals: { 'iam:PassedToService': service } },
      }),
  };
}
