import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';

/** Every member present, at every depth; of unions only what the SDK knows by name. */
type Full<T> = T extends readonly (infer Element)[]
  ? Full<Element>[]
  : T extends { $unknown: unknown[] }
    ? never
    : T extends object
      ? { [Member in Exclude<keyof T, '$unknown'>]-?: Full<NonNullable<T[Member]>> }
      : T;

const tag = () => ({ key: 'team', value: 'data' });

/** A RunTask request with all that the SDK knows; an update of the SDK that adds a member fails to compile here. */
export const FULL_REQUEST: Full<RunTaskCommandInput> = {
  capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }],
  cluster: 'batch',
  count: 3,
  enableECSManagedTags: true,
  enableExecuteCommand: false,
  group: 'nightly',
  launchType: 'FARGATE',
  networkConfiguration: {
    awsvpcConfiguration: { subnets: ['subnet-0aaa'], securityGroups: ['sg-0aaa'], assignPublicIp: 'DISABLED' },
  },
  overrides: {
    containerOverrides: [
      {
        name: 'app',
        command: ['report'],
        environment: [{ name: 'DAY', value: '2026-01-14' }],
        environmentFiles: [{ value: 'arn:aws:s3:::bucket/app.env', type: 's3' }],
        cpu: 256,
        memory: 512,
        memoryReservation: 256,
        resourceRequirements: [
          { value: '1', type: 'GPU', sharingStrategy: { nvidiaMps: { memory: 1024, maxComputePercent: 50 } } },
        ],
      },
    ],
    cpu: '256',
    inferenceAcceleratorOverrides: [{ deviceName: 'device_1', deviceType: 'eia2.medium' }],
    executionRoleArn: 'arn:aws:iam::111122223333:role/execution',
    memory: '512',
    taskRoleArn: 'arn:aws:iam::111122223333:role/task',
    ephemeralStorage: { sizeInGiB: 30 },
  },
  placementConstraints: [{ type: 'distinctInstance', expression: 'attribute:x == y' }],
  placementStrategy: [{ type: 'spread', field: 'instanceId' }],
  platformVersion: 'LATEST',
  propagateTags: 'TASK_DEFINITION',
  referenceId: 'reference',
  startedBy: 'nightly',
  tags: [tag()],
  taskDefinition: 'report:3',
  clientToken: '11111111-1111-4111-8111-111111111111',
  volumeConfigurations: [
    {
      name: 'data',
      managedEBSVolume: {
        encrypted: true,
        kmsKeyId: 'alias/data',
        volumeType: 'gp3',
        sizeInGiB: 20,
        snapshotId: 'snap-0aaa',
        volumeInitializationRate: 100,
        iops: 3000,
        throughput: 125,
        tagSpecifications: [{ resourceType: 'volume', tags: [tag()], propagateTags: 'NONE' }],
        roleArn: 'arn:aws:iam::111122223333:role/ebs',
        terminationPolicy: { deleteOnTermination: true },
        filesystemType: 'ext4',
      },
    },
  ],
};
