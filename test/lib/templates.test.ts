/** All that looks into templates, in one module: each that imports aws-cdk-lib on its own takes seconds more. */
import './stack.cases.ts';
import './alarms.cases.ts';
import './permissions.cases.ts';
import './workflows.cases.ts';
import './bundle.cases.ts';
import './statements.cases.ts';
import './nag.cases.ts';
