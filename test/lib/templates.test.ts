/** All that looks into templates, in one module: each that imports aws-cdk-lib on its own takes seconds more. */
import './construct.cases.ts';
import './stack.cases.ts';
import './cloudformation-rules.cases.ts';
import './monitoring/alarms.cases.ts';
import './firelens/firelens.cases.ts';
import './firelens/log-delivery-alarms.cases.ts';
import './firelens/static-log-stream-check.cases.ts';
import './monitoring/monitoring.cases.ts';
import './monitoring/incident.cases.ts';
import './investigation/investigation.cases.ts';
import './permissions.cases.ts';
import './remediation/hand-over.cases.ts';
import './workflows.cases.ts';
import './foundation/bundle.cases.ts';
import './statements.cases.ts';
import './foundation/nag.cases.ts';
import './foundation/limits.cases.ts';
